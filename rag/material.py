"""What a briefing is written from: some documents, their sentences with vectors, and which are copies of one another.

Time and memory are bounded whatever the index holds: at most ``MOST_DOCUMENTS`` documents and ``MOST_PASSAGES``
passages are read, chosen by two rankings for a topic and, without one, around the middles of the corpus's groups.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rag import origins
from rag.documents import Document, Filter, Hit
from rag.embedding import Vectors
from rag.embedding_client import OpenAIEmbedder
from rag.retrieval import fuse
from rag.text import STOP_WORDS, fold
from rag.text import words as words_of

if TYPE_CHECKING:
    from rag.index import Index, Passage

MOST_DOCUMENTS = 40
MOST_PASSAGES = 320
"""The most documents and passages that a page is written from."""

_DEPTH = 400
"""How many passages of each ranking are looked at for a topic."""

_NEAR, _SOMEWHAT_NEAR = 0.42, 0.25
"""The least cosine of a topic and a document's nearest sentence, alone and for one that shares the topic's words."""

_NAMED_NEAR = 0.15
_SHARED_WORDS = 0.5
_SHORTEST_NAME = 3
_UNCASED = re.compile("[\u0590-\u08ff\u0900-\u109f\u0e00-\u0fff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SAMPLED = 20_000
_GROUPS = 8
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence of the material.

    Attributes:
        id: "P.S", as in a draft: the passage's and the sentence's number, from 1.
        text: As it stands in the document.
        language: ISO 639-1, or None.
        document: Which of the documents, from 0.
        place: Its place in the document, from 0.
        start: Its first code point in the document.
        origin: Copies and translations of one article share this number.
        relevance: Its cosine similarity to the topic, -1 to 1; 0 without a topic.
    """

    id: str
    text: str
    language: str | None
    document: int
    place: int
    start: int
    origin: int
    relevance: float


@dataclass(frozen=True, slots=True)
class Material:
    """What a writer writes from.

    Attributes:
        topic: As asked; None for the whole folder.
        language: What the page is written in where the sources allow, ISO 639-1.
        documents: Those read, the most relevant first.
        hits: Their passages, as ``rag.verification.verify`` takes them.
        remarks: Their sentences, in the order of documents and places.
        vectors: ``(len(remarks), dimensions)``, float32, unit length.
        considered: How many documents were looked at.
        total: How many documents the index holds.
    """

    topic: str | None
    language: str
    documents: tuple[Document, ...] = field(repr=False)
    hits: tuple[Hit, ...] = field(repr=False)
    remarks: tuple[Remark, ...] = field(repr=False)
    vectors: Vectors = field(repr=False)
    considered: int
    total: int

    @property
    def origins(self) -> int:
        """How many independent origins the documents are."""
        return len({hit.origin for hit in self.hits})

    def of_document(self, document: int) -> list[Remark]:
        """The sentences of a document, in order."""
        return [remark for remark in self.remarks if remark.document == document]


def gather(index: Index, topic: str | None, language: str, wanted: Filter = Filter()) -> Material:  # noqa: B008 - frozen
    """What there is about a topic, or in the whole folder; without documents when nothing is about it.

    Args:
        index: Where to look.
        topic: In any words; None for everything.
        language: What the page is to be written in.
        wanted: Which documents count.
    """
    total = len(index.sources())
    if topic is None:
        chosen, considered, vector = _whole(index, wanted), _count(index, wanted), None
    else:
        vector = index.embedder.embed_question(topic)
        chosen, considered = _about(index, topic, vector, wanted)
    documents, passages = _read(index, chosen, vector, wanted)
    numbers = _origins(passages)
    hits = tuple(_hit(passage, rank, vector, numbers) for rank, passage in enumerate(passages, start=1))
    remarks = tuple(_remarks(documents, hits))
    vectors = np.concatenate([passage.sentence_vectors for passage in passages]) if passages else np.zeros((0, 1))
    return Material(topic, language, documents, hits, remarks, vectors.astype(np.float32), considered, total)


