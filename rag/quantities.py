"""Numbers, amounts, ranks, years and dates of a text as comparable values."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from rag.documents import Span
from rag.numerals import CURRENCY_AFTER, CURRENCY_BEFORE, LONG_SCALE, MAGNITUDES, MONTHS, NUMBERS, ONE, RANKS
from rag.text import STOP_WORDS, fold

QuantityKind = Literal["number", "percent", "money", "ordinal", "date", "year"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something in a text that can be compared by value.

    Attributes:
        span: Where it is printed, unit included.
        kind: What sort of value; values of different kinds don't compare.
        value: The number (92.4 million is 92400000.0, 50 % is 50.0, fifth is 5.0), or for a date ISO 8601 as far as it
            is known: "2018-02-23", "2018-02", or "--02-23" without the year.
        unit: ISO 4217 code of money, "%", or for a number the word counted, folded ("phones"); else None.

    """

    span: Span
    kind: QuantityKind
    value: float | str
    unit: str | None = None


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_MONTH = rf"(?P<month>{_alternatives(MONTHS)})\b\.?"
_YEAR = r"(?P<year>(?:1[5-9]|20|21)\d\d)"
_DAY = r"(?P<day>[0-3]?\d)"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\w-]){_YEAR}-(?P<month>[01]\d)-(?P<day>[0-3]\d)(?=t\d|[^\w-]|$)",
        rf"(?<![\w./-]){_DAY}(?P<mark>[/.-])(?P<month>[0-3]?\d)(?P=mark){_YEAR}(?![\w/-]|\.\d)",
        rf"(?<![\w./-]){_DAY}/(?P<month>[0-3]?\d)/(?P<short>\d\d)(?![\w/-]|\.\d)",
        rf"\b{_MONTH} {_DAY}(?:st|nd|rd|th)?(?:,? {_YEAR})?(?!\w|[.,:]\d| (?:million|percent|%))",
        rf"(?<![\w.,:]){_DAY}(?:st|nd|rd|th|er|º|\.)?(?: of| de)? {_MONTH}(?:,?(?: del?)? {_YEAR}(?!\w|\.\d))?(?!\w)",
        rf"\b{_MONTH},?(?: del?| of)? {_YEAR}(?!\w|[.,]\d)",
        r"(?:(?P<year>\d{4})年)?(?P<month>1?\d)月(?P<day>[0-3]?\d)日",
        r"(?P<year>\d{4})年(?P<month>1?\d)月(?!\d)",
    )
)

_WORDY = _alternatives({*ONE, *(word for words in NUMBERS.values() for word in words)})
_UNKNOWN_LANGUAGE = ("en", "fr", "id")
_DIGITS = r"\d{1,3}(?:(?P<group>[.,' ])\d{3})(?:(?P=group)\d{3})*(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
_AMOUNT = re.compile(
    rf"(?:(?:(?<![\w$])(?P<before>{_alternatives(CURRENCY_BEFORE)}) ?|(?<![\w.,/:])(?<![^\W\d]-))"
    rf"(?P<digits>{_DIGITS})(?![\d/:]|[.,]\d|'?s\b)|(?<![\w'-])(?P<wordy>{_WORDY})(?![\w'-]))"
    rf"(?:[ -]?(?P<magnitude>{_alternatives(MAGNITUDES)})(?![a-z])|(?P<letter>k|m|b|bn|t)(?!\w))?"
    r"(?: ?(?P<percent>%|％|(?:p[eo]u?r ?(?:cent|cento|ciento)|persen|prozent|procent)\b)"
    r"|(?: |-|(?<=\d)(?=[$€£元円])|(?<=[万亿億]))(?:de |d')?"
    rf"(?P<after>{_alternatives(CURRENCY_AFTER)})(?!\w))?"
)
_RANK_DIGITS = re.compile(
    r"(?<![\w.,/-])(?P<number>\d{1,3})(?:st|nd|rd|th|er|ere|re|e|eme|nde?|\.?[ºª])(?!\w)"
    r"|(?<!\w)(?:(?:no\.?|n[°º]|nomor|peringkat|urutan|rank|ranked|number|platz|numero) ?(?:ke-)?|ke-)"
    r"(?P<named>\d{1,3})(?![\w.,]\d|\w)"
)
_WORD = re.compile(r"[^\W\d_]+")
_LINK = re.compile(r"\w{2,10}://\S+|www\.\S+|\S{1,64}@\S+|\b[\w-]{1,63}\.(?:com|org|net|io|id|fr|de|cn)\b\S*")
_LIST_NUMBER = re.compile(r"^\s*\d{1,3}[.)](?=\s)", re.M)
_BEFORE = re.compile(r"(\S+)[ \u00a0\u202f]$")
_COUNTED = re.compile(r"[ -]?(?:(?:de|of|buah|unit|orang) |d')?(?P<word>[^\W\d_]{2,})")


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_DECIMAL_COMMA = _words("fr id de es it pt nl ru uk pl cs tr sv da no fi ro hu el bg sr hr sl vi ca")
_FUNCTION_WORDS = frozenset(word for listed in STOP_WORDS.values() for word in listed)
# Before a figure of four digits these show that it is a year; after other words it may count things.
_YEAR_AFTER = (_FUNCTION_WORDS - {"than", "que"}) | _words(
    "early late mid year years since annee annees an debut fin des tahun awal akhir im jahr seit bis ano desde"
)
_ROUGHLY = _words(
    "around roughly nearly almost approximately exactly least environ pres quasiment exactement au sekitar hampir",
    "kurang sebanyak sedikitnya sejumlah total",
)
# "kedua perusahaan" are both companies; after these words it is the second.
_SECOND_AFTER = _words(
    "peringkat urutan posisi tempat nomor kali hari tahun yang kuartal generasi babak terbesar bulan minggu pihak"
)
_MEASURES = _words("kg km cm mm mg ml gb tb mb kb mhz ghz hz kw kwh mwh w mah mp px fps ha min")


