"""How well each sentence of the hits supports an answer: named features, and what they are made of."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.documents import Hit
from rag.questions import Question, forms
from rag.text import STOP_WORDS, fold, stems, words

Features = NDArray[np.float64]

TYPED = ("number", "money", "time", "person", "place", "reason", "manner")
_OF_EVERY_LANGUAGE = (
    "cosine", "cosine_gap", "chunk_cosine", "neighbour_cosine", "reciprocal_rank", "lexical_share",
    "coverage", "coverage_gap", "context_coverage", "chunk_coverage", "name_coverage", "chunk_name_coverage",
    "number_coverage", "pairs", "news", "new_names", "length", "short", "asks", "heading", "dependent", "lead",
    "same_language", *(f"has_{kind}" for kind in TYPED), "lacks_type",
)  # fmt: skip
_ALSO_NOT_ENGLISH = ("cosine", "cosine_gap", "chunk_cosine", "coverage", "coverage_gap", "context_coverage", "pairs")
NAMES = (*_OF_EVERY_LANGUAGE, *(f"{name}_not_english" for name in _ALSO_NOT_ENGLISH))
"""The features, in the order of the columns of ``Evidence.features``."""

_SIGNS = {
    "number": r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|half"
    r"|deux|trois|quatre|cinq|sept|huit|neuf|dix|vingt|cent|mille|millions?|milliards?"
    r"|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan|sepuluh|puluh|ratus|ribu|juta|miliar|first|second|third|fourth"
    r"|fifth|sixth|seventh|eighth|ninth|tenth|\w+ieme|pertama|kedua|ketiga|keempat|kelima)\b",
    "money": r"[$€£¥]|\b(?:dollars?|euros?|pounds?|yen|yuan|rupiah|rp|usd|eur|cents?|francs?|dolar|poundsterling)\b",
    "time": r"\b(?:1\d{3}|20\d\d)\b|\b(?:january|february|march|april|may|june|july|august|september|october|november"
    r"|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|today|tomorrow|century|year|month"
    r"|week|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|lundi|mardi|mercredi"
    r"|jeudi|vendredi|samedi|dimanche|hier|demain|siecle|annee|an|ans|januari|februari|maret|mei|juni|juli|agustus"
    r"|oktober|desember|senin|selasa|rabu|kamis|jumat|sabtu|minggu|kemarin|besok|tahun|abad|pukul)\b",
    "reason": r"\b(?:because|since|due|so|as|reason|reasons|cause[ds]?|therefore|thus|result|led|to|parce|car|afin|pour"
    r"|raison|raisons|puisque|donc|cause|grace|karena|sebab|agar|supaya|untuk|akibat|sehingga|alasan)\b",
    "manner": r"\b(?:by|through|using|via|with|method|way|par|grace|avec|moyen|en|dengan|melalui|cara|secara|lewat)\b",
}
_SIGN_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _SIGNS.items()}
_PLACE = re.compile(r"\b(?:in|at|from|to|near|of|on|a|au|aux|en|dans|de|vers|di|ke|dari) (?:the |la |le |l'|kota )?$")
_DEPENDENT = re.compile(
    r"^\W*(?:it|he|she|they|this|that|these|those|his|her|its|their|il|elle|ils|elles|ce|cela|cette|ces|cet|son|sa|ses"
    r"|leur|leurs|ia|dia|mereka|ini|itu|hal ini|hal itu|tersebut)\b"
)
_ENDED = re.compile(r"""[.!?…。！？:;]["'”’»)\]]*$""")
_CAPITAL = re.compile(r"[^\W\d_]*[A-ZÀ-ÖØ-Þ][^\W_]*")


