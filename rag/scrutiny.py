"""What a model worded held against the sentences it names: what it says beyond them, and whom it may quote."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from rag.documents import Hit, Span
from rag.embedding_client import OpenAIEmbedder

if TYPE_CHECKING:
    from rag.embedding import Embedder
    from rag.guard import Similarity

_INDIVISIBLE = frozenset({"number", "money", "percent"})  # a part of a date is less, and still true


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence that a text names.

    Attributes:
        hit: The passage it stands in.
        position: Its number in the passage, from 0.
    """

    hit: Hit
    position: int

    @property
    def text(self) -> str:
        """Its characters."""
        return self.hit.chunk.sentence_text(self.position)

    @property
    def language(self) -> str | None:
        """ISO 639-1, or None."""
        return self.hit.chunk.sentences[self.position].language


def resolve(ids: Iterable[str], hits: Sequence[Hit]) -> list[Cited]:
    """The sentences that ids "P.S" name; an id that names none gives nothing.

    Args:
        ids: Passage and sentence, both from 1.
        hits: The passages, in the order in which they count.
    """
    found = []
    for each in ids:
        passage, _, sentence = each.partition(".")
        if not (_is_count(passage) and _is_count(sentence)):
            continue
        if int(passage) <= len(hits) and int(sentence) <= len(hits[int(passage) - 1].chunk.sentences):
            found.append(Cited(hits[int(passage) - 1], int(sentence) - 1))
    return found


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and int(text) > 0


@dataclass(frozen=True, slots=True)
class Scrutiny:
    """What texts in other words than their sources are held to, by ``rag.guard``.

    Attributes:
        language: The language that they are supposed to be written in.
        similarity: Decides where a text shares few words with its sentences; without it such a text is objected to.
    """

    language: str | None
    similarity: Similarity | None = None

    def objections(self, text: str, cited: Sequence[Cited], *, attributed: bool = False) -> list[str]:
        """What the text says beyond the sentences it cites, a sentence for each; empty when nothing tells.

        Args:
            text: One statement, or a topic.
            cited: Its sentences.
            attributed: Whether the reader is told beside the text who said it.
        """
        from rag import guard  # word lists and patterns, of no use to extractive answers

        if found := self.changes(text, cited, attributed=attributed):
            return found
        evidence, languages = [each.text for each in cited], [each.language for each in cited]
        unsaid = guard.unsaid(text, evidence, self.language, languages, self.similarity)
        return [] if unsaid is None else [unsaid.reason]

    def changes(self, text: str, cited: Sequence[Cited], *, attributed: bool = False) -> list[str]:
        """What the text says otherwise than its sentences, as ``objections``, but not that they do not say it at all.

        It is enough for words that are known to be theirs and may have lost a "not" or an "about".
        """
        from rag import guard

        evidence, languages = [each.text for each in cited], [each.language for each in cited]
        found = guard.examine(text, evidence, self.language, languages, attributed=attributed)
        return [objection.reason for objection in found]

    def stands_alone(self, span: Span, text: str, cited: Sequence[Cited], *, attributed: bool = False) -> bool:
        """Whether a part of a statement says by itself nothing else than the statement does.

        "150 metres" is a part of "at most 150 metres", of "not 150 metres" and of "150 metres per second".
        """
        from rag import figures

        for figure in figures.read(text, self.language):
            whole = Span(figure.start, figure.start + len(figure.printed))
            if (
                figure.kind in _INDIVISIBLE
                and span.overlaps(whole)
                and not (span.start <= whole.start and whole.end <= span.end)
            ):
                return False
        return not self.changes(span.of(text), cited, attributed=attributed)

    def is_speaker(self, speaker: str, cited: Sequence[Cited]) -> bool:
        """Whether the passages of these sentences name the speaker, their titles and authors included."""
        from rag import guard

        hits = {each.hit.chunk.id: each.hit for each in cited}.values()
        texts = [" ".join(filter(None, (hit.chunk.text, hit.source.title, hit.source.author))) for hit in hits]
        return guard.is_speaker(speaker, self.language, texts, [hit.chunk.language for hit in hits])

    def adds_nothing(self, topic: str, text: str) -> bool:
        """Whether a topic has no name and no figure that a text in the same language lacks."""
        from rag import guard

        return not guard.unknown(topic, [text], self.language, [self.language])


def similarity_by(embedder: Embedder) -> Similarity | None:
    """The similarity of texts by an embedder; what was compared lately is not embedded again.

    None for a server's models: by some of them any two texts are alike, so the thresholds of ``rag.guard`` do not fit.
    """
    return None if isinstance(embedder, OpenAIEmbedder) else _similarity(cast("Any", embedder))


@functools.lru_cache(maxsize=2)
def _similarity(embedder: Any) -> Similarity:
    @functools.lru_cache(maxsize=512)
    def nearest(text: str, sentences: tuple[str, ...]) -> float:
        vectors, _ = embedder.embed_passages([text, *sentences], [[] for _ in range(len(sentences) + 1)])
        return float((vectors[1:] @ vectors[0]).max())

    return lambda text, sentences: nearest(text, tuple(sentences))
