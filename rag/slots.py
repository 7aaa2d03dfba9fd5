"""The previous question with a part of it changed, as a short follow-up asks: "and in 2015?", "why?"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from rag import anaphora, questions
from rag.anaphora import ENDS, Reading
from rag.documents import Span
from rag.history import Turn
from rag.numerals import MONTHS
from rag.pointing import AUXILIARY, INVERTED, PREPOSITIONS
from rag.text import STOP_WORDS, fold, words
from rag.topics import appended_at, known_names

_MONTH = "|".join(
    sorted((month for month in MONTHS if len(month) > 3 or month in {"mai", "mei"}), key=len, reverse=True)
)
_YEAR = r"(?:1[5-9]|20)[0-9]{2}\b"
_TIME = re.compile(
    rf"\b(?:(?:[0-9]{{1,2}}(?:er)? )?(?:{_MONTH})(?: [0-9]{{1,2}},)? {_YEAR}|{_YEAR}|(?:{_MONTH})\b(?! \w+ing)"
    r"|(?:last|this|next) (?:year|month|week|quarter)\b|(?:tahun|bulan|minggu) (?:lalu|ini|depan)\b"
    r"|cette annee\b|ce mois(?:-ci)?\b|l'annee derniere\b|l'an dernier\b|le mois dernier\b)"
)
_TIME_LEADS = re.compile(r"\b(?:(?:in|on|en|au|pada|di|l'annee|annee|tahun|the year|the)(?:\s+|$))+$")
_TIME_PREPOSITIONS = ("in", "on", "en", "au", "pada", "di")
_PLACES = {"en": ("in", "at"), "fr": ("en", "a", "au", "aux", "dans"), "id": ("di", "ke")}
_NEUTRAL = {"en": ("for",), "fr": ("pour", "chez", "de", "du", "des", "d"), "id": ("untuk", "bagi")}
_DETERMINERS = re.compile(r"(?:the|an?|le|la|les|un|une|des|du|de la|para|yang|soal)\s+|l'|d'|de l'")
# What may follow the noun that is counted: then the noun is the whole phrase and another can take its place.
_AFTER_FOCUS = re.compile(rf"\s+(?:{AUXILIARY}|yang|di\w+|est-ce|ont|sont|compte|y)\b|\s*[?？]?\s*$")
# What a fragment asks for, rather than what it asks about.
_ASKED_FOR = {
    "en": "price prices cost costs date name names reason reasons author size number place population address capital "
    "weight result results value budget deadline purpose goal length duration age salary rank "
    "detail details",
    "fr": "prix cout date nom noms raison raisons auteur taille nombre lieu adresse capitale poids resultat valeur "
    "montant but objectif duree age salaire rang cause consequence consequences detail "
    "details",
    "id": "harga biaya tanggal nama alasan penulis ukuran jumlah tempat lokasi alamat berat hasil nilai anggaran "
    "tujuan lama umur gaji peringkat penyebab akibat rincian",
}
_ATTRIBUTES = frozenset(word for listed in _ASKED_FOR.values() for word in listed.split())
_BARE = {
    "en": re.compile(r"(?:since |until )?(?:why|when|where|how)(?: (?:not|exactly|so))?"),
    "fr": re.compile(r"(?:depuis |jusqu'a )?(?:pourquoi|quand|ou|comment)(?: (?:pas|ca|cela|exactement))?"),
    "id": re.compile(r"(?:sejak |sampai )?(?:mengapa|kenapa|kapan|di ?mana|bagaimana)(?:kah)?(?: (?:tidak|tepatnya))?"),
}
_ASKED = {
    "en": re.compile(rf"(?:when|where|why|how)\s+(?=(?:{AUXILIARY})\b)|(?=(?:{AUXILIARY})\b)"),
    "fr": re.compile(r"(?:quand|ou|pourquoi|comment)\s+|(?=est-ce qu)"),
    "id": re.compile(r"(?:kapan|di ?mana|mengapa|kenapa|bagaimana|apakah)(?:kah)?\s+"),
}
_FRENCH_ASKING = re.compile(r"\b(?:qui|que|quoi|quel(?:le)?s?|combien)\b|qu'")


def _end(text: str) -> str:
    """The punctuation at the end of a question, with the space before it where it has one; "?" when there is none."""
    tail = text.rstrip()[len(text.rstrip(ENDS)) :]
    return tail if any(mark in tail for mark in "?？؟") else "?"


def asked_otherwise(reading: Reading, previous: Turn) -> str | None:
    """The previous question with another asking word: "why?" after "When did …?"; None when that can't be."""
    code, asked = reading.language or "", previous.searched
    if code not in _BARE or code != previous.language or not _BARE[code].fullmatch(fold(reading.rest)):
        return None
    match = _ASKED[code].match(fold(asked))
    inverted = code == "fr" and INVERTED.search(fold(asked)) and not _FRENCH_ASKING.search(fold(asked))
    if match is None and not inverted:
        return None
    rest = asked[match.end() :] if match else asked
    return f"{reading.rest[0].upper()}{reading.rest[1:]} {_in_mid_sentence(rest, code)}"


