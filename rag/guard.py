"""Whether a text says more than the sentences it rests on, as far as words tell, across languages.

Critical tokens are compared: figures with their units and bounds, dates, names, negation, hedges, attribution, and
words that mean the opposite. What no word list can see passes: a verb changed into a related one, a wrong subject in a
sentence without other names, irony. In languages without word lists (see ``rag.markers.LANGUAGES``) only figures and
names are compared, and names not against scripts without capitals.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rag import concepts, figures, languages, markers, naming, number_words, swaps
from rag.gazetteer import NAMES
from rag.numerals import MONTHS
from rag.text import STOP_WORDS, fold, stems
from rag.words import lines

Kind = Literal["figure", "name", "swap", "negation", "opposite", "hedge", "attribution"]


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a text says more than its evidence.

    Attributes:
        kind: What differs.
        reason: One sentence for whoever wrote the text.
        contradicts: Whether the evidence, if it speaks of the same thing, says otherwise rather than less.
    """

    kind: Kind
    reason: str
    contradicts: bool = False


def objections(
    text: str, evidence: Sequence[str], language: str | None, evidence_languages: Sequence[str | None]
) -> list[str]:
    """The reasons why the text says more than its evidence; empty when it passes.

    Args:
        text: One claim.
        evidence: The sentences it cites.
        language: The claim's language, ISO 639-1; detected when None.
        evidence_languages: One for each sentence of the evidence; detected where None.
    """
    return [objection.reason for objection in examine(text, evidence, language, evidence_languages)]


def examine(
    text: str,
    evidence: Sequence[str],
    language: str | None,
    evidence_languages: Sequence[str | None],
    *,
    attributed: bool = False,
) -> list[Objection]:
    """The objections to a text, those about figures first; see `objections`.

    Args:
        text: One claim.
        evidence: The sentences it cites.
        language: Of the claim.
        evidence_languages: Of each sentence.
        attributed: Whether the reader is told beside the text who said it.
    """
    if any(" ".join(text.split()) == " ".join(each.split()) for each in evidence):
        return []
    claim, sources = _read(text, evidence, language, evidence_languages)
    found = [*_figures(claim, sources), *_names(claim, sources), *_swaps(claim, sources)]
    comparable = [source for source in sources if source.language in markers.LANGUAGES or source.language is None]
    if comparable and (claim.language is None or claim.language in markers.LANGUAGES):
        found += _negation(claim, comparable)
        found += _opposites(claim, comparable)
        found += _hedges(claim, comparable)
        if not attributed:
            found += _attribution(claim, comparable)
    return found


def content(text: str, language: str | None) -> list[frozenset[str]]:
    """For each content word of a text the keys by which it can be found in another language.

    Keys are stems, the first letters of longer words, and names of ``rag.concepts``; two words that share one may mean
    the same.
    """
    return [token.keys for token in _Source.read(text, language).tokens]


def spoken(text: str, language: str | None) -> str | None:
    """The language that a sentence is written in: the one supposed, unless it is hardly likely and another is."""
    if language is None or len(text) < 25:
        return language or languages.detect(text)
    likely = languages.probabilities(text)
    best = max(likely, key=lambda code: likely[code], default=language)
    return best if likely.get(best, 0.0) >= 0.5 and likely.get(language, 0.0) < 0.15 else language


def unknown(
    text: str, evidence: Sequence[str], language: str | None, evidence_languages: Sequence[str | None]
) -> list[Objection]:
    """The figures and names of a text that its evidence lacks: enough for a topic, which states nothing."""
    claim, sources = _read(text, evidence, language, evidence_languages)
    return [*_figures(claim, sources), *_names(claim, sources)]


def _read(
    text: str, evidence: Sequence[str], language: str | None, evidence_languages: Sequence[str | None]
) -> tuple[_Source, list[_Source]]:
    """The claim and the sentences, each in its language; a claim cut out of a sentence has that sentence's."""
    codes = [code or languages.detect(each) for each, code in zip(evidence, evidence_languages, strict=True)]
    whole = next((code for each, code in zip(evidence, codes, strict=True) if text in each), None)
    language = whole or spoken(text, language)
    return _Source.read(text, language), [_Source.read(*each) for each in zip(evidence, codes, strict=True)]


