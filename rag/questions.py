"""What a question asks for: its kind of answer, its content words, its names and its numbers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.text import STOP_WORDS, fold, stems, words

Kind = Literal["number", "money", "time", "person", "place", "reason", "manner", "polar", "other"]

# Patterns run on folded text (lower case, no accents); the first kind that matches wins.
_KINDS: dict[str, tuple[tuple[Kind, str], ...]] = {
    "en": (
        (
            "time",
            r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|day|month|time|decade|century|season)\b|\bhow long ago\b",
        ),
        (
            "money",
            r"\bhow much (?:money|did|does|do|was|were|is|are|will|would|has|have)\b|\b(?:what|how) .*\b(?:cost|costs|price|paid|salary|budget|worth|revenue|fine|fee)\b",  # noqa: E501
        ),
        (
            "number",
            r"\bhow (?:many|much|old|long|far|large|big|high|tall|deep|fast|often|heavy|wide)\b|\b(?:what|which) (?:\w+ )?(?:percentage|percent|proportion|share|number|amount|age|population|rank|place|size|rate|length|height|distance|temperature|score)\b",  # noqa: E501
        ),
        ("reason", r"\bwhy\b|\bwhat (?:caused|causes|led|made|is the reason|was the reason)\b|\bfor what reason\b"),
        (
            "person",
            r"\bwho(?:m|se|'s)?\b|\b(?:what|which) (?:person|man|woman|player|actor|president|minister|company|firm|organi[sz]ation|team|group|party)\b|\bname of the (?:person|man|woman)\b",  # noqa: E501
        ),
        (
            "place",
            r"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:city|country|state|town|place|region|continent|village|street|district|island|location|port|airport)\b",  # noqa: E501
        ),
        ("manner", r"\bhow\b"),
        ("other", r"\b(?:what|which)\b"),
        ("polar", r"^(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|may|might|must)\b"),
    ),
    "fr": (
        (
            "time",
            r"\bquand\b|\bquel(?:le)?s? (?:est l[ae]? ?'?)?(?:annee|date|jour|mois|heure|epoque|siecle|moment)\b|\bdepuis combien de temps\b",  # noqa: E501
        ),
        (
            "money",
            r"\bcombien .*\b(?:coute|coutent|coutera|cout|paye|verse|depense|euros|dollars|investi|vaut)\b|\bquel(?:le)?s? .*\b(?:prix|montant|budget|salaire|cout|amende|chiffre d'affaires)\b",  # noqa: E501
        ),
        (
            "number",
            r"\bcombien\b|\bquel(?:le)?s? (?:est |etait |sont )?(?:l[ae]s? |l')?(?:pourcentage|nombre|part|proportion|age|population|rang|taille|hauteur|superficie|distance|duree|taux|place|longueur|vitesse)\b",  # noqa: E501
        ),
        ("reason", r"\bpourquoi\b|\bpour quelle(?:s)? raison|\bquelle (?:est|etait) la (?:cause|raison)\b"),
        (
            "place",
            r"^(?:d'|par |jusqu')?ou\b|\bquel(?:le)?s? (?:ville|pays|region|etat|lieu|endroit|continent|ile|village|rue)\b",  # noqa: E501
        ),
        (
            "person",
            r"^(?:a |de |par |pour |avec |chez )?qui\b|\bqui (?:est|sont|a|ont|etait|fut|etaient)\b|\bquel(?:le)?s? (?:personne|homme|femme|entreprise|societe|groupe|equipe|ministre|president|parti|organisation)\b",  # noqa: E501
        ),
        ("manner", r"\bcomment\b"),
        ("other", r"\bqu'|\bque\b|\bquoi\b|\bquel"),
        ("polar", r"^est-ce\b|^\w+-(?:t-)?(?:il|elle|on|ils|elles|ce)\b|-(?:t-)?(?:il|elle|on|ils|elles)\b"),
    ),
    "id": (
        (
            "time",
            r"\bkapan(?:kah)?\b|\b(?:tahun|tanggal|hari|bulan|jam|pukul|abad) (?:berapa|apa)(?:kah)?\b|\bsejak kapan\b",
        ),
        (
            "money",
            r"\bberapa(?:kah)? .*\b(?:harga|biaya|rupiah|dolar|dana|nilai|gaji|anggaran)\w*\b|\b(?:harga|biaya|nilai|anggaran)\w* .*\bberapa",  # noqa: E501
        ),
        ("number", r"\bberapa(?:kah)?\b"),
        ("reason", r"\bmengapa(?:kah)?\b|\bkenapa\b|\bapa (?:penyebab|alasan)\w*\b"),
        (
            "place",
            r"\bdi ?mana(?:kah)?\b|\bke ?mana(?:kah)?\b|\bdari ?mana(?:kah)?\b|\b(?:kota|negara|pulau|daerah|provinsi|tempat|lokasi|desa) (?:mana|apa)(?:kah)?\b",  # noqa: E501
        ),
        ("person", r"\bsiapa(?:kah)?\b|\b(?:perusahaan|kelompok|tim|partai|organisasi) (?:apa|mana)(?:kah)?\b"),
        ("manner", r"\bbagaimana(?:kah)?\b"),
        ("polar", r"^apakah\b(?! (?:nama|yang|judul))"),
        ("other", r"\bapa(?:kah|saja)?\b|\bmana(?:kah)?\b"),
    ),
}
_COMPILED = {code: tuple((kind, re.compile(pattern)) for kind, pattern in table) for code, table in _KINDS.items()}

# Words that say how something is asked, not what about; they are never expected in a source sentence.
_ASKING = {
    "en": "what which who whom whose when where why how many much does did do tell name list describe explain involve "
    "involves many kind kinds type types",
    "fr": "que quoi quel quelle quels quelles qui quand ou pourquoi comment combien est-ce ce-que cite citez",
    "id": "apa apakah siapa siapakah kapan kapankah mana manakah dimana dimanakah mengapa mengapakah kenapa bagaimana "
    "bagaimanakah berapa berapakah sebutkan jelaskan saja",
}
_ASKING_WORDS = {code: frozenset(line.split()) for code, line in _ASKING.items()}

_LISTS = re.compile(
    r"\binvolve|\binclude|\bconsist|\bcompare|\bdifference|\bboth\b|^list\b|\bwhat are\b|\bwhich (?:\w+ )?(?!does\b|was\b|has\b)\w{3,}s\b"  # noqa: E501
    r"|\bcomprend|\bquels\b|\bquelles\b|\bdifference|\bapa saja\b|\bsebutkan\b|\bmeliputi\b|\bmencakup\b"
)
# Snowball leaves irregular verbs apart, and a question has the base form ("did it buy") where its source has the past.
_IRREGULAR = """
    become became|begin began begun|break broke broken|bring brought|build built|buy bought|catch caught|choose chose
    chosen|come came|cut cut|deal dealt|do did done|draw drew drawn|drive drove driven|eat ate eaten|fall fell fallen
    |feel felt|fight fought|find found|fly flew flown|forget forgot|get got|give gave given|go went gone|grow grew grown
    |have had has|hear heard|hold held|keep kept|know knew known|lead led|leave left|lend lent|lose lost|make made|mean
    meant|meet met|pay paid|rise rose risen|run ran|say said|see saw seen|sell sold|send sent|shoot shot|show shown
    |sign signed|sink sank|sit sat|speak spoke spoken|spend spent|stand stood|steal stole stolen|strike struck|swim swam
    |take took taken|teach taught|tell told|think thought|understand understood|wear wore|win won|write wrote written
