"""Names that a claim uses and its evidence lacks: across languages, spellings, inflections and acronyms."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag import concepts
from rag.gazetteer import CAPITALISED, INSTITUTIONAL, NAMES, OPENERS, ROLES
from rag.number_words import KNOWN as NUMBER_WORDS
from rag.numerals import MONTHS
from rag.text import STOP_WORDS, fold, stems
from rag.units import COUNTED, WEEKDAYS

_TOKEN = re.compile(r"[^\W_]+")
_BY_FIRST_WORD: dict[str, list[str]] = {}
for _form in sorted(NAMES, key=len, reverse=True):
    _BY_FIRST_WORD.setdefault(_TOKEN.match(_form)[0], []).append(_form)  # type: ignore[index]
_DOLLAR = re.compile(r"dol+ars? (?:as|us)\b|\b(?:as|us)\b dol+ar|dol+ars? (?:americain|estadounidense|amerika)")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_FORMS = re.compile("|".join(sorted((form for form in NAMES if _HAN.search(form)), key=len, reverse=True)))
_WITH_HAN_FORM = frozenset(name for form, name in NAMES.items() if _HAN.search(form))
_NO_CAPITALS = frozenset(
    {"zh", "ja", "ko", "ar", "fa", "ur", "he", "th", "hi", "bn", "ta", "te", "ka", "my", "km", "lo"}
)
_NOUNS_HAVE_CAPITALS = frozenset({"de"})
_OPENING = re.compile(r"(?:^|[.!?…:;\n]|[-–—*•] )[\s\"'“”‘’«»„(\[*_#>]*$")
_FUNCTION_WORDS = frozenset(word for listed in STOP_WORDS.values() for word in listed)
_NEVER_NAMES = (
    _FUNCTION_WORDS
    | ROLES
    | MONTHS.keys()
    | WEEKDAYS.keys()
    | NUMBER_WORDS
    | frozenset({"i", "minggu", "der", "die", "das", "el", "los", "las"})
)
_DERIVED = {
    "en": re.compile(
        r"\w{3,}(?:makers?|workers?|owners?|holders?|goers?|keepers?|wom[ae]n)"
        r"|\w{4,}ed|\w{3,}(?:tions?|ments?|ness|ity|ities|ly|ists|ings|ships?|isms?|ics|ies"
        r"|ances?|ences?|ers|ors)|\w{4,}ing"
    ),
    "fr": re.compile(r"\w{3,}(?:tions?|ments?|eurs|euses|ites?|ances?|ences?|aux|ismes?|ages?|ant|ees?)"),
    "id": re.compile(
        r"(?:mem|men|meng|meny|di|ter|ber|pem|peng|peny|pen[cdjst])\w{4,}|(?:pe|ke|per)\w{3,}an|\w{3,}(?:nya|kan|kah)"
    ),
}
_VERB_FOLLOWS_ID = re.compile(
    r"(?:,[^,]{1,60},)? (?:(?:me|di|ber|ter)\w{4,}|akan|telah|sudah|adalah|merupakan|mungkin|tidak|belum|juga|kini"
    r"|mulai|ingin|bisa|dapat|kalah|menang|masih|pernah|saat|dan|[A-Z])"
)
_NOUN_DE = re.compile(
    r"(?:\b[a-zäöüß]{3,}(?:e|en|er|es|em|ste|sten) [A-ZÄÖÜ][\wäöüß]+"
    r"|(?:ung|heit|keit|schaft|tion|tät|gruppe|chef|chefin|minister|ministerin|präsident|präsidentin|verband))$"
)
_CYRILLIC = dict(zip("абвгдезийклмнопрстуфыэіїєґ", "abvgdeziiklmnoprstufyeiieg", strict=True)) | {
    "ё": "e", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ь": "", "ю": "yu", "я": "ya",
}  # fmt: skip
_SOUNDS = (
    ("tsch", "s"), ("tch", "s"), ("sch", "s"), ("shch", "s"), ("ch", "s"), ("sh", "s"), ("cz", "s"), ("sz", "s"),
    ("ts", "s"), ("zh", "s"), ("kh", "k"), ("gh", "k"), ("ph", "f"), ("th", "t"), ("dj", "j"), ("dh", "d"), ("ck", "k"),
    ("qu", "k"), ("c", "k"), ("q", "k"), ("g", "k"), ("x", "ks"), ("z", "s"), ("w", "v"), ("y", "i"), ("h", ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A word or phrase that names something.

    Attributes:
        printed: As written.
        key: What it is compared by: the entry of the gazetteer, or the folded word.
        start: Where it stands.
        known: Whether the gazetteer has it.
        opens: Whether it opens a sentence, so that the capital may mean nothing.
    """

    printed: str
    key: str
    start: int
    known: bool
    opens: bool = False