@dataclass(frozen=True, slots=True)
class _Token:
    """A content word: where it stands and the keys under which it may be found in another language."""

    start: int
    keys: frozenset[str]
    capital: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """A sentence as the guard sees it."""

    text: str
    folded: str
    language: str | None
    figures: tuple[figures.Figure, ...]
    tokens: tuple[_Token, ...]

    @staticmethod
    @functools.lru_cache(maxsize=2048)
    def read(text: str, language: str | None) -> _Source:
        """The sentence taken apart."""
        text = number_words.digits(text, language)
        folded = fold(_MONTH_OF_MAY.sub("   ", text) if language in {"en", None} else text)
        return _Source(
            text, folded, language, tuple(figures.read(text, language)), tuple(_tokens(text, folded, language))
        )


_MONTH_OF_MAY = re.compile(r"(?<=\w )May(?= |,|\.)|May(?= \d)")
_WORD = re.compile(r"[^\W\d_]+|\d+(?:[., ]\d{3}(?!\d))*(?:[.,]\d+)?")
_ID_PREFIX = re.compile(r"^(?:meng|meny|men|mem|me|di|ber|ter|peng|pen|pem|pe|ke|se)(?=\w{4})")
_STOP = frozenset(word for listed in STOP_WORDS.values() for word in listed) | frozenset(
    word for line in lines("functions") for word in line.split()
)


def _tokens(text: str, folded: str, language: str | None) -> Iterator[_Token]:
    for match in _WORD.finditer(folded):
        word = match.group()
        if word[0].isdigit():
            yield _Token(match.start(), frozenset({f"d:{re.sub(r'[^0-9]', '', word)}"}), False)
            continue
        if (word in _STOP and word != "against") or len(word) < 2:
            continue
        keys = {f"s:{stem}" for stem in stems(word, language)} | {f"c:{name}" for name in concepts.of(word)}
        if word in NAMES and (len(word) > 3 or text[match.start() : match.end()].isupper()):
            keys.add(f"n:{NAMES[word]}")
        if word in MONTHS:
            keys.add(f"m:{MONTHS[word]}")
        root = _ID_PREFIX.sub("", word) if language in {"id", None} else word
        if len(root) >= 5:
            keys.add(f"p:{root[:5]}")
        yield _Token(match.start(), frozenset(keys), text[match.start()].isupper())


def _figures(claim: _Source, sources: Sequence[_Source]) -> Iterator[Objection]:
    known = [figure for source in sources for figure in source.figures]
    numbers = {number for source in sources for number in figures.all_numbers(source.text)}
    for figure, reason in figures.unsupported(claim.figures, known, numbers):
        yield Objection("figure", reason, contradicts=any(figures.rival(figure, other) for other in known))
    for number in figures.loose_numbers(claim.text, claim.figures):
        if number not in numbers:
            yield Objection("figure", f"The number {number!r} is not in the cited sentences.")


def _names(claim: _Source, sources: Sequence[_Source]) -> Iterator[Objection]:
    pool = naming.Pool([source.text for source in sources], [source.language for source in sources])
    for name in naming.missing(claim.text, claim.language, pool):
        yield Objection("name", f"{name.printed!r} is not named in the cited sentences.")


def _swaps(claim: _Source, sources: Sequence[_Source]) -> Iterator[Objection]:
    mine = _reading(claim)
    found = (reason for source in sources for reason in swaps.find(mine, _reading(source)))
    for reason in itertools.islice(found, 1):
        yield Objection("swap", reason, contradicts=True)


def _reading(source: _Source) -> swaps.Reading:
    tokens = [(token.start, token.keys) for token in source.tokens if not token.capital]
    return swaps.Reading(source.folded, naming.read(source.text, source.language), source.figures, tokens)


_CLAUSE = re.compile(
    r"[;:,–—()]| - |\b(?:but|while|whereas|although|though|mais|alors que|tandis que|bien que|tetapi|tapi|namun"
    r"|sedangkan|sementara|meski|meskipun|aber|wahrend|obwohl|pero|mientras|aunque)\b"
)
_STRONG = re.compile(
    r"[;:—]|\b(?:but|while|whereas|mais|alors que|tandis que|tetapi|tapi|namun|sedangkan|aber|pero|mientras)\b"
)


