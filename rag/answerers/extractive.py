"""Answers made of the best source sentences themselves: no model writes a word."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, NamedTuple, Self

import numpy as np

from rag import conflicts, evidence, questions, support
from rag.answers import DraftAnswer, DraftClaim
from rag.conflicts import Statement
from rag.documents import Hit, Span
from rag.evidence import Corpus, Evidence, Features
from rag.guard import Similarity
from rag.questions import Question
from rag.reader import PassageReader, Reader, Reading, read_ranked
from rag.text import STOP_WORDS, stems

NAME = "extractive"
MOST_CLAIMS = 4
_REPEATED = 0.6
_OPEN = 0.75  # many sentences answer "what does it involve", so that the best of them is less sure of itself
_LOOKED_AT = 12
_WITHOUT_SHORT_ANSWER = frozenset({"polar", "reason", "manner"})
_LONGEST_ANSWER = 80
_READER = evidence.NAMES.index("reader")
_SAME_LANGUAGE = evidence.NAMES.index("same_language")
_SURE = 0.2
"""The least value of the reader's feature at which its short answer is shown; of those, on evals/gold "dev", six in ten
share at least half of their words with the right one."""
_JOINED = re.compile(r"\b(?:and|et|dan|serta|ainsi que)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Weights:
    """Two linear models that ``training/fit_extractive.py`` fitted.

    Attributes:
        ranking: One weight per feature of ``rag.evidence``.
        support: One weight per measure of ``rag.support``.
        bias: Of the support.
        threshold: The least probability of support at which a question is answered.
    """

    ranking: Features
    support: Features
    bias: float
    threshold: float

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """The weights of a record written by the training script.

        Raises:
            ValueError: The record was written for other features.
        """
        if set(record["ranking"]) != set(evidence.NAMES) or set(record["support"]) != set(support.NAMES):
            raise ValueError("The weights were fitted for other features; run training/fit_extractive.py again.")
        return cls(
            ranking=np.array([record["ranking"][name] for name in evidence.NAMES], np.float64),
            support=np.array([record["support"][name] for name in support.NAMES], np.float64),
            bias=float(record["bias"]),
            threshold=float(record["threshold"]),
        )


class WeightSets(NamedTuple):
    """The weights for questions in a language that the reader knows, and for the others, which it does not read."""

    read: Weights
    unread: Weights


def read_weights() -> WeightSets:
    """The weights in the package.

    Raises:
        ValueError: They were fitted for other features.
    """
    file = resources.files("rag") / "models" / "extractive" / "weights.json"
    record = json.loads(file.read_text("utf-8"))
    return WeightSets(Weights.of(record["read"]), Weights.of(record["unread"]))


class ExtractiveAnswerer:
    """Drafts one to four source sentences, best first, or abstains.

    Attributes:
        name: "extractive".
    """

    name = NAME

    def __init__(
        self,
        corpus: Corpus,
        reader: PassageReader | None = None,
        weights: WeightSets | None = None,
        *,
        similarity: Similarity | None = None,
    ) -> None:
        """Keeps what it is given.

        Args:
            corpus: Says how rare a word is; an ``Index`` does.
            reader: Points at the answer in a passage; the one in the package when None.
            weights: Those in the package when None.
            similarity: The cosine of a text and the nearest of some others; without it fewer conflicts are found.
        """
        self._corpus = corpus
        self._reader = reader or Reader()
        self._weights = weights or read_weights()
        self._similarity = similarity

    def draft(self, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
        """The best sentences of the hits, or nothing but what is missing, as ``rag.answerers.Answerer`` describes."""
        asked = questions.read(question, language)
        unknown = self._unknown_part(asked, hits)
        if unknown:  # whether the rest can be answered is a question of its own
            asked = questions.read(_without(question, unknown), language)
        found = self._gather(asked, hits)
        if not found.places or not asked.words:
            return DraftAnswer(status="unanswerable", missing=unknown or [question.strip()], confidence=0.0)
        weights = self._weights.read if self._understands(asked) else self._weights.unread
        scores = found.features @ weights.ranking
        threshold = weights.threshold * (_OPEN if asked.wants_list else 1)
        confidence = _probability(asked, found, scores, weights)
        if confidence < threshold:
            missing = [*_missing(asked, found, scores), *unknown]
            return DraftAnswer(status="unanswerable", missing=missing, confidence=confidence)
        order = [int(place) for place in np.argsort(-scores, kind="stable")]
        chosen = _choose(asked, hits, found, scores, order)
        if asked.wants_list:  # where several sentences answer together, those in the question's language come first
            chosen.sort(key=lambda place: not found.features[place, _SAME_LANGUAGE])
        looked_at = [_statement(hits, found, place) for place in order[:_LOOKED_AT]]
        return DraftAnswer(
            status="partial" if unknown else "answered",
            claims=[
                _claim(hits, found, place, order[:_LOOKED_AT], answer=_answer(asked, hits, found, place))
                for place in chosen
            ],
            conflicts=conflicts.find(asked, looked_at, self._similarity),
            missing=unknown,
            confidence=confidence,
        )

    def _unknown_part(self, asked: Question, hits: Sequence[Hit]) -> list[str]:
        """The names that no document has, when the question joins several things; they make an answer partial."""
        if len(asked.names) < 2 or not _JOINED.search(asked.text):
            return []
        known = evidence.known_words(asked, hits, self._corpus)
        return [word for place, word in enumerate(asked.words) if word in asked.names and not known >> place & 1]

    def _gather(self, asked: Question, hits: Sequence[Hit]) -> Evidence:
        passages = [hit.chunk for hit in hits]
        if self._understands(asked):
            readings = read_ranked(self._reader, asked.text, passages)
        else:
            readings = [Reading.unread(passage) for passage in passages]
        return evidence.gather(asked, hits, readings, self._corpus)

    def _understands(self, asked: Question) -> bool:
        """Whether the reader knows the question's language; one that nobody could tell counts as known."""
        return asked.language is None or asked.language in self._reader.languages


