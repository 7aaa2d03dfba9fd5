"""Every figure of a sentence (numbers, amounts, shares, ranks, dates, times), comparable across languages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag import quantities
from rag.numerals import MONTHS
from rag.quantities import Quantity
from rag.text import STOP_WORDS, fold
from rag.units import (
    BOUNDS,
    COUNTED,
    CURRENCIES,
    FRACTIONS,
    MEASURES,
    MULTIPLES,
    RANKS_ID,
    RELATIVE,
    ROUND,
    WEEKDAYS,
    WORDED,
    whole_words,
)

FigureKind = Literal["number", "percent", "money", "ordinal", "date", "month", "weekday", "relative", "decade", "time"]
Bound = Literal["exact", "more", "less", "about", "range"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value that a sentence states.

    Attributes:
        kind: Values of different kinds don't compare; a year without month is the number.
        value: The number, minutes since midnight for a time, ISO 8601 as far as known for a date, 1 to 12 for a month,
            the English name of a weekday or of a relative time, the first year of a decade.
        unit: ISO 4217 code of money, the English name of a measure or of what is counted, or None.
        bound: Whether the sentence gives the value itself, a limit of it, or one end of a range.
        printed: As it stands in the sentence.
        start: Where it stands.
    """

    kind: FigureKind
    value: float | str
    unit: str | None
    bound: Bound
    printed: str
    start: int

    @property
    def is_year(self) -> bool:
        """Whether it may be a year: a number from 1500 to 2199 that counts nothing known."""
        return self.kind == "number" and self.unit is None and 1500 <= float(self.value) <= 2199


_BOUNDS = {
    kind: re.compile(rf"(?:(?<![^\W_])|(?=[\u4e00-\u9fff]))(?:{pattern}) ?(?:the |les |des |de |d'|un |une |a )?$")
    for kind, pattern in BOUNDS.items()
}
_FRACTIONS = [(whole_words(pattern), value) for pattern, value in FRACTIONS.items()]
_MULTIPLES = [(whole_words(pattern), value) for pattern, value in MULTIPLES.items()]
_WORDED = [(whole_words(pattern), value) for pattern, value in WORDED.items()]
_ROUND = [(whole_words(pattern), value) for pattern, value in ROUND.items()]
_RELATIVE = [(whole_words(pattern), name) for name, pattern in RELATIVE.items()]
_WEEKDAY = whole_words("|".join(sorted(WEEKDAYS, key=len, reverse=True)))
_SUNDAY_ID = re.compile(r"(?<=\w )Minggu\b|\b[Hh]ari minggu\b")
_MONTH_NAME = "|".join(sorted(MONTHS, key=len, reverse=True))
_MONTH_WORD = re.compile(rf"(?<!\w)(?P<month>{_MONTH_NAME})(?!\w)")
_BEFORE_MONTH = re.compile(
    r"(?:\b(?:in|of|since|until|by|during|last|next|this|early|late|mid|between|and|to|from|through"
    r"|en|mois de|de|depuis|fin|debut|mi|entre|et|a|jusqu'en|avant|apres|des|partir de"
    r"|pada|bulan|sejak|hingga|sampai|antara|dan|awal|akhir|mulai|im|seit|zwischen|und|bis|desde|hasta|y)[ -]|d')$"
)
_RANK_ID = re.compile(rf"\b(?P<counted>[a-z]+) (?P<rank>{'|'.join(RANKS_ID)})(?:nya)?\b")
_CURRENCIES = [(re.compile(rf"[ -]?(?:{pattern})(?![^\W_])"), code) for pattern, code in CURRENCIES.items()]
_DECADE = re.compile(
    r"(?<!\w)(?:(?P<en>(?:1[5-9]|20)\d0)'?s|(?:annees|tahun|anos|decada de) (?P<fr>(?:1[5-9]|20)?\d0)(?:-an)?(?!\d)"
    r"|(?P<de>(?:1[5-9]|20)\d0)er(?: jahre)?)(?!\w)"
)
_TIME = re.compile(
    r"(?<![\w.,:/])(?:(?P<hour>[01]?\d|2[0-4])(?::|h| h )(?P<minute>[0-5]\d)"
    r"|(?:pukul|jam) (?P<jam>[01]?\d|2[0-4])[.:](?P<menit>[0-5]\d)"
    r"|(?:at|um|a las) (?P<at>[01]?\d|2[0-4])(?:[:.](?P<past>[0-5]\d))?(?= ?(?:[ap]\.?m|uhr|h\b))"
    r"|(?P<plain>1?\d)(?= ?[ap]\.?m\b))(?: ?(?P<half>[ap])\.?m\b\.?| uhr)?(?![\w:])"
)
_QUARTER = re.compile(r"(?<!\w)[qt]([1-4])(?!\w)")
_CHINESE_RANK = re.compile(r"第(\d{1,3})")
_CENTURY = re.compile(r"(?<!\w)(?P<roman>[xvi]{1,5})e(?: |-)siecle|siglo (?P<es>[xvi]{1,5})(?!\w)")
_RANGE = re.compile(
    r"\s?(?:-|to|and|a|et|dan|sampai|hingga|bis|und|y|至|到|sampai dengan|hingga ke)\s?(?:(?:us|rp|eur)?[$€£¥]? ?)?"
)
_FROM = re.compile(r"(?:from|de|dari|von|desde|从) (?:us|rp|eur)?[$€£¥]?$")
_UNIT_AFTER = re.compile(
    r"[ -]?(?:(?:de|d'|of|buah|unit|orang|ekor|lembar)[ ]?)?(?P<unit>°[cf]?|[^\W\d_]+(?:-[^\W\d_]+)?)"
)
_POINTS = re.compile(
    r"[ -]?(?:percentage points?|points? de pourcentage|poin persen|prozentpunkte|puntos porcentuales)"
)
_MONTH_OF_DATE = re.compile(r"(?:\d{4}|-)-(\d\d)")
_WITH_DAY = re.compile(r"-\d\d-\d\d$")
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f' ]\d{3}(?!\d))*(?:[.,]\d+)?")
_DECIMALS = re.compile(r"[.,](?=(?:\d{1,2}|\d{4,})$)")