_ACCORDING = re.compile(
    r"according|reported|alleg|rumou|suppos|purport|opinion|view|selon|d'apres|aux dires|mon avis|pour moi|presum"
    r"|menurut|konon|kabar|lapor|rumor|isu|laut|zufolge|angeblich|nach angaben|segun|supuest|presunt|al parecer|据"
)
Scope = Literal["clause", "sentence", "report"]
"""How far a marker reaches: to the end of its clause, past commas, or as far as what somebody is said to say."""


def _governed(source: _Source, matches: Sequence[re.Match[str]], scope: Scope) -> tuple[list[_Token], list[_Token]]:
    """The words that markers govern and those they leave free.

    What stands before a marker in its own clause, the subject mostly, is neither.
    """
    inside: set[_Token] = set()
    neutral: set[_Token] = set()
    for match in matches:
        start, end = _reach(source, match, scope)
        begin = max((each.end() for each in _CLAUSE.finditer(source.folded, 0, match.start())), default=0)
        inside |= {token for token in source.tokens if start <= token.start < end}
        neutral |= {token for token in source.tokens if begin <= token.start < match.start()}
    outside = [token for token in source.tokens if token not in inside | neutral]
    return [token for token in source.tokens if token in inside], outside


def _reach(source: _Source, match: re.Match[str], scope: Scope) -> tuple[int, int]:
    """Where the words begin and end that a marker governs."""
    length = len(source.folded)
    if scope == "report":
        if source.folded.rstrip().endswith(":"):
            return length, length  # what is said follows in another sentence
        after = sum(token.start >= match.end() and not token.capital for token in source.tokens)
        is_preposition = _ACCORDING.search(match.group()) is not None
        return (0 if is_preposition or after < 3 else match.end()), length
    breaks = (_STRONG if scope == "sentence" else _CLAUSE).finditer(source.folded, match.start())
    end = next((each.start() for each in breaks), length)
    is_last = not any(match.end() <= token.start < end for token in source.tokens)
    if is_last or source.language in {"de", "zh"}:  # what it governs stands before it
        return max((each.end() for each in _CLAUSE.finditer(source.folded, 0, match.start())), default=0), end
    return match.start(), end


def _keys(tokens: Sequence[_Token]) -> set[str]:
    return {key for token in tokens for key in token.keys}


def _rests_on(
    claim: _Source, sources: Sequence[_Source], found: Sequence[Sequence[re.Match[str]]], scope: Scope
) -> bool:
    """Whether the claim rests on words that the markers govern rather than on others."""
    inside: list[_Token] = []
    outside: list[_Token] = []
    for source, matches in zip(sources, found, strict=True):
        governed, free = _governed(source, matches, scope)
        inside, outside = inside + governed, outside + free
    keys, others = _keys(inside), _keys(outside)
    only_inside = sum(bool(token.keys & keys) and not token.keys & others for token in claim.tokens)
    only_outside = sum(bool(token.keys & others) and not token.keys & keys for token in claim.tokens)
    if only_inside == only_outside == 0:
        return len(inside) > 2 * len(outside)
    return only_inside > only_outside or only_inside >= max(2, 0.5 * len(inside))


def _negation(claim: _Source, sources: Sequence[_Source]) -> Iterator[Objection]:
    negated = markers.negations(claim.folded, claim.language)
    softly = markers.find(markers.LEXICAL, claim.folded, claim.language)
    found = [
        [
            *markers.negations(source.folded, source.language),
            *markers.find(markers.DENIAL, source.folded, source.language),
        ]
        for source in sources
    ]
    if negated:
        lexical = {word for source in sources for word in _lexical(source)}
        if not any(markers.negations(source.folded, source.language) for source in sources) and (
            (not any(found) and not lexical) or lexical & _lexical(claim)
        ):
            yield Objection(
                "negation",
                f"The text says {negated[0].group()!r}; the cited sentences do not negate it.",
                contradicts=True,
            )
    elif not softly and any(found) and (_rests_on(claim, sources, found, "clause") or _repeats(claim, sources, found)):
        words = next(matches[0].group() for matches in found if matches)
        yield Objection(
            "negation", f"The cited sentences negate this ({words!r}); the text does not.", contradicts=True
        )


