"""A question to its hits: two rankings, fused, with room for every language of the index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rag import origins
from rag.documents import Filter, Hit
from rag.embedding import Vectors

if TYPE_CHECKING:
    from rag.index import Index, Passage

Ranking = Sequence[tuple[int, float]]

_DEPTH = 50
_NEAR = 5
"""A language earns a place among the hits with a chunk this high in one of the two rankings."""


def retrieve(
    index: Index,
    question: str,
    *,
    k: int = 8,
    filter: Filter = Filter(),  # noqa: A002, B008 - frozen
    language: str | None = None,
) -> list[Hit]:
    """At most k hits, best first, ranks from 1 without gaps.

    The languages of the index other than the question's share what the question's language can spare: each that has a
    chunk near the top of either ranking gets one place, and half of the places stay with the best of all.

    Args:
        index: Where to search.
        question: As asked.
        k: How many hits at most.
        filter: Which documents count.
        language: The question's language, ISO 639-1; None when nothing tells.
    """
    vector = index.embedder.embed_question(question)
    dense = index.dense(vector, _DEPTH, filter)
    lexical = index.lexical(question, _DEPTH, filter)
    scores = fuse([[key for key, _ in dense], [key for key, _ in lexical]])
    ranked = sorted(scores, key=lambda key: -scores[key])
    if len(index.languages) > 1:
        near = {key for key, _ in (*dense[:_NEAR], *lexical[:_NEAR])}
        ranked = _balance(ranked, index.chunk_languages(ranked), k, near, language)
    passages = index.passages(ranked[:k])
    return _hits(passages, vector=vector, scores=scores, dense=dense, lexical=lexical)


def fuse(rankings: Sequence[Sequence[int]], k: int = 60) -> dict[int, float]:
    """Each item's reciprocal rank fusion score: the sum of 1 / (k + rank) over the rankings that have it.

    Ranks count from 1. Cormack, Clarke and Büttcher 2009, doi:10.1145/1571941.1572114. Items come in order of first
    appearance.

    >>> fuse([[7, 8], [8]]) == {7: 1 / 61, 8: 1 / 62 + 1 / 61}
    True
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (k + rank)
    return scores


def _balance(
    ranked: Sequence[int], languages: Mapping[int, str | None], k: int, near: set[int], language: str | None
) -> list[int]:
    """The k first, with the last places given up for the best chunk of each language that is missing among them."""
    chosen = list(ranked[:k])
    present = {languages.get(key) for key in chosen}
    entitled: dict[str | None, int] = {}
    for key in ranked[k:]:
        code = languages.get(key)
        if code not in present and (key in near or code == language):
            entitled.setdefault(code, key)
    room = min(len(entitled), k // 2)
    kept, spare = list(chosen), room
    for key in reversed(chosen):
        alone = sum(languages.get(other) == languages.get(key) for other in kept) == 1
        if spare and not alone:
            kept.remove(key)
            spare -= 1
    newcomers = list(entitled.values())[: room - spare]
    order = {key: place for place, key in enumerate(ranked)}
    return sorted([*kept, *newcomers], key=order.__getitem__)


def _hits(
    passages: Sequence[Passage],
    *,
    vector: Vectors,
    scores: Mapping[int, float],
    dense: Ranking,
    lexical: Ranking,
) -> list[Hit]:
    dense_ranks = {key: (rank, score) for rank, (key, score) in enumerate(dense, start=1)}
    lexical_ranks = {key: (rank, score) for rank, (key, score) in enumerate(lexical, start=1)}
    fingerprints = {passage.source.id: passage.fingerprint for passage in passages}
    numbers = dict(zip(fingerprints, origins.group(list(fingerprints.values())), strict=True))
    hits = []
    for rank, passage in enumerate(passages, start=1):
        dense_rank, dense_score = dense_ranks.get(passage.key, (None, None))
        lexical_rank, lexical_score = lexical_ranks.get(passage.key, (None, None))
        hits.append(
            Hit(
                chunk=passage.chunk,
                source=passage.source,
                rank=rank,
                score=scores[passage.key],
                dense_rank=dense_rank,
                dense_score=dense_score,
                lexical_rank=lexical_rank,
                lexical_score=lexical_score,
                sentence_scores=tuple((passage.sentence_vectors @ vector).astype(np.float64).tolist()),
                origin=numbers[passage.source.id],
            )
        )
    return hits