"""
_IRREGULAR_FORMS = {
    form: frozenset(itertools.chain.from_iterable(stems(other, "en") for other in group.split()))
    for group in _IRREGULAR.split("|")
    for form in group.split()
}
_FOCUS = {
    "en": re.compile(r"\b(?:how many|what|which|whose) (?:of the |other |different )?(?P<focus>\w+)"),
    "fr": re.compile(r"\b(?:combien (?:de |d')|quel(?:le)?s? )(?P<focus>\w+)"),
    "id": re.compile(r"\b(?:berapa|jumlah) (?:banyak |jumlah )?(?P<focus>\w+)"),
}
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, taken apart.

    Attributes:
        text: As asked.
        language: ISO 639-1, or None.
        kind: What kind of answer it asks for.
        words: Its content words as written, in order, without repetition.
        names: Those of them that are written as names.
        numbers: The digits of its numbers, without separators.
        focus: The content word that follows "how many", "which" and the like: what is counted or chosen; None without.
        wants_list: Whether it asks for several things.
    """

    text: str
    language: str | None
    kind: Kind
    words: tuple[str, ...]
    names: frozenset[str]
    numbers: frozenset[str]
    focus: str | None
    wants_list: bool


def read(question: str, language: str | None) -> Question:
    """The question taken apart by the tables of its language; English tables serve when the language has none.

    >>> read("How many phones did Xiaomi ship?", "en").kind
    'number'
    """
    folded = fold(question).strip()
    code = language if language in _COMPILED else "en"
    ignored = STOP_WORDS[code] | _ASKING_WORDS[code]
    spans = words(question)
    kept = [span for span in spans if fold(span.of(question)) not in ignored]
    kind = _kind(question, folded, code)
    return Question(
        text=question,
        language=language,
        kind=kind,
        words=tuple(dict.fromkeys(span.of(question) for span in kept)),
        names=frozenset(span.of(question) for span in kept if _is_name(span.of(question), first=span == spans[0])),
        numbers=frozenset(re.sub(r"\D", "", number) for number in _NUMBER.findall(question)),
        focus=_focus(question, code, [span.of(question) for span in kept]) if kind != "time" else None,
        wants_list=bool(_LISTS.search(folded)),
    )


def forms(word: str, language: str | None) -> frozenset[str]:
    """The stems under which a word of a question may stand in a source of a language.

    >>> sorted(forms("buy", "en"))
    ['bought', 'buy']
    """
    found = frozenset(stems(word, language))
    if language == "en":
        found |= _IRREGULAR_FORMS.get(word.lower(), frozenset())
    return found


def _kind(question: str, folded: str, code: str) -> Kind:
    if code == "fr" and re.search(r"\boù\b", question.lower()):
        return "place"
    return next((kind for kind, pattern in _COMPILED[code] if pattern.search(folded)), "other")


def _focus(question: str, code: str, kept: Sequence[str]) -> str | None:
    """The first content word after the asking words, when nothing but function words stands between."""
    match = _FOCUS[code].search(fold(question))
    if match is None:
        return None
    word = question[match.start("focus") : match.end("focus")]
    return word if word in kept else None


def _is_name(word: str, *, first: bool) -> bool:
    """Whether the word is written as a name; a capital at the start of the question proves nothing alone."""
    return any(letter.isupper() for letter in (word[1:] if first else word))