def _probability(asked: Question, found: Evidence, scores: Features, weights: Weights) -> float:
    """The probability, 0 to 1, that the documents answer the question."""
    measures = support.measure(asked, found, scores)
    return 1 / (1 + math.exp(-float(measures @ weights.support) - weights.bias))


def _choose(asked: Question, hits: Sequence[Hit], found: Evidence, scores: Features, order: Sequence[int]) -> list[int]:
    """The candidates to cite, best first.

    They are taken in order of score until together they hold most of the probability that the ranking gives to the
    right sentence, so a clear winner stands alone and close rivals come along.
    """
    shares = np.exp(scores - scores[order[0]])
    shares /= shares.sum()
    enough, least = (0.97, 0.02) if asked.wants_list else (0.8, 0.08)
    chosen: list[int] = []
    held = 0.0
    for place in order:
        if len(chosen) == MOST_CLAIMS or (chosen and (held >= enough or shares[place] < least)):
            break
        held += float(shares[place])
        if not any(_repeats(hits, found, place, other) for other in chosen):
            chosen.append(place)
    return chosen


def _repeats(hits: Sequence[Hit], found: Evidence, place: int, other: int) -> bool:
    """Whether a candidate says again what another says: in the same words, or in the translation of its article."""
    same_origin = _hit(hits, found, place).origin == _hit(hits, found, other).origin
    if _language(hits, found, place) != _language(hits, found, other):
        return same_origin
    return _overlap(hits, found, place, other) >= _REPEATED


def _overlap(hits: Sequence[Hit], found: Evidence, place: int, other: int) -> float:
    """The Jaccard similarity of two sentences' content words."""
    one, two = _content(hits, found, place), _content(hits, found, other)
    return len(one & two) / len(one | two) if one | two else 1.0


def _content(hits: Sequence[Hit], found: Evidence, place: int) -> frozenset[str]:
    return _content_stems(_text(hits, found, place), _language(hits, found, place))


@functools.lru_cache(maxsize=4096)
def _content_stems(text: str, language: str | None) -> frozenset[str]:
    return frozenset(stems(text, language)) - STOP_WORDS.get(language or "", frozenset())


def _answer(asked: Question, hits: Sequence[Hit], found: Evidence, place: int) -> tuple[int, int] | None:
    """Where in the candidate the short answer stands; None when the question has none or the reader is not sure."""
    pointed = _pointed_at(hits, found, place)
    if pointed is None or asked.wants_list or asked.kind in _WITHOUT_SHORT_ANSWER or not found.answers_typed[place]:
        return None
    text = pointed.of(_text(hits, found, place))
    if (
        found.features[place, _READER] < _SURE
        or len(text) > _LONGEST_ANSWER
        or found.answers_repeated[place] > _REPEATED
    ):
        return None
    if not _content_stems(text, _language(hits, found, place)):
        return None
    return pointed.start, pointed.end


def _claim(
    hits: Sequence[Hit],
    found: Evidence,
    place: int,
    rivals: Sequence[int],
    *,
    answer: tuple[int, int] | None = None,
) -> DraftClaim:
    """The candidate as a claim, with the sentences of other origins that say the same in the same words."""
    cited = [place]
    origins = {_hit(hits, found, place).origin}
    for other in rivals:
        origin = _hit(hits, found, other).origin
        same_language = _language(hits, found, other) == _language(hits, found, place)
        if origin not in origins and same_language and _overlap(hits, found, other, place) >= _REPEATED:
            cited.append(other)
            origins.add(origin)
    return DraftClaim(text=_text(hits, found, place), sentences=[_id(found, each) for each in cited], answer=answer)


def _statement(hits: Sequence[Hit], found: Evidence, place: int) -> Statement:
    return Statement(
        id=_id(found, place),
        text=_text(hits, found, place),
        language=_language(hits, found, place),
        origin=_hit(hits, found, place).origin,
        coverage=float(found.features[place, evidence.NAMES.index("context_coverage")]),
        answer=_pointed_at(hits, found, place),
    )


def _pointed_at(hits: Sequence[Hit], found: Evidence, place: int) -> Span | None:
    """The characters of the candidate that the reader points at, sure of them or not; offsets in its text."""
    span = found.answers[place]
    start = _hit(hits, found, place).chunk.sentences[found.places[place][1]].span.start
    return None if span is None else Span(span.start - start, span.end - start)


def _missing(asked: Question, found: Evidence, scores: Features) -> list[str]:
    """The question's words that no document has, else those that the best evidence lacks, else the whole question."""
    context = found.contexts[int(np.argmax(scores))]
    for covered in (found.known, context):
        words = [word for place, word in enumerate(asked.words) if not covered >> place & 1]
        if words:
            return words
    return [asked.text.strip()]


def _without(question: str, names: Sequence[str]) -> str:
    return re.sub(rf"\b(?:{'|'.join(map(re.escape, names))})\b", "", question)


def _hit(hits: Sequence[Hit], found: Evidence, place: int) -> Hit:
    return hits[found.places[place][0]]


def _text(hits: Sequence[Hit], found: Evidence, place: int) -> str:
    return _hit(hits, found, place).chunk.sentence_text(found.places[place][1])


def _language(hits: Sequence[Hit], found: Evidence, place: int) -> str | None:
    return _hit(hits, found, place).chunk.sentences[found.places[place][1]].language


def _id(found: Evidence, place: int) -> str:
    passage, sentence = found.places[place]
    return f"{passage + 1}.{sentence + 1}"