def find(text: str, language: str | None) -> list[Quantity]:
    """The quantities of the text, in order, never overlapping.

    Separators are read as the language writes them: "1.500" is 1500 in French and Indonesian and 1.5 in English; where
    the language is unknown three digits after a separator are thousands. In 03/02/2018 the day comes first unless that
    is impossible. A figure from 1500 to 2199 that counts nothing is a year. Number words count from two to twelve.
    Numbers that are part of a name ("Windows 10", "Mi 4"), of an address or of a list's numbering are left out.
    """
    folded = fold(text)
    taken = bytearray(len(text))
    for pattern in (_LINK, _LIST_NUMBER):
        for match in pattern.finditer(text):
            _take(taken, Span(*match.span()))
    found = [quantity for quantity in _all(text, folded, language) if _take(taken, quantity.span)]
    return sorted(found, key=lambda quantity: quantity.span)


def dates(text: str) -> list[Quantity]:
    """Only the dates of the text, in order."""
    return sorted(_dates(text, fold(text)), key=lambda quantity: quantity.span)


def _take(taken: bytearray, span: Span) -> bool:
    """Whether the span was free; it is taken now."""
    if any(taken[span.start : span.end]):
        return False
    taken[span.start : span.end] = b"\1" * (span.end - span.start)
    return True


def _all(text: str, folded: str, language: str | None) -> Iterator[Quantity]:
    yield from _dates(text, folded)
    yield from _ranks(folded, language)
    for match in _AMOUNT.finditer(folded):
        quantity = _amount(text, folded, match, language)
        if quantity is not None:
            yield quantity


def _dates(text: str, folded: str) -> Iterator[Quantity]:
    taken = bytearray(len(text))
    for pattern in _DATES:
        for match in pattern.finditer(folded):
            span = Span(*match.span())
            value = _date_value(match, text)
            if value is not None and _take(taken, span):
                end = span.end - 1 if folded[span.end - 1] == "." else span.end
                yield Quantity(Span(span.start, end), "date", value)


def _date_value(match: re.Match[str], text: str) -> str | None:
    parts = match.groupdict()
    if parts["month"].isdigit():
        month, day = int(parts["month"]), int(parts.get("day") or 0)
        if month > 12 >= day and "/" in match.group():
            month, day = day, month
    else:
        month, day = MONTHS[parts["month"]], int(parts.get("day") or 0)
        if parts["month"] in {"may", "march", "mar", "sept", "des"} and text[match.start("month")].islower():
            return None  # the verb, the walk, the French seven and article
    year = parts.get("year")
    if parts.get("short"):
        year = str((2000 if int(parts["short"]) < 70 else 1900) + int(parts["short"]))
    return _iso(year, month, day)


def _iso(year: str | None, month: int, day: int) -> str | None:
    try:
        datetime.date(int(year or 2000), month, day or 1)  # without a year 29 February must do
    except ValueError:
        return None
    return f"{year or '-'}-{month:02}" + (f"-{day:02}" if day else "")


def _ranks(folded: str, language: str | None) -> Iterator[Quantity]:
    for match in _RANK_DIGITS.finditer(folded):
        number = match["number"] or match["named"]
        yield Quantity(Span(*match.span()), "ordinal", float(number))
    words = _of_language(RANKS, language)
    for match in _WORD.finditer(folded):
        rank = words.get(match.group())
        if rank is not None and _is_rank(folded, match):
            end = match.end()
            superlative = re.compile(r"-\w+").match(folded, end)
            yield Quantity(Span(match.start(), superlative.end() if superlative else end), "ordinal", float(rank))


def _of_language(tables: dict[str, dict[str, int]], language: str | None) -> dict[str, int]:
    codes = (language,) if language in tables else _UNKNOWN_LANGUAGE
    return {word: number for code in codes for word, number in tables[code].items()}


