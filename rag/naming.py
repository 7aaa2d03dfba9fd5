"""Names that a claim uses and its evidence lacks: across languages, spellings, inflections and acronyms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag import concepts
from rag.gazetteer import INSTITUTIONAL, NAMES, OPENERS, ROLES
from rag.numerals import MONTHS
from rag.text import STOP_WORDS, fold, stems
from rag.units import COUNTED, WEEKDAYS

_TOKEN = re.compile(r"[^\W_]+")
_KNOWN = re.compile(
    r"(?:(?<![^\W_])|(?=[\u4e00-\u9fff]))(?:"
    + "|".join(sorted(map(re.escape, NAMES), key=len, reverse=True))
    + r")(?:(?![^\W_$])|(?<=[\u4e00-\u9fff]))"
)
_HAN = re.compile(r"[\u3400-\u9fff]")
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
    | frozenset({"i", "minggu", "der", "die", "das", "el", "los", "las"})
)
_DERIVED = {
    "en": re.compile(
        r"\w{3,}(?:tions?|ments?|ness|ity|ities|ly|ists|ings|ships?|isms?|ics|ies|ances?|ences?|ers|ors)|\w{4,}ing"
    ),
    "fr": re.compile(r"\w{3,}(?:tions?|ments?|eurs|euses|ites?|ances?|ences?|aux|ismes?|ages?|ant|ees?)"),
    "id": re.compile(r"(?:mem|men|meng|meny|di|ter|ber)\w{4,}|(?:pe|ke|per)\w{3,}an|\w{3,}(?:nya|kan|kah)"),
}
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
    """

    printed: str
    key: str
    start: int
    known: bool


def read(text: str, language: str | None) -> list[Name]:
    """The names of a text, in order.

    A capital in mid-sentence makes a name; at the start of a sentence only words that are not common there do. Of
    German nouns only those with further capitals or digits do, or several in a row. Scripts without capitals give only
    what the gazetteer knows and words in Latin letters.
    """
    known = list(_known(text))
    taken = [(name.start, name.start + len(name.printed)) for name in known]
    tokens = [match for match in _TOKEN.finditer(text) if not any(s <= match.start() < e for s, e in taken)]
    shouted = _is_headline(tokens)
    found = [
        Name(match.group(), fold(match.group()), match.start(), known=False)
        for match in tokens
        if _is_name(text, match, language, shouted)
    ]
    return sorted([*known, *found], key=lambda name: name.start)


def _known(text: str) -> Iterator[Name]:
    folded = fold(text)
    for match in _KNOWN.finditer(folded):
        printed = text[match.start() : match.end()]
        letters = re.sub(r"\W", "", printed)
        # "us", "as", "who" and "un" are words; the country, the organisations are written in capitals.
        if len(letters) > 3 or letters.isupper() or _HAN.search(printed):
            yield Name(printed, NAMES[match.group()], match.start(), known=True)


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
    opens = shouted or bool(_OPENING.search(text[max(0, match.start() - 12) : match.start()]))
    if language in _NOUNS_HAVE_CAPITALS:
        return not opens and bool(re.match(r" [A-ZÀ-Þ]\w", text[match.end() :]))
    return not opens or not _is_common(folded, language)


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
        self.known = {name.key for text in evidence for name in _known(text)}
        tokens = [match.group() for text in evidence for match in _TOKEN.finditer(text)]
        self.words = {fold(token) for token in tokens}
        self.stems = {
            stem for text, language in zip(evidence, languages, strict=True) for stem in stems(text, language)
        }
        self.sounds = {sound for word in self.words if len(sound := _sound(word)) >= 3}
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
        foreign = self.languages != {language} or language is None
        return (
            any(map(self._has_word, re.findall(r"[^\W_]+", fold(name.printed))))
            if name.known and not name.key.isalpha()
            else (
                self._has_word(name.key)
                or self._has_form(name, language)
                or (foreign and not name.known and self._sounds_like(name))
            )
        )

    def _has_word(self, word: str) -> bool:
        bare = word.removesuffix("s")
        return word in self.words or (len(bare) > 2 and (bare in self.words or f"{bare}s" in self.words))

    def _has_form(self, name: Name, language: str | None) -> bool:
        if name.known:
            return False
        if any(stem in self.stems for stem in stems(name.printed, language)) or COUNTED.get(name.key) in self.counted:
            return True
        bare = re.sub(r"(?:nya|lah)$", "", name.key) if language == "id" else name.key
        if bare in self.words:
            return True
        return len(name.key) > 2 and name.printed.isupper() and any(name.key in initials for initials in self.initials)

    def _sounds_like(self, name: Name) -> bool:
        sound = _sound(name.key)
        return name.key in INSTITUTIONAL or (len(sound) >= 3 and sound in self.sounds)


def _initials(text: str) -> str:
    return "".join(word[0] for word in re.findall(r"[^\W\d_]+", fold(text)) if word not in _FUNCTION_WORDS)


def _sound(word: str) -> str:
    """The consonants of a word as several languages may spell them; "a" stands for a vowel in front."""
    word = "".join(_CYRILLIC.get(letter, letter) for letter in word)
    for spelling, sound in _SOUNDS:
        word = word.replace(spelling, sound)
    skeleton = re.sub(r"(.)\1+", r"\1", re.sub("[aeiou]", "", word))
    return ("a" if word[:1] in "aeiou" else "") + skeleton


def missing(text: str, language: str | None, pool: Pool) -> list[Name]:
    """The names of the text that the evidence does not have, in order, each once."""
    names = read(text, language)
    spelled_out = _spelled_out(text, names, pool)
    lacking = [name for name in names if name.start not in spelled_out and not pool.has(name, language)]
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