@dataclass(slots=True)
class _Found:
    """What two rankings say of a document.

    Attributes:
        cosine: Of the topic and its nearest sentence.
        words: Its share of the best passage's words in common with the topic, 0 to 1.
        fused: The best reciprocal rank fusion score of its passages.
        named: Whether it has one of the topic's names, or is written in a script in which names can't be told.
    """

    cosine: float = -1.0
    words: float = 0.0
    fused: float = 0.0
    named: bool = False

    def is_about(self, near: float, names: frozenset[str]) -> bool:
        """Whether it is about the topic: with the name that was asked for, or else by its words and vectors."""
        if names:
            return self.named and self.cosine >= _NAMED_NEAR
        return self.cosine >= near or (self.words >= _SHARED_WORDS and self.cosine >= _SOMEWHAT_NEAR)


def _about(index: Index, topic: str, vector: Vectors, wanted: Filter) -> tuple[list[str], int]:
    """The documents about a topic, best first, and how many were looked at."""
    dense, lexical = index.dense(vector, _DEPTH, wanted), index.lexical(topic, _DEPTH, wanted)
    scores = fuse([[key for key, _ in dense], [key for key, _ in lexical]])
    words = dict(lexical)
    best_words = max(words.values(), default=0.0) or 1.0
    passages = index.passages(list(scores))
    names = _names(topic, [passage.chunk.text for passage in passages])
    found: dict[str, _Found] = {}
    for passage in passages:
        one = found.setdefault(passage.source.id, _Found())
        one.cosine = max(one.cosine, float((passage.sentence_vectors @ vector).max(initial=-1.0)))
        one.words = max(one.words, words.get(passage.key, 0.0) / best_words)
        one.fused = max(one.fused, scores[passage.key])
        text = fold(f"{passage.source.title or ''} {passage.chunk.text}")
        one.named = one.named or _UNCASED.search(text) is not None or any(name in text for name in names)
    # By some servers' models any two texts are alike: there only a word in common tells.
    near = 2.0 if isinstance(index.embedder, OpenAIEmbedder) else _NEAR
    kept = [name for name, one in found.items() if one.is_about(near, names)]
    kept.sort(key=lambda name: (-found[name].cosine - 0.5 * found[name].words, -found[name].fused, name))
    return kept[:MOST_DOCUMENTS], len(found)


def _names(topic: str, texts: Sequence[str]) -> frozenset[str]:
    """The words of a topic that the texts have only with a capital, and not only where a sentence begins, folded."""
    functions = {word for listed in STOP_WORDS.values() for word in listed}
    names = set()
    for span in words_of(topic):
        word = fold(span.of(topic))
        if len(word) < _SHORTEST_NAME or word in functions or not word.isalpha():
            continue
        pattern = re.compile(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])")
        printed = [
            (text[match.start()], text[max(0, match.start() - 2) : match.start()])
            for text in texts
            for match in pattern.finditer(fold(text))
        ]
        inside = any(before[-1:] == " " and before[:1].isalpha() for _, before in printed)
        if printed and inside and all(first.isupper() for first, _ in printed):
            names.add(word)
    return frozenset(names)


def _count(index: Index, wanted: Filter) -> int:
    if not wanted:
        return len(index.sources())
    return len({passage.source.id for passage in index.passages(index.keys(wanted)[:_SAMPLED])})