def _lexical(source: _Source) -> set[str]:
    """The keys of the words that carry a negation in their meaning."""
    spans = [match.span() for match in markers.find(markers.LEXICAL, source.folded, source.language)]
    return _keys([token for token in source.tokens if any(start <= token.start < end for start, end in spans)])


def _repeats(claim: _Source, sources: Sequence[_Source], found: Sequence[Sequence[re.Match[str]]]) -> bool:
    """Whether the claim has one of the two words after a marker (or before, where none follow), and only from there."""
    said = _keys(claim.tokens)
    for source, matches in zip(sources, found, strict=True):
        for match in matches:
            after = [token for token in source.tokens if match.end() <= token.start and not token.capital][:2]
            after = (
                after or [token for token in source.tokens if token.start < match.start() and not token.capital][-2:]
            )
            others = {key for each in sources for token in each.tokens if token not in after for key in token.keys}
            if any((token.keys & said) - others for token in after):
                return True
    return False


def _opposites(claim: _Source, sources: Sequence[_Source]) -> Iterator[Objection]:
    if markers.negations(claim.folded, claim.language) or any(markers.negations(s.folded, s.language) for s in sources):
        return
    said = _keys(claim.tokens)
    known = {key for source in sources for key in _keys(source.tokens)}
    for pair in concepts.OPPOSITES:
        for one, other in (pair, pair[::-1]):
            if f"c:{one}" in said and f"c:{other}" not in said and f"c:{other}" in known and f"c:{one}" not in known:
                yield Objection(
                    "opposite", f"The text says {one!r} where the cited sentences say {other!r}.", contradicts=True
                )


_HEDGES = (
    ("possible", markers.POSSIBLE, (markers.POSSIBLE, markers.FORECAST, markers.INTENDED)),
    ("expected", markers.FORECAST, (markers.POSSIBLE, markers.FORECAST, markers.INTENDED)),
    ("intended", markers.INTENDED, (markers.POSSIBLE, markers.FORECAST, markers.INTENDED, markers.FUTURE)),
    ("in the future", markers.CERTAIN_FUTURE, (markers.POSSIBLE, markers.FORECAST, markers.INTENDED, markers.FUTURE)),
)


def _hedges(claim: _Source, sources: Sequence[_Source]) -> Iterator[Objection]:
    for name, table, accepted in _HEDGES:
        found = [_hedging(table, source) for source in sources]
        if not any(found) or not (_rests_on(claim, sources, found, "sentence") or _repeats(claim, sources, found)):
            continue
        if not any(
            markers.find(each, claim.folded, claim.language) for each in (*accepted, markers.ABLE)
        ) and not _conditional(claim):
            words = next(matches[0].group() for matches in found if matches)
            yield Objection(
                "hedge", f"The cited sentences only call this {name} ({words!r}); the text states it as a fact."
            )
            return


def _hedging(table: markers.Table, source: _Source) -> list[re.Match[str]]:
    """The words of a table, without those that only report: "estime la procureure"."""
    reported = {match.start() for match in markers.find(markers.REPORTED, source.folded, source.language)}
    found = markers.find(table, source.folded, source.language)
    return [match for match in found if table is markers.POSSIBLE or match.start() not in reported]


def _conditional(claim: _Source) -> bool:
    return claim.language == "fr" and markers.is_conditional_fr(claim.text)


_QUOTES = re.compile(r"[\"“”«»„]")


def _attribution(claim: _Source, sources: Sequence[_Source]) -> Iterator[Objection]:
    found = [markers.find(markers.REPORTED, source.folded, source.language) for source in sources]
    if not any(found) or not _rests_on(claim, sources, found, "report"):
        return
    tables = (markers.REPORTED, markers.ALSO_REPORTS)
    if any(markers.find(table, claim.folded, claim.language) for table in tables) or _QUOTES.search(claim.text):
        return
    words = next(matches[0].group() for matches in found if matches)
    yield Objection("attribution", f"The cited sentences only report this ({words!r}); the text must say who says it.")