@functools.lru_cache(maxsize=2048)
def read(text: str, language: str | None) -> tuple[Name, ...]:
    """The names of a text, in order.

    A capital in mid-sentence makes a name; at the start of a sentence only words that are not common there do. Of
    German nouns only those with further capitals or digits do, or several in a row. Scripts without capitals give only
    what the gazetteer knows and words in Latin letters.
    """
    known = _known(text)
    taken = [(name.start, name.start + len(name.printed)) for name in known]
    tokens = [match for match in _TOKEN.finditer(text) if not any(s <= match.start() < e for s, e in taken)]
    shouted = _is_headline(tokens)
    found = [
        Name(match.group(), fold(match.group()), match.start(), known=False, opens=_opens(text, match))
        for match in tokens
        if _is_name(text, match, language, shouted)
    ]
    return tuple(sorted([*known, *found], key=lambda name: name.start))


@functools.lru_cache(maxsize=2048)
def _known(text: str) -> tuple[Name, ...]:
    """What the gazetteer knows, the longest form at each place."""
    folded = fold(text)
    found: list[Name] = []
    end = 0
    for start, form in _forms(folded):
        printed = text[start : start + len(form)]
        capitals, letters = sum(map(str.isupper, printed)), sum(map(str.isalpha, printed))
        # "us", "as", "who" and "un" are words; the country, the organisations are written in capitals.
        is_name = capitals > 1 if letters < 4 else capitals or form not in CAPITALISED
        is_dollar = _DOLLAR.search(folded[max(0, start - 8) : start + len(form) + 8])
        if start >= end and (is_name or _HAN.search(printed)) and not is_dollar:
            found.append(Name(printed, NAMES[form], start, known=True))
            end = start + len(form)
    return tuple(found)


def _forms(folded: str) -> Iterator[tuple[int, str]]:
    """Where forms of the gazetteer stand as whole words, the longest first at each place, and all Chinese ones."""
    found = [
        (match.start(), form)
        for match in _TOKEN.finditer(folded)
        for form in _BY_FIRST_WORD.get(match[0], ())
        if folded.startswith(form, match.start()) and _ends_word(folded, match.start() + len(form))
    ]
    if _HAN.search(folded):
        found += [(match.start(), match[0]) for match in _HAN_FORMS.finditer(folded)]
        found.sort(key=lambda each: (each[0], -len(each[1])))
    yield from found


def _ends_word(folded: str, end: int) -> bool:
    return not (folded[end : end + 1].isalnum() or folded[end : end + 1] == "$")


def _is_headline(tokens: Sequence[re.Match[str]]) -> bool:
    long = [match.group() for match in tokens if len(match.group()) > 3]
    return len(long) > 3 and sum(word[0].isupper() for word in long) > 0.8 * len(long)


def _is_name(text: str, match: re.Match[str], language: str | None, shouted: bool) -> bool:
    word = match.group()
    folded = fold(word)
    if not any(map(str.isalpha, word)) or _HAN.search(word) or folded in _NEVER_NAMES or len(word) < 2:
        return False
    if word[1:] != word[1:].lower() and not (shouted and word.isupper()):
        return True  # iPhone, IDC, SwiftKey
    if language in _NO_CAPITALS or not word[0].isupper():
        return language in _NO_CAPITALS and word.isascii()
    opens = shouted or _opens(text, match)
    if language in _NOUNS_HAVE_CAPITALS:
        in_a_row = re.match(r" [A-ZÀ-Þ]\w", text[match.end() :]) is not None
        return not opens and in_a_row and not _NOUN_DE.search(text, 0, match.end())
    if opens and language == "id" and not _VERB_FOLLOWS_ID.match(text, match.end()):
        return False  # a noun, with more about it
    return not opens or not _is_common(folded, language)


def _opens(text: str, match: re.Match[str]) -> bool:
    return _OPENING.search(text[max(0, match.start() - 12) : match.start()]) is not None


def _is_common(word: str, language: str | None) -> bool:
    """Whether a capital at the start of a sentence says nothing about the word."""
    singular = re.sub(r"ies$", "y", word) if word.endswith("ies") else word.removesuffix("s")
    if not {word, singular, word.removesuffix("es")}.isdisjoint(OPENERS) or word in INSTITUTIONAL | COUNTED.keys():
        return True
    if concepts.of(word):
        return True
    derived = _DERIVED.get(language or "en")
    return derived is None or derived.fullmatch(word) is not None


