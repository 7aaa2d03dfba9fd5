"""Whether a text says more than the sentences it rests on, as far as words tell, across languages.

Critical tokens are compared: figures with their units and bounds, dates, names, negation, hedges, attribution, and
words that mean the opposite. What no word list can see passes: a verb changed into a related one, a wrong subject in a
sentence without other names, irony. In languages without word lists (see ``rag.markers.LANGUAGES``) only figures and
names are compared, and names not against scripts without capitals.

`unsaid` asks the other way round: whether the evidence has enough of what the text says. It stops what is invented
whole behind the right names. A text made of its evidence's own words passes, and so may one word shared by chance with
evidence in another language.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rag import concepts, figures, languages, markers, naming, scopes, swaps
from rag.reading import Reading, Token, keys_of, read
from rag.text import STOP_WORDS, fold
from rag.words import Table

Kind = Literal["figure", "name", "swap", "negation", "opposite", "hedge", "attribution", "unsaid"]

Similarity = Callable[[str, Sequence[str]], float]
"""How alike a text and the nearest of some sentences are, at most 1: the cosine of their vectors."""

SAID = 0.6
"""The share of a text's content words, names aside, that evidence in its language must have.

No faithful claim of tests/guard_pairs/tuned.txt has less (0.64), and no invented one of invented.txt has more than 0.4.
"""

SAID_ACROSS = 0.1
"""The same for evidence in another language: most words cannot be compared, so hardly more than one is asked for.

Twice as much would lose another tenth of the faithful claims of tuned.txt and stop few more of the invented ones.
"""

ALIKE = 0.8
"""From this cosine a text in its evidence's language says the same in other words.

Invented claims reach 0.72 in invented.txt by MiniLM, which the thresholds were first chosen for.
"""

ALIKE_ACROSS = 0.5
"""The same across languages. Invented claims reach 0.49 in invented.txt by an embedder trained for three languages."""


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

    Two words that share a key may mean the same; see ``rag.reading.Token``.
    """
    return [token.keys for token in read(text, language).tokens]


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


_WORDS = re.compile(r"[^\W_]+")
_CHINESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SPEAKER_WORDS = 8


def is_speaker(speaker: str, language: str | None, texts: Sequence[str], text_languages: Sequence[str | None]) -> bool:
    """Whether texts name a speaker and the speaker says nothing of its own, as "everybody agrees" would.

    Names alone are one, in any language, and so are a few words as one of the texts has them. A role that is translated
    cannot be told from a statement, so it is none.

    Args:
        speaker: Who is said to have said something.
        language: Of the speaker's name or role.
        texts: Passages, with their titles and authors.
        text_languages: Of each text.
    """
    folded = fold(speaker)
    words, stop = _WORDS.findall(folded), STOP_WORDS.get(language or "", frozenset())
    while words and words[0] in stop:
        del words[0]
    if not words or naming.missing(speaker, language, naming.Pool(texts, text_languages)):
        return False
    if is_name(speaker, language):
        return True
    tables = (markers.CERTAIN_FUTURE, markers.POSSIBLE, markers.FORECAST, markers.INTENDED, markers.REPORTED)
    states = markers.negations(folded, language) or any(markers.find(table, folded, language) for table in tables)
    if len(words) > _SPEAKER_WORDS or states or re.search(r"[.!?…。！？]$", speaker.strip()):
        return False
    return any(_has_run(text, words) for text in texts)


def is_name(text: str, language: str | None) -> bool:
    """Whether a text consists of names, function words aside."""
    names = {word for name in naming.read(text, language) for word in _WORDS.findall(fold(name.printed))}
    return set(_WORDS.findall(fold(text))) <= names | STOP_WORDS.get(language or "", frozenset())


def _has_run(text: str, words: Sequence[str]) -> bool:
    """Whether a text has the words one after the other."""
    run, found = " ".join(words), " ".join(_WORDS.findall(fold(text)))
    return run in found if _CHINESE.search(run) else f" {run} " in f" {found} "


def unsaid(
    text: str,
    evidence: Sequence[str],
    language: str | None,
    evidence_languages: Sequence[str | None],
    similarity: Similarity | None = None,
) -> Objection | None:
    """The objection to a text whose evidence does not say it, though nothing in it need be wrong.

    Its content words are looked for in the evidence, names aside: they say whom it is about and not what of them.
    Of what somebody is said to have said the words count by themselves.

    Args:
        text: One claim.
        evidence: The sentences it cites.
        language: Of the claim.
        evidence_languages: Of each sentence.
        similarity: Decides where too few of the words are found; without it they are too few.
    """
    if any(" ".join(text.split()) in " ".join(each.split()) for each in evidence):
        return None
    claim, sources = _read(text, evidence, language, evidence_languages)
    own = any(source.language == claim.language for source in sources)
    if _share(claim, sources) >= (SAID if own else SAID_ACROSS):
        return None
    if similarity is not None and similarity(text, evidence) >= (ALIKE if own else ALIKE_ACROSS):
        return None
    return Objection("unsaid", "The cited sentences do not say this.")


_THAT = re.compile(r"\b(?:that|whether|que|bahwa|dass)\b|\bqu'|:")


