"""Whether sources bear out a text that somebody else wrote, sentence by sentence.

For each sentence the nearest sentences of the sources are looked up, by words, by words that several languages share
(``rag.concepts``, names, figures) and by the embedder, and ``rag.guard`` compares figures, names, negation, hedges and
attribution. Quotations must stand in a source word for word.

What it cannot do: it does not understand. In one language a sentence passes when nearly all its content words stand in
the sentences found and the guard has no objection, so a false statement made of the source's own words may pass, and a
true one in quite other words is "not found". Across languages fewer words can be compared and more of both happens: of
claims that nothing was fitted on, nearly all in another language than their source, half of the faithful ones were
found, and a tenth of the altered ones passed. The shipped embedder knows English best. Names are not compared with
sources in scripts without capitals. "Contradicted" means that a sentence on the same thing differs in a figure, a
negation, an opposite or who did what: a reason to look, not a proof. What needs arithmetic, knowledge of the world or
more than a few sentences is "not found".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag import concepts, guard, languages, loaders, markup, sentences
from rag.answers import Quotation
from rag.documents import Document, Span
from rag.embedding import Embedder
from rag.errors import DocumentError, UsageError
from rag.guard import Objection
from rag.scanning import readable, resolve_roots, scan
from rag.sourcebook import Sourcebook
from rag.text import words

State = Literal["supported", "contradicted", "not found", "no statement"]
STATES: tuple[State, ...] = ("supported", "contradicted", "not found", "no statement")

SAME_LANGUAGE = 0.7
"""The share of a sentence's content words, rare ones weighing more, that sources of its language must have."""

OTHER_LANGUAGE = 0.33
"""The same for sources in another language, where most words cannot be compared."""

_FEWEST = 3
"""Words that a source in another language must share at least, however few the statement has."""

_CANDIDATES = 6
_WITH_NEIGHBOURS = 3
_OPPOSING = frozenset(f"c:{name}" for pair in concepts.OPPOSITES for name in pair)


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence of the text and what the sources say to it.

    Attributes:
        start: First code point in the text.
        end: One past the last code point.
        text: ``text[start:end]``.
        state: "supported", "contradicted", "not found", or "no statement" (a question, a heading, no words).
        evidence: The sentences that bear it out or contradict it, or else the nearest one; may be empty.
        reason: Why it is not supported, for a reader, or how weakly; "" when there is nothing to say.
    """

    start: int
    end: int
    text: str
    state: State
    evidence: tuple[Quotation, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Every sentence of the text, in order.

    Attributes:
        sentences: What became of each.
        documents: How many sources were read.
        unreadable: Sources that could not be read, with the reason: (name, message).
    """

    sentences: tuple[Checked, ...]
    documents: int
    unreadable: tuple[tuple[str, str], ...] = ()

    @property
    def counts(self) -> dict[State, int]:
        """How many sentences are in each state, all four states present."""
        counted = Counter(sentence.state for sentence in self.sentences)
        return {state: counted[state] for state in STATES}

    @property
    def holds(self) -> bool:
        """Whether no sentence is contradicted or not found; sources that could not be read do not count."""
        return not (self.counts["contradicted"] or self.counts["not found"])


def read_sources(paths: Sequence[Path]) -> tuple[list[Document], list[tuple[str, str]]]:
    """The documents in some files and folders, and the names of those that could not be read with the reason.

    Raises:
        UsageError: No path is given, one does not exist, or there is no document in any.
    """
    if not paths:
        raise UsageError("No source is named.", "Name files or folders: rag check answer.md --sources seeds")
    found = scan(resolve_roots(paths, [])[0])
    documents: list[Document] = []
    unreadable = [(failure.name, failure.message) for failure in found.failures]
    for name, file in found.files.items():
        try:
            documents.append(loaders.load(file.path, name))
        except DocumentError as error:
            unreadable.append((name, error.message))
    if not documents:
        names = ", ".join(repr(readable(str(path))) for path in paths)
        raise UsageError(f"There is no document to check against in {names}.", "Name text or Markdown files.")
    return documents, unreadable