class Corpus(Protocol):
    """What tells how rare a word is.

    Attributes:
        chunk_count: How many chunks there are.
    """

    @property
    def chunk_count(self) -> int: ...

    def document_frequency(self, stems: Sequence[str]) -> dict[str, int]:
        """In how many chunks each stem occurs; a stem that is left out occurs in none."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sentences of the hits as candidates for an answer.

    Attributes:
        places: For each candidate the 0-based positions of its hit and of the sentence in the hit's chunk.
        features: ``(len(places), len(NAMES))``, float64.
        masks: For each candidate, which of the question's words it has, as bits in the order of ``Question.words``.
        contexts: The same for the candidate with its neighbours.
        passages: The same for each hit with its title.
        typed: For each candidate, whether it has what the kind of question asks for.
        weights: The weight of each of the question's words, 0 to 1: rarer words weigh more.
        known: Which words stand anywhere in the indexed documents, as bits.
    """

    places: list[tuple[int, int]]
    features: Features
    masks: list[int]
    contexts: list[int]
    passages: list[int]
    typed: list[bool]
    weights: tuple[float, ...]
    known: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is known of a sentence whatever the question."""

    stems: tuple[str, ...]
    signs: frozenset[str]
    names: frozenset[str]
    places: frozenset[str]
    content: int
    length: int
    asks: bool
    heading: bool
    dependent: bool


@functools.lru_cache(maxsize=16384)
def _read(text: str, language: str | None) -> _Reading:
    folded = fold(text)
    found = list(_CAPITAL.finditer(text))
    names = frozenset(match[0] for match in found if match.start() > 1)
    tokens = tuple(stems(text, language))
    stop = STOP_WORDS.get(language or "", frozenset())
    return _Reading(
        stems=tokens,
        signs=frozenset(kind for kind, pattern in _SIGN_PATTERNS.items() if pattern.search(folded)),
        names=names,
        places=frozenset(match[0] for match in found if _PLACE.search(folded[max(0, match.start() - 12) : match.start()])),
        content=sum(token not in stop for token in tokens),
        length=len(tokens),
        asks=text.rstrip("\"'”’» ").endswith("?"),
        heading=not _ENDED.search(text),
        dependent=bool(_DEPENDENT.match(folded)),
    )


class _Lexicon:
    """The question's words as bits, found by stem in each language."""

    def __init__(self, question: Question, languages: set[str | None], corpus: Corpus) -> None:
        self.by_language: dict[str | None, dict[str, int]] = {}
        every = [set[str]() for _ in question.words]
        for language in languages | {question.language}:
            table = self.by_language.setdefault(language, {})
            for position, word in enumerate(question.words):
                for stem in forms(word, language):
                    table[stem] = table.get(stem, 0) | 1 << position
                    every[position].add(stem)
        counts = corpus.document_frequency(sorted(set().union(*every)))
        chunks = corpus.chunk_count
        highest = [max((counts.get(stem, 0) for stem in found), default=0) for found in every]
        ceiling = math.log(1 + (chunks + 0.5) / 0.5)
        self.weights = tuple(math.log(1 + max(0.0, chunks - n + 0.5) / (n + 0.5)) / ceiling for n in highest)
        self.known = sum(1 << position for position, n in enumerate(highest) if n)
        self.names = sum(1 << position for position, word in enumerate(question.words) if word in question.names)
        self.numbers = sum(1 << position for position, word in enumerate(question.words) if word[0].isdigit())
        self._shares: dict[tuple[int, int], float] = {}

    def mask(self, tokens: Sequence[str], language: str | None) -> int:
        table = self.by_language[language]
        found = 0
        for token in tokens:
            found |= table.get(token, 0)
        return found

    def share(self, mask: int, among: int = -1) -> float:
        """The weight of the words in mask as a share of those in among; 1 when among has none."""
        key = mask & among, among
        share = self._shares.get(key)
        if share is None:
            total = sum(weight for place, weight in enumerate(self.weights) if among >> place & 1)
            have = sum(weight for place, weight in enumerate(self.weights) if key[0] >> place & 1)
            share = self._shares[key] = have / total if total else 1.0
        return share

    def pairs(self, tokens: Sequence[str], language: str | None) -> float:
        """The share of neighbouring words of the question that stand together in tokens too, in the same order."""
        count = len(self.weights) - 1
        if count < 1:
            return 0.0
        table = self.by_language[language]
        bits = [table.get(token, 0) for token in tokens]
        together = 0
        for place, bit in enumerate(bits):
            if bit:
                for other in bits[place + 1 : place + 3]:
                    together |= bit & other >> 1
        return together.bit_count() / count