def _share(claim: Reading, sources: Sequence[Reading]) -> float:
    """The share of a claim's content words that the sources have, names aside; 1 when there is none."""
    known = {key for source in sources for key in keys_of(source.tokens)}
    names = [(name.start, name.start + len(name.printed)) for name in naming.read(claim.text, claim.language)]
    said = [token for token in claim.tokens if not any(start <= token.start < end for start, end in names)]
    reports = [match.end() for match in markers.find(markers.REPORTED, claim.folded, claim.language)]
    begins = [that.end() for that in _THAT.finditer(claim.folded) if any(end <= that.start() for end in reports)]
    return min(_found([token for token in said if token.start >= begin], known) for begin in (0, *begins[:1]))


def _found(tokens: Sequence[Token], known: set[str]) -> float:
    return sum(not known.isdisjoint(token.keys) for token in tokens) / len(tokens) if tokens else 1.0


def _read(
    text: str, evidence: Sequence[str], language: str | None, evidence_languages: Sequence[str | None]
) -> tuple[Reading, list[Reading]]:
    """The claim and the sentences, each in its language; a claim cut out of a sentence has that sentence's."""
    codes = [code or languages.detect(each) for each, code in zip(evidence, evidence_languages, strict=True)]
    whole = next((code for each, code in zip(evidence, codes, strict=True) if text in each), None)
    language = whole or spoken(text, language)
    return read(text, language), [read(*each) for each in zip(evidence, codes, strict=True)]


def _figures(claim: Reading, sources: Sequence[Reading]) -> Iterator[Objection]:
    known = [figure for source in sources for figure in source.figures]
    numbers = {number for source in sources for number in figures.all_numbers(source.text)}
    for figure, reason in figures.unsupported(claim.figures, known, numbers):
        yield Objection("figure", reason, contradicts=any(figures.rival(figure, other) for other in known))
    for number in figures.loose_numbers(claim.text, claim.figures):
        if number not in numbers:
            yield Objection("figure", f"The number {number!r} is not in the cited sentences.")


def _names(claim: Reading, sources: Sequence[Reading]) -> Iterator[Objection]:
    pool = naming.Pool([source.text for source in sources], [source.language for source in sources])
    for name in naming.missing(claim.text, claim.language, pool):
        yield Objection("name", f"{name.printed!r} is not named in the cited sentences.")


def _swaps(claim: Reading, sources: Sequence[Reading]) -> Iterator[Objection]:
    found = (reason for source in sources for reason in swaps.find(claim, source))
    for reason in itertools.islice(found, 1):
        yield Objection("swap", reason, contradicts=True)


def _negation(claim: Reading, sources: Sequence[Reading]) -> Iterator[Objection]:
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
    elif (
        not softly
        and any(found)
        and (scopes.rests_on(claim, sources, found, "clause") or scopes.repeats(claim, sources, found))
    ):
        words = next(matches[0].group() for matches in found if matches)
        yield Objection(
            "negation", f"The cited sentences negate this ({words!r}); the text does not.", contradicts=True
        )


def _lexical(source: Reading) -> set[str]:
    """The keys of the words that carry a negation in their meaning."""
    spans = [match.span() for match in markers.find(markers.LEXICAL, source.folded, source.language)]
    return keys_of([token for token in source.tokens if any(start <= token.start < end for start, end in spans)])


def _opposites(claim: Reading, sources: Sequence[Reading]) -> Iterator[Objection]:
    if markers.negations(claim.folded, claim.language) or any(markers.negations(s.folded, s.language) for s in sources):
        return
    said = keys_of(claim.tokens)
    known = {key for source in sources for key in keys_of(source.tokens)}
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


def _hedges(claim: Reading, sources: Sequence[Reading]) -> Iterator[Objection]:
    for name, table, accepted in _HEDGES:
        found = [_hedging(table, source) for source in sources]
        if not any(found) or not (
            scopes.rests_on(claim, sources, found, "sentence") or scopes.repeats(claim, sources, found)
        ):
            continue
        if not any(
            markers.find(each, claim.folded, claim.language) for each in (*accepted, markers.ABLE)
        ) and not _conditional(claim):
            words = next(matches[0].group() for matches in found if matches)
            yield Objection(
                "hedge", f"The cited sentences only call this {name} ({words!r}); the text states it as a fact."
            )
            return


def _hedging(table: Table, source: Reading) -> list[re.Match[str]]:
    """The words of a table, without those that only report: "estime la procureure"."""
    reported = {match.start() for match in markers.find(markers.REPORTED, source.folded, source.language)}
    found = markers.find(table, source.folded, source.language)
    return [match for match in found if table is markers.POSSIBLE or match.start() not in reported]


def _conditional(claim: Reading) -> bool:
    return claim.language == "fr" and markers.is_conditional_fr(claim.text)


_QUOTES = re.compile(r"[\"“”«»„]")


def _attribution(claim: Reading, sources: Sequence[Reading]) -> Iterator[Objection]:
    found = [markers.find(markers.REPORTED, source.folded, source.language) for source in sources]
    if not any(found) or not scopes.rests_on(claim, sources, found, "report"):
        return
    tables = (markers.REPORTED, markers.ALSO_REPORTS)
    if any(markers.find(table, claim.folded, claim.language) for table in tables) or _QUOTES.search(claim.text):
        return
    words = next(matches[0].group() for matches in found if matches)
    yield Objection("attribution", f"The cited sentences only report this ({words!r}); the text must say who says it.")