def read(text: str, language: str | None) -> list[Figure]:
    """The figures of a sentence whose number words were turned into digits (``rag.number_words.digits``), in order.

    "Half" and the like are percent; a range gives both its ends. Numbers that belong to a name ("Windows 10") are left
    out: `loose_numbers` has them.
    """
    folded = fold(text)
    found = [
        *_quantities(text, folded, language),
        *_named_times(text, folded),
        *_shares(folded),
        *_ranks_id(folded, language),
    ]
    return sorted(found, key=lambda figure: figure.start)


def loose_numbers(text: str, figures: Sequence[Figure]) -> list[str]:
    """The numbers of a sentence that are in none of its figures, as `all_numbers` has them: "10" of "Windows 10"."""
    covered = {place for figure in figures for place in range(figure.start, figure.start + len(figure.printed))}
    return [_bare(match.group()) for match in _NUMBER.finditer(text) if match.start() not in covered]


def all_numbers(text: str) -> set[str]:
    """Every number of a sentence without separators of thousands, a decimal one as a full stop.

    What spaces divide into thousands may also be several numbers.

    >>> sorted(all_numbers("92,5 of 1.500, in 12 000"))
    ['000', '12', '12000', '1500', '92.5']
    """
    found = [match.group() for match in _NUMBER.finditer(text)]
    return {_bare(each) for number in found for each in (number, *re.split(r"[\s']", number))}


def _bare(number: str) -> str:
    whole, *decimals = _DECIMALS.split(number)
    return ".".join([re.sub(r"\D", "", whole), *decimals])