def check_text(
    text: str,
    sources: Sequence[Document],
    *,
    embedder: Embedder | None = None,
    unreadable: Sequence[tuple[str, str]] = (),
) -> CheckReport:
    """What the sources say to every sentence of a text.

    Args:
        text: Plain or Markdown, by anybody; it is compared and never obeyed, rendered or run.
        sources: From `read_sources`.
        embedder: Finds sentences in other words; without one only words count.
        unreadable: Passed on to the report.

    Raises:
        UsageError: There is no sentence in the text.
        EmbeddingError: The embedder failed.
    """
    plain = markup.plain(text)
    language = languages.detect(plain)
    spans = sentences.split(plain, language)
    if not any(words(span.of(plain)) for span in spans):
        raise UsageError("There is nothing to check: the text has no sentence.", "Hand in the text to be checked.")
    checker = _Checker(text, plain, Sourcebook(sources, embedder))
    checked = [checker.check(span, guard.spoken(span.of(plain), language)) for span in spans]
    return CheckReport(tuple(checked), len(sources), tuple(unreadable))


@dataclass(frozen=True, slots=True)
class _Finding:
    """What some sentences of the sources, taken together, say to a statement."""

    numbers: tuple[int, ...]
    objections: tuple[Objection, ...]
    share: float
    """How much of the statement's words they have, 0 to 1."""
    covers: bool
    """Whether they are on the same thing."""