def _in_mid_sentence(text: str, code: str) -> str:
    """The text without the capital of its first word, unless that is a name."""
    first = words(text)[0].of(text) if words(text) else ""
    return text[:1].lower() + text[1:] if fold(first) in STOP_WORDS[code] else text


def with_changed_part(reading: Reading, previous: Turn) -> str | None:
    """The previous question with the part that a fragment names; None when it names none that fits."""
    code = reading.language or ""
    if reading.is_clause or code not in _PLACES or not words(previous.searched) or _asks_for(reading):
        return None
    asked, part = _with_time(previous.searched, reading.rest)
    if not anaphora.content(part, code):
        return asked if asked != previous.searched else None
    part = _in_mid_sentence(part, code)
    first = words(part)[0]
    opening = fold(first.of(part))
    if opening in PREPOSITIONS[code] and opening not in _NEUTRAL[code]:
        place = _with_place(asked, part, code) if opening in _PLACES[code] else None
        return place or _with_phrase(asked, part, opening, code) or _inserted(asked, part, " ")
    bare = part[first.end :].lstrip(" '’") if opening in _NEUTRAL[code] else part
    return _with_noun(asked, bare, reading, previous)


def _asks_for(reading: Reading) -> bool:
    """Whether a fragment is itself what is asked for: "and the price?"."""
    return len(reading.content) == 1 and fold(reading.content[0]).removesuffix("nya") in _ATTRIBUTES


def _with_noun(asked: str, noun: str, reading: Reading, previous: Turn) -> str | None:
    """The question about another name or thing; with the thing added where what it asks for must not be lost."""
    changed = _with_name(asked, noun, reading, previous) or _with_focus(asked, noun, reading, previous)
    if changed is not None or asked != previous.searched:
        return changed or _inserted(asked, noun, ", ")
    vague = questions.read(asked, previous.language).kind in {"other", "manner", "polar"}
    return None if vague or appended_at(previous) else _inserted(asked, _whole(reading), ", ")


def _whole(reading: Reading) -> str:
    """The follow-up with its opening, as a part of a sentence."""
    text = reading.text.strip().strip(ENDS)
    return text[:1].lower() + text[1:] if reading.lead else text


def _inserted(question: str, part: str, link: str) -> str:
    return f"{question.rstrip(ENDS)}{link}{part}{_end(question)}"


def _with_time(question: str, part: str) -> tuple[str, str]:
    """The question with the time that the part names in place of its own, and the rest of the part."""
    new, old = _TIME.search(fold(part)), list(_TIME.finditer(fold(question)))
    if new is None:
        return question, part
    before = part[: new.start()]
    lead = _TIME_LEADS.search(fold(before))
    start = lead.start() if lead else new.start()
    rest = f"{part[:start].strip()} {part[new.end() :].strip()}".strip()
    phrase = part[start : new.end()]
    if len(old) != 1:
        return (_inserted(question, phrase, " ") if not old else question), (rest if not old else part)
    own = _TIME_LEADS.search(fold(question[: old[0].start()]))
    same = lead is not None and own is not None
    if same and lead is not None and lead[0].split()[0] not in _TIME_PREPOSITIONS:
        phrase, same = part[new.start() : new.end()], False  # "et l'année 2017 ?" after "en 2016"
    first = own.start() if same and own is not None else old[0].start()
    return f"{question[:first]}{phrase}{question[old[0].end() :]}", rest


