"""A gold question beside what a system answered, in the units that measures compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag.documents import Filter, Span
from rag.errors import UsageError
from rag.gold import GoldQuestion, GoldSpan
from rag.results import Trial
from rag.span_metrics import (
    ENOUGH,
    Alternatives,
    Place,
    Unit,
    Validity,
    character_units,
    recalled,
    sentence_units,
    validity,
)

if TYPE_CHECKING:
    from rag.index import Index


@dataclass(frozen=True, slots=True)
class Library:
    """What measures need to know of the documents of a corpus, each mapping by document id.

    Attributes:
        texts: The exact texts.
        sentences: The sentences outside boilerplate, in order.
        passages: The passages that are retrieved, in order; of documents with gold.
        languages: ISO 639-1, or None.
        copies: For a document that is a copy or translation of another, or has one, the id that stands for them all.
    """

    texts: Mapping[str, str]
    sentences: Mapping[str, Sequence[Span]]
    passages: Mapping[str, Sequence[Span]]
    languages: Mapping[str, str | None]
    copies: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, index: Index, questions: Sequence[GoldQuestion], origins: Sequence[Sequence[str]] = ()) -> Library:
        """The library of an index.

        Args:
            index: Holds the documents.
            questions: Gold over these documents.
            origins: Documents that are copies or translations of one another, a list for each article.

        Raises:
            UsageError: A gold span or an origin names a document that is not indexed, or the document has other
                characters there.
        """
        documents = {source.id: found for source in index.sources() if (found := index.document(source.id))}
        texts = {name: document.text for name, document in documents.items()}
        for question in questions:
            _check(question, texts)
        for name in (name for group in origins for name in group if name not in texts):
            raise UsageError(f"The suite's origins name {name!r}, which is not indexed.", "Correct that name.")
        marked = sorted({span.document for question in questions for span in question.spans()})
        passages: dict[str, list[Span]] = {name: [] for name in marked}
        for passage in index.passages(index.keys(Filter(documents=tuple(marked)))) if marked else ():
            passages[passage.chunk.document].append(passage.chunk.span)
        return cls(
            texts,
            {name: [sentence.span for sentence in document.sentences] for name, document in documents.items()},
            passages,
            {name: document.source.language for name, document in documents.items()},
            {name: group[0] for group in origins for name in group},
        )


def _check(question: GoldQuestion, texts: Mapping[str, str]) -> None:
    for span in question.spans():
        text = texts.get(span.document)
        if text is None:
            raise UsageError(
                f"The gold of {question.id!r} stands in {span.document!r}, which is not indexed.",
                "Put the file back, name its folder under documents in the suite, or index it: rag index PATH",
            )
        if span.span.of(text) != span.quote:
            raise UsageError(
                f"The gold of {question.id!r} says that {span.document!r} has {span.quote[:60]!r} at {span.start}, "
                "and it has not.",
                "The file or the gold was changed; see where: rag eval check-gold FILE",
            )


@dataclass(frozen=True)
class Reference:
    """A gold question, with its spans in the units of the documents.

    Attributes:
        gold: The question.
        library: The documents.
    """

    gold: GoldQuestion
    library: Library

    @cached_property
    def nuggets(self) -> list[Alternatives]:
        """The sentences of each nugget's spans."""
        sentences = self.library.sentences
        return [[sentence_units([_place(span)], sentences) for span in nugget.spans] for nugget in self.gold.nuggets]

    @cached_property
    def characters(self) -> list[Alternatives]:
        """The characters of each nugget's spans."""
        return [[character_units([_place(span)]) for span in nugget.spans] for nugget in self.gold.nuggets]

    @cached_property
    def vital(self) -> list[int]:
        """The places of the vital nuggets among the nuggets."""
        return [place for place, nugget in enumerate(self.gold.nuggets) if nugget.vital]

    @cached_property
    def documents(self) -> frozenset[str]:
        """The documents that state a vital nugget."""
        return frozenset(span.document for place in self.vital for span in self.gold.nuggets[place].spans)

    @cached_property
    def passages(self) -> frozenset[Place]:
        """The passages that state a vital nugget."""
        spans = [span for place in self.vital for span in self.gold.nuggets[place].spans]
        return frozenset(
            Place(span.document, passage)
            for span in spans
            for passage in self.library.passages.get(span.document, ())
            if min(span.end, passage.end) - max(span.start, passage.start) >= ENOUGH * (span.end - span.start)
        )

    @cached_property
    def languages(self) -> frozenset[str]:
        """The languages of the documents that state a vital nugget."""
        found = (self.library.languages.get(document) for document in self.documents)
        return frozenset(code for code in found if code)

    @property
    def cluster(self) -> str:
        """The story; without one the document of the first span; without any the question itself."""
        first = next(self.gold.spans(), None)
        return self.gold.story or (first.document if first else self.gold.id)


def _place(span: GoldSpan) -> Place:
    return Place(span.document, span.span)


@dataclass(frozen=True)
class Case:
    """A gold question with the answer to it.

    Attributes:
        reference: The gold.
        answer: The ``answer/1`` object.
        hits: As ``Trial.hits``.
        sister: The case of the question that this one asks in other words; None without one.
    """

    reference: Reference
    answer: Mapping[str, Any]
    hits: Sequence[Mapping[str, Any]] = ()
    sister: Case | None = None

    @classmethod
    def of(cls, reference: Reference, trial: Trial, sister: Case | None = None) -> Case | None:
        """The case of a trial; None when it has no answer."""
        return None if trial.answer is None else cls(reference, trial.answer, trial.hits, sister)

    @property
    def gold(self) -> GoldQuestion:
        """The question."""
        return self.reference.gold

    @property
    def declined(self) -> bool:
        """Whether the system abstained."""
        return bool(self.answer["status"] == "unanswerable")

    @cached_property
    def spans(self) -> list[Mapping[str, Any]]:
        """Every quotation, of claims and of the sides of conflicts."""
        sides = [side for conflict in self.answer["conflicts"] for side in conflict["positions"]]
        return [span for said in (*self.answer["claims"], *sides) for span in said["spans"]]

    @cached_property
    def validities(self) -> list[Validity]:
        """Where each quotation really stands."""
        texts = self.reference.library.texts
        return [
            validity(span["quote"], Span(span["start"], span["end"]), texts.get(span["document"]))
            for span in self.spans
        ]

    @cached_property
    def cited(self) -> frozenset[Unit]:
        """The sentences that are cited."""
        return self.sentences(self.spans)

    @cached_property
    def cited_characters(self) -> frozenset[Unit]:
        """The characters that are cited."""
        return character_units(_places(self.spans))

    @cached_property
    def found(self) -> frozenset[int]:
        """The places of the nuggets that the citations state."""
        nuggets = enumerate(self.reference.characters)
        return frozenset(place for place, nugget in nuggets if recalled(nugget, self.cited_characters))

    def sentences(self, spans: Sequence[Mapping[str, Any]]) -> frozenset[Unit]:
        """The sentences that some quotations touch."""
        return sentence_units(_places(spans), self.reference.library.sentences)

    @property
    def short_answer(self) -> str | None:
        """The few words that the system gives as the answer; None when it gives none."""
        direct: str | None = self.answer.get("direct")
        return direct


def _places(spans: Sequence[Mapping[str, Any]]) -> Iterator[Place]:
    for span in spans:
        yield Place(span["document"], Span(span["start"], span["end"]))
