"""Number words turned into digits: "twenty-one", "quatre-vingt-dix", "dua puluh lima", "zweiunddreißig", "三百"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rag.text import fold


def _table(*groups: str) -> dict[str, int]:
    """Words -> number; each group is "start step word word …", alternatives joined by a bar."""
    table: dict[str, int] = {}
    for group in groups:
        start, step, *listed = group.split()
        for place, alternatives in enumerate(listed):
            table.update(dict.fromkeys(alternatives.split("|"), int(start) + place * int(step)))
    return table


_ADDED = {
    "en": _table(
        "1 1 one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
        " seventeen eighteen nineteen",
        "20 10 twenty thirty forty|fourty fifty sixty seventy eighty ninety",
    ),
    "fr": _table(
        "1 1 un|une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
        "20 10 vingt|vingts trente quarante cinquante soixante septante huitante|octante nonante",
    ),
    "id": _table("1 1 satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas", "100 1 seratus"),
    "es": _table(
        "1 1 un|uno|una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis"
        " diecisiete dieciocho diecinueve veinte veintiuno|veintiun|veintiuna veintidos veintitres veinticuatro"
        " veinticinco veintiseis veintisiete veintiocho veintinueve treinta",
        "40 10 cuarenta cincuenta sesenta setenta ochenta noventa cien|ciento",
        "200 100 doscientos|doscientas trescientos|trescientas cuatrocientos|cuatrocientas quinientos|quinientas"
        " seiscientos|seiscientas setecientos|setecientas ochocientos|ochocientas novecientos|novecientas",
    ),
}
_HUNDREDS = {"en": {"hundred", "hundreds"}, "fr": {"cent", "cents"}, "id": {"ratus"}, "es": set[str]()}
_THOUSANDS = {"en": {"thousand"}, "fr": {"mille"}, "id": {"ribu"}, "es": {"mil"}}
_JOINING = {"en": {"and"}, "fr": {"et"}, "id": set[str](), "es": {"y"}}
_ARTICLES = {"en": {"a", "an", "one"}, "fr": {"un", "une"}, "id": {"satu"}, "es": {"un", "uno", "una"}}
_COMPOUND_EN = re.compile(rf"\b({'|'.join(_ADDED['en'])})-(?=(?!{'|'.join(_ADDED['en'])})[a-z]{{3,}})", re.IGNORECASE)

KNOWN = frozenset(word for table in _ADDED.values() for word in table) | {"seribu", "puluh", "belas"}
"""Words for numbers, folded."""

_TENS_DE = _table("20 10 zwanzig dreißig|dreissig vierzig funfzig sechzig siebzig achtzig neunzig")
_UNITS_DE = _table(
    "1 1 ein|eins|eine zwei|zwo drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn"
    " sechzehn siebzehn achtzehn neunzehn"
)
_UNIT_DE = "|".join(sorted(_UNITS_DE, key=len, reverse=True))
_GERMAN = re.compile(
    rf"\b(?:(?P<hundreds>{_UNIT_DE})?(?P<hundred>hundert)(?:und)?)?"
    rf"(?:(?:(?P<unit>{_UNIT_DE})und)?(?P<tens>{'|'.join(_TENS_DE)})|(?P<small>{_UNIT_DE}))?\b"
)

_CHINESE_DIGITS = {mark: value for value, mark in enumerate("零一二三四五六七八九")} | {"两": 2, "兩": 2, "〇": 0}
_CHINESE_TENS = {"十": 10, "百": 100, "千": 1000}
_NUMERALS = "零〇一二两兩三四五六七八九十百千"
_CHINESE = re.compile(
    rf"[{_NUMERALS}]*[十百千][{_NUMERALS}]*|(?<=第)[{_NUMERALS}]+|(?<=百分之)[{_NUMERALS}]+"
    "|[二两兩三四五六七八九](?=[个部家人名项年月天次万亿岁件台座倍])"
)
_CHINESE_PERCENT = re.compile(r"百分之(\d+(?:\.\d+)?)")
_GLUED_NUMBER = re.compile(r"(?<=[\u3400-\u5e73\u5e75-\u6707\u6709-\u7b2b\u7b2d-\u9fff])(?=\d)")

_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = re.compile(r"(?: |-| - )")
_DIGIT_BEFORE = re.compile(r"\d[ -]$|\b(?:pour|per|por) $")
_SMALLEST = 13
"""Single words below this are left as they are: the quantities know them, and some are articles."""


def digits(text: str, language: str | None) -> str:
    """The text with number words from thirteen on in digits; "million" and the like stay words.

    Text in a language without a table here, or None, is read as English, French and Indonesian, in this order. In
    Chinese a number is also set apart from the character before it.

    >>> digits("Vingt et un pays, quatre-vingt-dix-sept morts", "fr")
    '21 pays, 97 morts'
    """
    if language == "de":
        return _replaced(text, ((*match.span(), _german(match)) for match in _GERMAN.finditer(fold(text))))
    if language == "zh":
        text = _replaced(text, ((*match.span(), _chinese(match)) for match in _CHINESE.finditer(text)))
        return _GLUED_NUMBER.sub(" ", _CHINESE_PERCENT.sub(r"\1%", text))
    if language in {"en", None}:  # a three-year contract
        text = _COMPOUND_EN.sub(lambda match: f"{_ADDED['en'][match[1].lower()]} ", text)
    for code in (language,) if language in _ADDED else ("en", "fr", "id"):
        runs = _runs(fold(text), code)
        found = ((run[0].start(), run[-1].end(), _value([match.group() for match in run], code)) for run in runs)
        text = _replaced(text, found)
    return text


def _replaced(text: str, found: Iterable[tuple[int, int, int | None]]) -> str:
    pieces, end = [], 0
    for start, stop, value in found:
        if value is not None:
            pieces += [text[end:start], str(value)]
            end = stop
    return "".join([*pieces, text[end:]])


def _runs(folded: str, code: str) -> Iterator[list[re.Match[str]]]:
    """Neighbouring number words, joined by nothing but a space, a hyphen or the language's "and"."""
    known = _ADDED[code].keys() | _HUNDREDS[code] | _THOUSANDS[code] | _ARTICLES[code]
    known |= {"puluh", "belas", "seribu"} if code == "id" else set()
    run: list[re.Match[str]] = []
    joined: re.Match[str] | None = None
    for match in _WORD.finditer(folded):
        if _DIGIT_BEFORE.search(folded, max(0, match.start() - 6), match.start()):
            continue  # 380 thousand, sixty per cent
        last = joined or (run[-1] if run else None)
        near = last is not None and _BETWEEN.fullmatch(folded, last.end(), match.start())
        if match.group() in known and (near or not run):
            run, joined = ([*run, joined, match] if joined else [*run, match]), None
        elif near and joined is None and match.group() in _JOINING[code]:
            joined = match
        else:
            if run:
                yield run
            run, joined = ([match] if match.group() in known else []), None
    if run:
        yield run