def _with_place(question: str, part: str, code: str) -> str | None:
    """The question with another place after the same kind of preposition; None when it names none, or several."""
    spans = words(question)
    found = []
    for place, span in enumerate(spans[:-1]):
        if fold(span.of(question)) in _PLACES[code]:
            following = place + 1
            if fold(spans[following].of(question)) in {"the", "la", "le", "les", "l"} and following + 1 < len(spans):
                following += 1
            run = _run_from(question, spans, following)
            if run is not None:
                found.append(Span(span.start, run))
    if len(found) != 1:
        return None
    return f"{question[: found[0].start]}{part}{question[found[0].end :]}"


def _with_phrase(question: str, part: str, opening: str, code: str) -> str | None:
    """The question with another word after the same preposition: "on phones" -> "on tablets"; None when unclear."""
    following = "|".join(PREPOSITIONS[code])
    found = list(
        re.finditer(
            rf"\b{opening} (?:(?:the|la|le|les) |l')?(?![0-9])\w+(?=[\s?？.]*$| (?:{following})\b)", fold(question)
        )
    )
    if len(found) != 1:
        return None
    return f"{question[: found[0].start()]}{part}{question[found[0].end() :]}"


def _run_from(text: str, spans: Sequence[Span], place: int) -> int | None:
    """Where the name that begins at a word ends; None when it is none."""
    if not spans[place].of(text)[0].isupper():
        return None
    end = spans[place].end
    for before, span in itertools.pairwise(spans[place:]):
        if text[before.end : span.start] not in (" ", "-") or not span.of(text)[0].isupper():
            break
        end = span.end
    return end


def _with_name(question: str, part: str, reading: Reading, previous: Turn) -> str | None:
    """The question about another name; None when it names several, or the part is no name."""
    named = {fold(span.of(reading.text)) for span in reading.names}
    bare = part[len(match[0]) :] if (match := _DETERMINERS.match(fold(part))) else part
    if not words(bare) or not all(fold(span.of(bare)) in named for span in words(bare)):
        return None
    asked = anaphora.read(question, previous.language, known_names(previous))
    runs: list[Span] = []
    for span in asked.names:
        if runs and question[runs[-1].end : span.start] in (" ", "-"):
            runs[-1] = Span(runs[-1].start, span.end)
        else:
            runs.append(span)
    places = _PLACES[reading.language or "en"]
    runs = [run for run in runs if not any(fold(question[: run.start]).endswith(f" {word} ") for word in places)]
    if len(runs) != 1:
        return None
    return f"{question[: runs[0].start]}{bare}{question[runs[0].end :]}"


def _may_be_name(part: str, reading: Reading, question: str) -> bool:
    """Whether the way a fragment is written leaves open that it is a name."""
    opens = not reading.lead and reading.rest[:1].isupper()
    careless = not any(map(str.isupper, question[1:]))
    is_noun = _DETERMINERS.match(fold(part)) is not None or (reading.language == "en" and part.endswith("s"))
    return opens or (careless and not is_noun)


def _with_focus(question: str, part: str, reading: Reading, previous: Turn) -> str | None:
    """The question about another thing that is counted or chosen: "how many phones" -> "how many laptops"."""
    focus = questions.read(question, previous.language).focus
    if focus is None or reading.names or len(reading.content) > 3 or _may_be_name(part, reading, question):
        return None
    place = re.search(rf"\b{re.escape(focus)}\b", question)
    if place is None:
        return None
    following = question[place.end() :]
    if not _AFTER_FOCUS.match(fold(following)) and not re.match(r"\s+[A-Z]", following):
        return None
    bare = part[len(match[0]) :] if (match := _DETERMINERS.match(fold(part))) else part
    return f"{question[: place.start()]}{bare}{following}"