def _quantities(text: str, folded: str, language: str | None) -> Iterator[Figure]:
    times = list(_TIME.finditer(folded))
    found = [
        quantity
        for quantity in quantities.find(text, language)
        if not any(quantity.span.start < match.end() and match.start() < quantity.span.end for match in times)
    ]
    figures = [_figure(text, folded, quantity) for quantity in found]
    for place in range(len(figures) - 1):
        day = _day_of(folded, found[place], found[place + 1])
        if day:
            figures[place] = replace(figures[place], kind="date", value=day)
        elif _is_range(folded, found[place], found[place + 1]):
            figures[place] = _lower_end(figures[place], figures[place + 1])
            figures[place + 1] = replace(figures[place + 1], bound="range")
    yield from figures
    yield from _times(folded, times)


def _figure(text: str, folded: str, quantity: Quantity) -> Figure:
    start, end = quantity.span.start, quantity.span.end
    kind: FigureKind = "number" if quantity.kind in ("number", "year") else quantity.kind  # type: ignore[assignment]
    unit = quantity.unit if quantity.kind == "money" else _unit(folded, end) if kind == "number" else None
    currency = next((code for pattern, code in _CURRENCIES if pattern.match(folded, end)), None)
    if kind == "number" and currency:
        kind, unit = "money", currency
    if kind == "percent" and re.match(r"[ -]?(?:points?|poin)\b", folded[end:]):
        kind, unit = "number", "point"
    return Figure(kind, quantity.value, unit, _bound(folded, start), text[start:end], start)


def _unit(folded: str, end: int) -> str | None:
    if _POINTS.match(folded, end):
        return "point"
    words: list[str] = []
    position = end
    for _ in range(2):
        match = _UNIT_AFTER.match(folded, position)
        if match is None:
            break
        words.append(match["unit"])
        position = match.end()
    known = (MEASURES.get(words[0]) if words else None, *map(COUNTED.get, words))
    return next((concept for concept in known if concept), None)


def _bound(folded: str, start: int) -> Bound:
    before = folded[max(0, start - 40) : start]
    kinds = [kind for kind, pattern in _BOUNDS.items() if pattern.search(before)]
    return kinds[0] if kinds else "exact"  # type: ignore[return-value]


def _day_of(folded: str, one: Quantity, other: Quantity) -> str | None:
    """The date that a bare number is when it begins a run of days: "5-7 September", "du 5 au 7 septembre"."""
    between = folded[one.span.end : other.span.start]
    is_day = (
        other.kind == "date"
        and _WITH_DAY.search(str(other.value))
        and one.kind == "number"
        and 0 < float(one.value) < 32
    )
    if not is_day or not (_RANGE.fullmatch(between) or between.strip() == "au"):
        return None
    return f"{str(other.value)[:-2]}{int(float(one.value)):02}"


def _is_range(folded: str, one: Quantity, other: Quantity) -> bool:
    between = folded[one.span.end : other.span.start]
    if not _RANGE.fullmatch(between) or one.kind == "ordinal" or _FROM.search(folded[: one.span.start]):
        return False
    if isinstance(one.value, float) and isinstance(other.value, float) and one.value >= other.value:
        return False  # by 61 votes to 19
    if "-" in between and other.kind == "number" and float(other.value) < 20 and other.unit is None:
        return False  # they won 0-2
    if one.kind != other.kind and (one.kind, one.unit) != ("number", None):
        return False
    if between.strip() in {"and", "et", "dan", "und", "y"}:
        return bool(
            re.search(r"(?:between|entre|zwischen|antara) $", folded[max(0, one.span.start - 10) : one.span.start])
        )
    return True