class _Checker:
    def __init__(self, text: str, plain: str, book: Sourcebook) -> None:
        self._text = text
        self._plain = plain
        self._book = book
        self._quoted = list(markup.quotations(plain))

    def check(self, span: Span, language: str | None) -> Checked:
        """What became of the sentence at a span of the text."""
        statement = " ".join(span.of(self._plain).split())
        quoted = [part for part in self._quoted if part.overlaps(span)]
        if not words(statement) or (statement.endswith(("?", "？")) and not quoted):
            return self._checked(span, "no statement")
        places: list[Quotation] = []
        for part in quoted:
            found = self._book.verbatim(part.of(self._plain))
            if not found:
                return self._misquoted(span, part, language)
            places += found
        if places and not words(_without(self._plain, span, quoted)):
            return self._checked(span, "supported", tuple(dict.fromkeys(places)))
        return self._stated(span, statement, language, places)

    def _checked(self, span: Span, state: State, evidence: tuple[Quotation, ...] = (), reason: str = "") -> Checked:
        return Checked(span.start, span.end, span.of(self._text), state, evidence, reason)

    def _misquoted(self, span: Span, part: Span, language: str | None) -> Checked:
        nearest = self._book.nearest(part.of(self._plain), language, 1)
        evidence = self._quotations(nearest)
        quoted = " ".join(part.of(self._plain).split())
        return self._checked(span, "not found", evidence, f"No source has these words: “{quoted}”.")

    def _stated(self, span: Span, statement: str, language: str | None, places: Sequence[Quotation]) -> Checked:
        nearest = self._book.nearest(statement, language, _CANDIDATES)
        groups = self._groups(nearest, places)
        if markup.is_heading(self._text, span.start) and not self._is_new(statement, language, nearest):
            return self._checked(span, "no statement")
        # Sources in the statement's own language first: in another one less can be compared.
        found: list[_Finding] = []
        for numbers in sorted(groups, key=lambda numbers: language not in map(self._book.language, numbers)):
            finding = self._finding(statement, language, numbers)
            if self._bears_out(finding, found, language):
                own = language in map(self._book.language, numbers)
                return self._supported(span, numbers, places, own=own)
            found.append(finding)
        return self._unsupported(span, found)

    def _bears_out(self, finding: _Finding, before: Sequence[_Finding], language: str | None) -> bool:
        """Whether sentences bear the statement out, after what those before them said.

        Neighbours may name who or when it was, but not outvote a sentence that says otherwise, and neither may a
        sentence in another language; that counts only if it has more of the words than those in the statement's own.
        """
        if not finding.share or finding.objections or not finding.covers:
            return False
        numbers = set(finding.numbers)
        if any(numbers > set(each.numbers) and any(one.contradicts for one in each.objections) for each in before):
            return False
        if language in map(self._book.language, finding.numbers):
            return True
        if any(each.covers and each.objections and each.share >= finding.share for each in before):
            return False
        if finding.share >= SAME_LANGUAGE:
            return True
        own = [each.share for each in before if language in map(self._book.language, each.numbers)]
        return finding.share > max(own, default=0.0) and not any(each.covers for each in before)

    def _supported(self, span: Span, numbers: tuple[int, ...], places: Sequence[Quotation], *, own: bool) -> Checked:
        evidence = tuple(dict.fromkeys(places)) if places else self._quotations(numbers)
        reason = "" if own else "Only compared across languages: names, figures and some of the words."
        return self._checked(span, "supported", evidence, reason)

    def _groups(self, numbers: Sequence[int], places: Sequence[Quotation]) -> Iterator[tuple[int, ...]]:
        """Sets of sentences that may bear a statement out, the smallest and nearest first."""
        for place in places:
            holding = self._book.holding(place)
            for reach in range(3) if holding else ():
                yield tuple(dict.fromkeys(each for number in holding for each in self._book.around(number, reach)))
        yield from ((number,) for number in numbers)
        yield from (self._book.around(number) for number in numbers[:_WITH_NEIGHBOURS])

    def _finding(self, statement: str, language: str | None, numbers: tuple[int, ...]) -> _Finding:
        spoken = [self._book.language(number) for number in numbers]
        objections = guard.examine(statement, [self._book.text(number) for number in numbers], language, spoken)
        statement_words = guard.content(statement, language)
        own = language in spoken
        share, covers = self._coverage(statement_words, numbers, own=own)
        if any(objection.contradicts for objection in objections) and not covers:
            # What differs is no reason against being on the same thing.
            kinds = {objection.kind for objection in objections}
            rest = [keys for keys in statement_words if not ("opposite" in kinds and keys & _OPPOSING)]
            rest = [keys for keys in rest if not any(key.startswith("d:") for key in keys)]
            _, covers = self._coverage(rest, numbers, own=own)
        return _Finding(numbers, tuple(objections), share, covers)

    def _coverage(
        self, statement: Sequence[frozenset[str]], numbers: tuple[int, ...], *, own: bool
    ) -> tuple[float, bool]:
        """The share of a statement's words that some sentences have, and whether it is enough to be on one thing."""
        share, count = self._book.coverage(statement, numbers)
        if own:
            return share, share >= SAME_LANGUAGE
        return share, share >= OTHER_LANGUAGE and count >= min(_FEWEST, len(statement))

    def _is_new(self, statement: str, language: str | None, numbers: Sequence[int]) -> bool:
        """Whether a heading has a name or a figure that the sentences found do not have."""
        texts = [self._book.text(number) for number in numbers]
        return bool(guard.unknown(statement, texts, language, [self._book.language(number) for number in numbers]))

    def _unsupported(self, span: Span, found: Sequence[_Finding]) -> Checked:
        for finding in found:
            kinds = {objection.kind for objection in finding.objections}
            against = [objection for objection in finding.objections if objection.contradicts]
            if finding.covers and against and "name" not in kinds and len(finding.numbers) == 1:
                return self._checked(span, "contradicted", self._quotations(finding.numbers), _reason(against))
        about = next((finding for finding in found if finding.covers and finding.objections), None)
        if about is not None:
            return self._checked(span, "not found", self._quotations(about.numbers), _reason(about.objections))
        nearest = self._quotations(found[0].numbers) if found else ()
        return self._checked(span, "not found", nearest, "No sentence of the sources says this.")

    def _quotations(self, numbers: Sequence[int]) -> tuple[Quotation, ...]:
        return tuple(self._book.quotation(number) for number in numbers)


def _without(text: str, span: Span, parts: Sequence[Span]) -> str:
    """The characters of a span that are in none of the parts."""
    kept = bytearray(b"\1" * (span.end - span.start))
    for part in parts:
        for place in range(max(part.start, span.start), min(part.end, span.end)):
            kept[place - span.start] = 0
    return "".join(character for character, keep in zip(span.of(text), kept, strict=True) if keep)


def _reason(objections: Sequence[Objection]) -> str:
    return " ".join(objection.reason.replace("cited sentences", "sources") for objection in objections)