def _whole(index: Index, wanted: Filter) -> list[str]:
    """All documents when they are few; else those nearest to the middles of the corpus's groups, in turn."""
    keys = index.keys(wanted)
    if len(keys) <= MOST_PASSAGES:
        names = sorted({passage.source.id for passage in index.passages(keys)})
        if len(names) <= MOST_DOCUMENTS:
            return names
    step = -(-len(keys) // _SAMPLED)
    kept, vectors = index.vectors(keys[::step])
    rankings = [[kept[row] for row in ranking] for ranking in _around_middles(vectors)]
    in_turn = [key for turn in itertools.zip_longest(*rankings) for key in turn if key is not None]
    names = []
    for start in range(0, len(in_turn), MOST_PASSAGES):
        found = index.passages(in_turn[start : start + MOST_PASSAGES])
        names = list(dict.fromkeys([*names, *(passage.source.id for passage in found)]))
        if len(names) >= MOST_DOCUMENTS:
            break
    return names[:MOST_DOCUMENTS]


def _around_middles(vectors: Vectors) -> list[list[int]]:
    """The rows of each group, those nearest to its middle first, the largest group first.

    Spherical k-means (Dhillon and Modha 2001, doi:10.1023/A:1007612920971), begun at rows spread evenly, so that equal
    input gives equal groups.
    """
    count = min(_GROUPS, len(vectors))
    middles = vectors[np.linspace(0, len(vectors) - 1, count).astype(int)]
    for _ in range(_ROUNDS):
        nearest = (vectors @ middles.T).argmax(axis=1)
        sums = np.stack([vectors[nearest == group].sum(axis=0) for group in range(count)])
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        middles = np.where(norms > 0, sums / np.where(norms > 0, norms, 1), middles)
    similarities = vectors @ middles.T
    nearest = similarities.argmax(axis=1)
    groups = [np.flatnonzero(nearest == group) for group in range(count)]
    ranked = [rows[np.argsort(-similarities[rows, group], kind="stable")] for group, rows in enumerate(groups)]
    return [rows.tolist() for rows in sorted(ranked, key=len, reverse=True) if len(rows)]


def _read(
    index: Index, names: Sequence[str], vector: Vectors | None, wanted: Filter
) -> tuple[tuple[Document, ...], list[Passage]]:
    """The documents and their passages in the order of the text; of long ones the passages that say most."""
    documents: list[Document] = []
    passages: list[Passage] = []
    room = MOST_PASSAGES // max(1, len(names)) if names else 0
    for name in names:
        document = index.document(name)
        keys = index.keys(Filter((name,), wanted.languages))
        found = sorted(index.passages(keys[: 16 * MOST_PASSAGES]), key=lambda passage: passage.chunk.span)
        found = [passage for passage in found if passage.chunk.sentences]
        if document is None or not found:
            continue
        documents.append(document)
        passages += _nearest(found, vector, max(room, 4))
    return tuple(documents), passages


def _nearest(passages: Sequence[Passage], vector: Vectors | None, room: int) -> list[Passage]:
    """The first passage and those nearest to the topic, in the order of the text."""
    if len(passages) <= room:
        return list(passages)
    places: Sequence[int] = range(room)
    if vector is not None:
        scores = [float((passage.sentence_vectors @ vector).max()) for passage in passages]
        places = [0, *sorted(range(1, len(passages)), key=lambda place: -scores[place])[: room - 1]]
    return [passages[place] for place in sorted(places)]


def _origins(passages: Sequence[Passage]) -> Mapping[str, int]:
    fingerprints = {passage.source.id: passage.fingerprint for passage in passages}
    return dict(zip(fingerprints, origins.group(list(fingerprints.values())), strict=True))


def _hit(passage: Passage, rank: int, vector: Vectors | None, numbers: Mapping[str, int]) -> Hit:
    count = len(passage.chunk.sentences)
    scores = np.zeros(count) if vector is None else (passage.sentence_vectors @ vector).astype(np.float64)
    return Hit(
        chunk=passage.chunk,
        source=passage.source,
        rank=rank,
        score=float(scores.max(initial=0.0)),
        dense_rank=None,
        dense_score=None,
        lexical_rank=None,
        lexical_score=None,
        sentence_scores=tuple(scores.tolist()),
        origin=numbers[passage.source.id],
    )


def _remarks(documents: Sequence[Document], hits: Sequence[Hit]) -> Iterator[Remark]:
    numbers = {document.source.id: number for number, document in enumerate(documents)}
    places: Counter[str] = Counter()
    for rank, hit in enumerate(hits, start=1):
        for position, sentence in enumerate(hit.chunk.sentences):
            yield Remark(
                id=f"{rank}.{position + 1}",
                text=hit.chunk.sentence_text(position),
                language=sentence.language,
                document=numbers[hit.chunk.document],
                place=places[hit.chunk.document],
                start=sentence.span.start,
                origin=hit.origin,
                relevance=hit.sentence_scores[position],
            )
            places[hit.chunk.document] += 1