def _lower_end(figure: Figure, upper: Figure) -> Figure:
    """The first number of a range, in the unit and magnitude of the second when it has none: "5 to 10 million"."""
    lower = replace(figure, bound="range")
    if figure.kind != "number" or figure.unit or upper.kind not in ("number", "percent", "money"):
        return lower
    size = float(upper.value) if isinstance(upper.value, float) else 0.0
    value = float(figure.value)
    for factor in (1e12, 1e9, 1e6, 1e3):
        if size >= factor > value and not upper.printed.strip("$€£¥ ").replace(".", "").replace(",", "").isdigit():
            value *= factor
            break
    return replace(lower, value=value, kind=upper.kind, unit=upper.unit)


def _times(folded: str, matches: Iterable[re.Match[str]]) -> Iterator[Figure]:
    for match in matches:
        hour = next(int(match[name]) for name in ("hour", "jam", "at", "plain") if match[name])
        minute = next((int(match[name]) for name in ("minute", "menit", "past") if match[name]), 0)
        after = folded[match.end() : match.end() + 4].replace(".", "").strip()
        half = match["half"] or (after[:1] if after[:2] in {"am", "pm"} else None)
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        yield Figure("time", float(hour * 60 + minute), None, "exact", match.group(), match.start())


def _ranks_id(folded: str, language: str | None) -> Iterator[Figure]:
    for match in _RANK_ID.finditer(folded) if language == "id" else ():
        if match["counted"] not in STOP_WORDS["id"]:
            yield Figure("ordinal", float(RANKS_ID[match["rank"]]), None, "exact", match["rank"], match.start("rank"))


def _named_times(text: str, folded: str) -> Iterator[Figure]:
    for match in _MONTH_WORD.finditer(folded):
        capital, name = text[match.start()].isupper() and match.start() > 0, match["month"]
        before = _BEFORE_MONTH.search(folded[max(0, match.start() - 14) : match.start()])
        if not capital and (name in {"may", "march", "mar", "sep", "dec", "des"} or not before):
            continue
        yield Figure("month", float(MONTHS[match["month"]]), None, "exact", match["month"], match.start("month"))
    for match in _WEEKDAY.finditer(folded):
        yield Figure("weekday", WEEKDAYS[match.group()], None, "exact", match.group(), match.start())
    for match in _SUNDAY_ID.finditer(text):
        yield Figure("weekday", "sunday", None, "exact", match.group(), match.start())
    for pattern, name in _RELATIVE:
        for match in pattern.finditer(folded):
            yield Figure("relative", name, None, "exact", match.group(), match.start())
    for match in _DECADE.finditer(folded):
        year = next(group for group in match.groups() if group)
        yield Figure(
            "decade", float(year if len(year) == 4 else f"19{year}"), None, "exact", match.group(), match.start()
        )
    for match in (*_QUARTER.finditer(folded), *_CHINESE_RANK.finditer(folded)):
        yield Figure("ordinal", float(match[1]), None, "exact", match.group(), match.start())
    for match in _CENTURY.finditer(folded):
        yield Figure("ordinal", _roman(match["roman"] or match["es"]), None, "exact", match.group(), match.start())


def _roman(numeral: str) -> float:
    values = [{"i": 1, "v": 5, "x": 10}[letter] for letter in numeral]
    return float(sum(-one if one < two else one for one, two in zip(values, [*values[1:], 0], strict=True)))


def _shares(folded: str) -> Iterator[Figure]:
    for pattern, value in _FRACTIONS:
        for match in pattern.finditer(folded):
            yield Figure("percent", value, None, _bound(folded, match.start()), match.group(), match.start())
    for pattern, value in _MULTIPLES:
        for match in pattern.finditer(folded):
            yield Figure("number", value, None, "exact", match.group(), match.start())
    for pattern, value in _ROUND:
        for match in pattern.finditer(folded):
            yield Figure("number", value, None, "about", match.group(), match.start())
    for pattern, (value, unit) in _WORDED:
        for match in pattern.finditer(folded):
            yield Figure("number", value, unit, "exact", match.group(), match.start())