def _is_rank(folded: str, match: re.Match[str]) -> bool:
    """Whether an ordinal word ranks: not the time, the fraction, the minister or the Indonesian "both"."""
    before = folded[max(0, match.start() - 25) : match.start()].split()
    previous = before[-1] if before else ""
    following = folded[match.end() : match.end() + 12].lstrip()
    word = match.group()
    if word in {"second", "third", "seconde", "fifth", "fourth"}:
        fraction = following.startswith("of ") and word != "second"
        return not (
            previous in {"per", "one", "each", "split", "a", "par", "une"} and (fraction or word.startswith("second"))
        )
    if word in {"premier", "premiere"}:
        return not following.startswith("minist")
    if word in {"kedua", "ketiga", "keempat"}:
        return previous in _SECOND_AFTER
    return True


def _amount(text: str, folded: str, match: re.Match[str], language: str | None) -> Quantity | None:
    span, value = Span(*match.span()), _value(match, text, language)
    if value is None or (match["letter"] and not _letter(match, text)):
        return None
    if match["percent"]:
        return Quantity(span, "percent", value, "%")
    currency = CURRENCY_BEFORE.get(match["before"] or "") or CURRENCY_AFTER.get(match["after"] or "")
    if currency is not None:
        return Quantity(span, "money", value, "CNY" if currency == "JPY" and language == "zh" else currency)
    if match["digits"] and not match["magnitude"] and not match["letter"] and _is_year(text, folded, match):
        return Quantity(span, "year", value)
    return _counted(text, folded, match, value)


def _counted(text: str, folded: str, match: re.Match[str], value: float) -> Quantity | None:
    """The number with what it counts; None where it is part of a name: "Windows 10", "3D", "5G"."""
    end = match.end()
    if match["digits"] and not match["magnitude"] and not match["letter"] and _is_named(text, match):
        return None
    counted = _COUNTED.match(folded, end)
    word = counted["word"] if counted else None
    if folded[end : end + 1].isalpha() and folded[end].isascii() and word not in _MEASURES:
        return None
    return Quantity(Span(match.start(), end), "number", value, None if word in _FUNCTION_WORDS else word)


def _letter(match: re.Match[str], text: str) -> float | None:
    """The magnitude of "92.4M", "10k" or "$5m"; None for "5m" (metres) and "4K" (pictures)."""
    letter = match["letter"]
    if not letter:
        return None
    printed = text[match.start("letter") : match.end("letter")]
    if letter == "k" and len(match["digits"] or "") < 2 and not match["before"]:
        return None
    if printed.islower() and letter in {"m", "b", "t"} and not match["before"]:
        return None
    return {"k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12}[letter]


def _value(match: re.Match[str], text: str, language: str | None) -> float | None:
    magnitude = match["magnitude"]
    factor = (LONG_SCALE.get(language or "", {}).get(magnitude) or MAGNITUDES[magnitude]) if magnitude else 1.0
    if match["wordy"]:
        number = 1 if magnitude and match["wordy"] in ONE else _of_language(NUMBERS, language).get(match["wordy"])
        return None if number is None else number * factor
    factor *= _letter(match, text) or 1.0
    return round(_number(match["digits"], match["group"], language) * factor, 6)


def _number(digits: str, group: str | None, language: str | None) -> float:
    """The number as the language writes it; `group` is the separator before three digits, if there is one."""
    if group is None:
        return float(digits.replace(",", "."))
    decimal = "," if language in _DECIMAL_COMMA else "."
    ambiguous = digits.count(group) == 1 and len(re.findall(r"[.,]", digits)) == 1
    if ambiguous and (digits.startswith("0") or (language is not None and group == decimal)):
        return float(digits.replace(",", "."))
    return float(digits.replace(group, "").replace(",", "."))


def _previous_word(text: str, position: int) -> str:
    found = _BEFORE.search(text[max(0, position - 40) : position])
    return found.group(1) if found else ""


def _is_year(text: str, folded: str, match: re.Match[str]) -> bool:
    digits = match["digits"]
    if not (len(digits) == 4 and digits.isdigit() and 1500 <= int(digits) <= 2199):
        return False
    previous = fold(_previous_word(text, match.start())).strip("('\"")
    if previous.rsplit("'", 1)[-1] in _YEAR_AFTER:
        return True
    counted = _COUNTED.match(folded, match.end())
    return counted is None or counted["word"] in _FUNCTION_WORDS or text[counted.start("word")].isupper()


def _is_named(text: str, match: re.Match[str]) -> bool:
    """Whether the number belongs to a name: it follows a capitalised word that is no function word."""
    previous = _previous_word(text, match.start())
    if not previous[:1].isupper() and not previous[1:2].isupper():
        return False
    if previous[-1:] in ",;:.!?)":
        return False
    return fold(previous) not in _FUNCTION_WORDS | _ROUGHLY