def gather(question: Question, hits: Sequence[Hit], corpus: Corpus) -> Evidence:
    """Every sentence of the hits with its features; sentences that occur twice in one document are kept once.

    Args:
        question: From ``rag.questions.read``.
        hits: Best first.
        corpus: Where the hits come from.
    """
    languages = {sentence.language for hit in hits for sentence in hit.chunk.sentences}
    lexicon = _Lexicon(question, languages | {hit.source.language for hit in hits}, corpus)
    best_lexical = max((hit.lexical_score or 0.0 for hit in hits), default=0.0) or 1.0
    rows: list[list[float]] = []
    places: list[tuple[int, int]] = []
    masks: list[int] = []
    contexts: list[int] = []
    passages: list[int] = []
    typed: list[bool] = []
    asked = {fold(word) for word in question.words}
    for number, hit in enumerate(hits):
        readings = [
            _read(hit.chunk.sentence_text(position), sentence.language)
            for position, sentence in enumerate(hit.chunk.sentences)
        ]
        found = [
            lexicon.mask(reading.stems, sentence.language)
            for reading, sentence in zip(readings, hit.chunk.sentences, strict=True)
        ]
        title = lexicon.mask(stems(hit.source.title or "", hit.source.language), hit.source.language)
        passage = functools.reduce(int.__or__, found, title)
        passages.append(passage)
        for position, reading in enumerate(readings):
            context = functools.reduce(int.__or__, found[max(0, position - 1) : position + 2], 0)
            new = {name for name in reading.names if fold(name) not in asked}
            has = _has(question, reading, new)
            near = [hit.sentence_scores[other] for other in (position - 1, position + 1) if 0 <= other < len(found)]
            sentence = hit.chunk.sentences[position]
            rows.append(
                [
                    hit.sentence_scores[position],
                    0.0,
                    hit.dense_score if hit.dense_score is not None else max(hit.sentence_scores, default=0.0) - 0.1,
                    max(near, default=0.0),
                    1 / hit.rank,
                    (hit.lexical_score or 0.0) / best_lexical,
                    lexicon.share(found[position]),
                    0.0,
                    lexicon.share(context),
                    lexicon.share(passage),
                    lexicon.share(found[position], lexicon.names),
                    lexicon.share(passage, lexicon.names),
                    lexicon.share(found[position], lexicon.numbers),
                    lexicon.pairs(reading.stems, sentence.language),
                    math.log1p(max(0, min(30, reading.content - found[position].bit_count()))) / 3,
                    math.log1p(min(8, len(new))) / 2,
                    math.log1p(reading.length) / 4,
                    float(reading.length < 5),
                    float(reading.asks),
                    float(reading.heading),
                    float(reading.dependent),
                    1 / (1 + sentence.span.start / 300),
                    float(question.language is None or sentence.language == question.language),
                    *(float(has and kind == question.kind) for kind in TYPED),
                    float(not has),
                ]
            )
            places.append((number, position))
            masks.append(found[position])
            contexts.append(context)
            typed.append(has)
    features = np.array(rows, np.float64).reshape(len(rows), len(_OF_EVERY_LANGUAGE))
    return Evidence(
        places, _complete(features, question.language), masks, contexts, passages, typed, lexicon.weights, lexicon.known
    )


def _complete(features: Features, language: str | None) -> Features:
    """The features with the columns that compare candidates or depend on the question's language."""
    if len(features):
        for name in ("cosine", "coverage"):
            column = features[:, _OF_EVERY_LANGUAGE.index(name)]
            features[:, _OF_EVERY_LANGUAGE.index(f"{name}_gap")] = column - column.max()
    foreign = features[:, [_OF_EVERY_LANGUAGE.index(name) for name in _ALSO_NOT_ENGLISH]]
    return np.hstack([features, foreign * (language not in ("en", None))])


def _has(question: Question, reading: _Reading, new_names: set[str]) -> bool:
    """Whether the sentence has the kind of thing that is asked for; True when the kind cannot be told."""
    match question.kind:
        case "other" | "polar":
            return True
        case "person":
            return bool(new_names)
        case "place":
            return bool(new_names & reading.places)
        case "number" if question.numbers:
            return "number" in reading.signs and len(_digits(reading.stems) - question.numbers) > 0
        case kind:
            return kind in reading.signs


def _digits(tokens: Sequence[str]) -> set[str]:
    return {token.replace(".", "") for token in tokens if token[:1].isdigit()}