def unsupported(
    claimed: Sequence[Figure], known: Sequence[Figure], numbers: Collection[str]
) -> Iterator[tuple[Figure, str]]:
    """The claimed figures that the known ones do not bear out, each with the reason.

    Args:
        claimed: Of the claim.
        known: Of its evidence.
        numbers: `all_numbers` of the evidence: one may look like part of a name ("Quelque 12 000").
    """
    known = list({(each.kind, each.value, each.unit, each.bound): each for each in known}.values())
    for figure in claimed:
        if figure.kind == "number" and figure.unit is None and figure.printed.lower() in _WORDS_FOR_TWO:
            continue
        alike = [other for other in known if _same_value(figure, other)]
        if not alike and figure.kind == "number" and f"{figure.value:.10g}" in numbers:
            continue
        if not alike:
            yield figure, f"{figure.printed!r} is not in the cited sentences."
        elif not any(_same_unit(figure, other) for other in alike):
            yield figure, f"{figure.printed!r} is {alike[0].unit or 'another unit'} in the cited sentences."
        elif not any(_same_bound(figure, other) for other in alike if _same_unit(figure, other)):
            yield figure, f"{figure.printed!r} is not exact in the cited sentences, or bounded otherwise."


_WORDS_FOR_TWO = {"both", "les deux", "kedua", "keduanya", "beide", "beiden", "ambos", "ambas", "两者"}


def rival(claimed: Figure, known: Figure) -> bool:
    """Whether a known figure could stand in the claimed one's place: of the same kind and, where told, unit."""
    return claimed.kind == known.kind and claimed.unit in (known.unit, None) and claimed.is_year == known.is_year


def _same_value(claimed: Figure, known: Figure) -> bool:
    match claimed.kind, known.kind:
        case "date", "date":
            return _within(str(claimed.value), str(known.value))
        case "month", "date":
            month = _MONTH_OF_DATE.match(str(known.value))
            return month is not None and float(month[1]) == claimed.value
        case "number", "date":
            return f"{claimed.value:.0f}" == str(known.value)[:4]
        case "number", "ordinal":
            return claimed.unit is None and claimed.printed.isalpha() and claimed.value == known.value  # number three
        case (("weekday" | "relative"), _):
            return (claimed.kind, claimed.value) == (known.kind, known.value)
    comparable = claimed.kind == known.kind or (claimed.kind, known.kind) == ("number", "money")
    return comparable and _equal(claimed, known)


def _equal(claimed: Figure, known: Figure) -> bool:
    """Whether the numbers are the same, or the claim says that it rounds and does."""
    one, two = float(claimed.value), float(known.value)
    if abs(one - two) <= 1e-9 * max(abs(one), abs(two), 1e-9):
        return True
    if claimed.bound == "about" or (claimed.kind == "percent" and claimed.printed.isalpha()):
        return abs(one - two) <= 0.05 * abs(two)
    if claimed.bound == "more":
        return one < two <= 1.1 * one
    return claimed.bound == "less" and two < one <= 1.1 * two


def _within(claimed: str, known: str) -> bool:
    """Whether a date is the other one, or leaves out its day or its year."""
    if claimed.startswith("--"):
        return known.endswith(claimed[1:]) or known == claimed
    return known.startswith(claimed)


def _same_unit(claimed: Figure, known: Figure) -> bool:
    if {claimed.unit, known.unit} == {"IDR", "INR"}:  # "roupies" are both
        return (
            "roup" in (claimed.printed + known.printed).lower() or "rupee" in (claimed.printed + known.printed).lower()
        )
    return claimed.unit is None or known.unit is None or claimed.unit == known.unit


def _same_bound(claimed: Figure, known: Figure) -> bool:
    if (claimed.is_year and known.is_year) or claimed.kind not in ("number", "percent", "money"):
        return True  # until 2030
    if known.bound == "exact":
        return claimed.bound in ("exact", "about", "range", known.bound) or claimed.value != known.value
    if known.bound in ("about", "range"):
        return claimed.bound != "exact"
    return claimed.bound in (known.bound, "about")