def _value(words: Sequence[str], code: str) -> int | None:
    """What the words amount to; None for an article, a small number or no number at all ("one and two")."""
    if words[-1] in _ARTICLES[code] and len(words) == 1:
        return None
    total = current = 0
    for word in words:
        if word in _THOUSANDS[code] or word == "seribu":
            total, current = total + (1000 if word == "seribu" else max(current, 1) * 1000), 0
        elif word not in _JOINING[code]:
            value, how = _step(word, current, code)
            taken = current % 10 if value < 10 else current % 100
            if how == "add" and taken and not (word == "belas" or (code == "fr" and value < 20)):
                return None  # "two three": two numbers
            current = _applied(current, value, how)
    total += current
    return total if total >= _SMALLEST or "belas" in words else None  # dua belas


def _step(word: str, current: int, code: str) -> tuple[int, str]:
    """A number and what to do with it: add it, or multiply by it."""
    if code == "fr" and word in {"vingt", "vingts"} and current % 100 == 4:
        return 20, "quadruple"
    if word in _HUNDREDS[code]:
        return 100, "multiply"
    if word == "puluh":
        return 10, "multiply last"
    if word == "belas":
        return 10, "add"
    return _ADDED[code].get(word, 1), "add"


def _applied(current: int, value: int, how: str) -> int:
    if how == "multiply":
        return max(current, 1) * value
    if how == "multiply last":  # tiga ratus dua puluh
        return current - current % 10 + max(current % 10, 1) * value
    if how == "quadruple":  # quatre-vingt, cent quatre-vingt
        return current - 4 + 80
    return current + value


def _german(match: re.Match[str]) -> int | None:
    value = _UNITS_DE.get(match["hundreds"] or "", 1) * 100 if match["hundred"] else 0
    value += _UNITS_DE.get(match["unit"] or "", 0) + _TENS_DE.get(match["tens"] or "", 0)
    value += _UNITS_DE.get(match["small"] or "", 0)
    return value if value >= _SMALLEST else None


def _chinese(match: re.Match[str]) -> int:
    total, current = 0, 0
    for mark in match.group():
        if mark in _CHINESE_TENS:
            total, current = total + max(current, 1) * _CHINESE_TENS[mark], 0
        else:
            current = _CHINESE_DIGITS[mark]
    return total + current