class Pool:
    """The words of the evidence, under every form by which a name may be looked for."""

    def __init__(self, evidence: Sequence[str], languages: Sequence[str | None]) -> None:
        self.names = [
            (name, code)
            for text, code in zip(evidence, languages, strict=True)
            for name in read(text, code)
            if name.key not in INSTITUTIONAL
        ]
        self.known = {name.key for text in evidence for name in _known(text)}
        tokens = [match.group() for text in evidence for match in _TOKEN.finditer(text)]
        self.words = {fold(token) for token in tokens}
        self.stems = {
            stem for text, language in zip(evidence, languages, strict=True) for stem in stems(text, language)
        }
        self.words_by_sound = [(word, _sound(word)) for word in self.words]
        self.sounds = {sound for _, sound in self.words_by_sound}
        self.acronyms = {fold(token) for token in tokens if token.isupper() and len(token) > 1}
        self.initials = [_initials(text) for text in evidence]
        self.languages = set(languages)
        self.unreadable = bool(self.languages & _NO_CAPITALS)
        self.counted = {COUNTED[word] for word in self.words if word in COUNTED}

    def has(self, name: Name, language: str | None) -> bool:
        """Whether the evidence names it too, as far as spelling tells."""
        if name.known and name.key in self.known:
            return True
        if self.unreadable and name.key not in _WITH_HAN_FORM:
            return True  # a script that we cannot compare
        if name.known:
            return not name.key.isalpha() and any(map(self._has_word, _TOKEN.findall(fold(name.printed))))
        foreign = self.languages != {language} or language is None
        return self._has_form(name, language) or (foreign and self._sounds_like(name))

    def rivals(self, text: str, language: str | None) -> bool:
        """Whether the evidence has a name that a text lacks, or has none."""
        own = Pool([text], [language])
        return not self.names or any(not own.has(name, code) for name, code in self.names)

    def _has_word(self, word: str) -> bool:
        bare = word.removesuffix("s")
        return word in self.words or (len(bare) > 2 and (bare in self.words or f"{bare}s" in self.words))

    def _has_form(self, name: Name, language: str | None) -> bool:
        if (
            self._has_word(name.key)
            or any(stem in self.stems for stem in stems(name.printed, language))
            or COUNTED.get(name.key) in self.counted
        ):
            return True
        bare = re.sub(r"(?:nya|lah)$", "", name.key) if language == "id" else name.key
        if bare in self.words:
            return True
        return len(name.key) > 2 and name.printed.isupper() and any(name.key in initials for initials in self.initials)

    def _sounds_like(self, name: Name) -> bool:
        sound = _sound(name.key)
        if not {name.key, name.key.removesuffix("s")}.isdisjoint(INSTITUTIONAL) or (
            len(sound) >= 3 and sound in self.sounds
        ):
            return True
        # Dresden, Dresde; Java, Jawa
        return any(
            (min(len(sound), len(other)) > 3 and (sound.startswith(other) or other.startswith(sound)))
            or (sound == other and len(word) > 3 and _differ_once(name.key, word))
            for word, other in self.words_by_sound
            if abs(len(sound) - len(other)) < 2
        )


def _differ_once(one: str, other: str) -> bool:
    """Whether two words of one length differ in one letter at most."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) < 2


def _initials(text: str) -> str:
    return "".join(word[0] for word in re.findall(r"[^\W\d_]+", fold(text)) if word not in _FUNCTION_WORDS)


@functools.lru_cache(maxsize=20_000)
def _sound(word: str) -> str:
    """The consonants of a word as several languages may spell them; "a" stands for a vowel in front."""
    word = "".join(_CYRILLIC.get(letter, letter) for letter in word)
    for spelling, sound in _SOUNDS:
        word = word.replace(spelling, sound)
    skeleton = re.sub(r"(.)\1+", r"\1", re.sub("[aeiou]", "", word))
    return ("a" if word[:1] in "aeiou" else "") + skeleton


def missing(text: str, language: str | None, pool: Pool) -> list[Name]:
    """The names of the text that the evidence does not have, in order, each once.

    A plain word that opens a sentence counts only where it may have taken another's place: the evidence has a name that
    the text lacks, or none at all.
    """
    names = read(text, language)
    spelled_out = _spelled_out(text, names, pool)
    lacking = [name for name in names if name.start not in spelled_out and not pool.has(name, language)]
    if not pool.rivals(text, language):
        lacking = [
            name for name in lacking if not name.opens or name.known or name.printed[1:] != name.printed[1:].lower()
        ]
    return list({name.key: name for name in reversed(lacking)}.values())[::-1]


def _spelled_out(text: str, names: Sequence[Name], pool: Pool) -> set[int]:
    """Where the words stand that together spell out an acronym of the evidence: "International Data Corporation"."""
    found: set[int] = set()
    for first in range(len(names)):
        initials = ""
        for last in range(first, min(first + 7, len(names))):
            if last > first and not re.fullmatch(
                r"[\s-]*(?:of|the|and|for|de|des|du|la|et|pour)?[\s-]*",
                text[names[last - 1].start + len(names[last - 1].printed) : names[last].start],
            ):
                break
            initials += fold(names[last].printed[0])
            if last > first and initials in pool.acronyms:
                found |= {name.start for name in names[first : last + 1]}
    return found
