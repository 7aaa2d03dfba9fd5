"""How well each sentence of the hits supports an answer: named features, and what they are made of."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.documents import Hit, Span
from rag.questions import Question, forms
from rag.reader import Reading
from rag.text import STOP_WORDS, fold, stems

Features = NDArray[np.float64]

TYPED = ("number", "money", "time", "person", "place", "reason", "manner")
_OF_SENTENCE = (
    "cosine", "cosine_gap", "neighbour_cosine", "coverage", "coverage_gap", "context_coverage", "name_coverage",
    "number_coverage", "pairs", "news", "new_names", "length", "short", "asks", "heading", "dependent",
    "same_language", "focus", *(f"has_{kind}" for kind in TYPED), "lacks_type", "reader_share", "reader", "reader_gap",
)  # fmt: skip
_OF_PASSAGE = ("chunk_cosine", "reciprocal_rank", "lexical_share", "chunk_coverage", "chunk_name_coverage",
               "reader_passage")  # fmt: skip
_OF_EVERY_LANGUAGE = (*_OF_SENTENCE, *_OF_PASSAGE)
_ACROSS = ("cosine", "cosine_gap", "chunk_cosine", "coverage", "coverage_gap", "context_coverage", "pairs", "reader",
           "reader_gap", "reader_passage")  # fmt: skip
NAMES = (*_OF_EVERY_LANGUAGE, *(f"{name}_across" for name in _ACROSS))
"""The features, in the order of the columns of ``Evidence.features``."""

_SIGNS = {
    "number": r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million"
    r"|half|deux|trois|quatre|cinq|sept|huit|neuf|dix|vingt|cent|mille|millions?|milliards?"
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
_READER_SCALE = 4.0
_PLACE = re.compile(r"\b(?:in|at|from|to|near|of|on|a|au|aux|en|dans|de|vers|di|ke|dari) (?:the |la |le |l'|kota )?$")
_DEPENDENT = re.compile(
    r"^\W*(?:it|he|she|they|this|that|these|those|his|her|its|their|il|elle|ils|elles|ce|cela|cette|ces|cet|son|sa|ses"
    r"|leur|leurs|ia|dia|mereka|ini|itu|hal ini|hal itu|tersebut)\b"
)
_ENDED = re.compile(r"""[.!?…。！？:;]["'”’»)\]]*$""")
_CAPITAL = re.compile(r"[^\W\d_]*[A-ZÀ-ÖØ-Þ][^\W_]*")


def sign_of(kind: str) -> re.Pattern[str]:
    """What a text, folded, has when it names a number, an amount of money, a time, a reason or a manner."""
    return _SIGN_PATTERNS[kind]


class Corpus(Protocol):
    """What tells how rare a word is."""

    @property
    def chunk_count(self) -> int:
        """How many chunks there are."""
        ...

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
        answers: For each candidate, the characters of the document that the reader points at; None when not read.
        answers_typed: For each candidate, whether those characters have what the kind of question asks for.
        answers_repeated: For each candidate, the share of those words that the question has itself.
        weights: The weight of each of the question's words, 0 to 1: rarer words weigh more.
        known: Which words stand anywhere in the indexed documents, as bits.
    """

    places: list[tuple[int, int]]
    features: Features
    masks: list[int]
    contexts: list[int]
    passages: list[int]
    typed: list[bool]
    answers: list[Span | None]
    answers_typed: list[bool]
    answers_repeated: list[float]
    weights: tuple[float, ...]
    known: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is known of a sentence whatever the question."""

    stems: tuple[str, ...]
    text: str
    folded: str
    names: frozenset[str]
    content: int
    length: int
    asks: bool
    heading: bool
    dependent: bool


@functools.lru_cache(maxsize=16384)
def _read(text: str, language: str | None) -> _Reading:
    folded = fold(text)
    tokens = tuple(stems(text, language))
    stop = STOP_WORDS.get(language or "", frozenset())
    return _Reading(
        stems=tokens,
        text=text,
        folded=folded,
        names=frozenset(match[0] for match in _CAPITAL.finditer(text) if match.start() > 1),
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
        self.focus = sum(1 << position for position, word in enumerate(question.words) if word == question.focus)
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


def known_words(question: Question, hits: Sequence[Hit], corpus: Corpus) -> int:
    """Which of the question's words stand anywhere in the indexed documents, as bits; see ``Evidence.known``."""
    return _lexicon(question, hits, corpus).known


def _lexicon(question: Question, hits: Sequence[Hit], corpus: Corpus) -> _Lexicon:
    """The question's words in the languages of the hits."""
    languages = {sentence.language for hit in hits for sentence in hit.chunk.sentences}
    return _Lexicon(question, languages | {hit.source.language for hit in hits}, corpus)


def gather(question: Question, hits: Sequence[Hit], readings: Sequence[Reading], corpus: Corpus) -> Evidence:
    """Every sentence of the hits with its features, in the order of the hits.

    Args:
        question: From ``rag.questions.read``.
        hits: Best first.
        readings: What the reader makes of each hit.
        corpus: Where the hits come from.
    """
    lexicon = _lexicon(question, hits, corpus)
    best_lexical = max((hit.lexical_score or 0.0 for hit in hits), default=0.0) or 1.0
    found = Evidence([], np.zeros((0, len(NAMES))), [], [], [], [], [], [], [], lexicon.weights, lexicon.known)
    rows: list[list[float]] = []
    for number, (hit, reading) in enumerate(zip(hits, readings, strict=True)):
        passage = _Passage(question, hit, reading, lexicon)
        shared = _of_passage(hit, passage, lexicon, best_lexical)
        found.passages.append(passage.mask)
        for position in range(len(passage.readings)):
            rows.append([*_of_sentence(question, passage, position, lexicon), *shared])
            found.places.append((number, position))
            found.masks.append(passage.masks[position])
            found.contexts.append(passage.context(position))
            found.typed.append(passage.typed[position])
            found.answers.append(reading.spans[position])
            typed, repeated = passage.answer(position)
            found.answers_typed.append(typed)
            found.answers_repeated.append(repeated)
    table = np.array(rows, np.float64).reshape(len(rows), len(_OF_SENTENCE) + len(_OF_PASSAGE))
    return dataclasses.replace(found, features=_complete(table))


class _Passage:
    """A hit as the question sees it."""

    def __init__(self, question: Question, hit: Hit, read: Reading, lexicon: _Lexicon) -> None:
        self.question = question
        self.hit = hit
        self.read = read
        self.lexicon = lexicon
        self.readings = [
            _read(hit.chunk.sentence_text(position), sentence.language)
            for position, sentence in enumerate(hit.chunk.sentences)
        ]
        self.masks = [
            lexicon.mask(reading.stems, sentence.language)
            for reading, sentence in zip(self.readings, hit.chunk.sentences, strict=True)
        ]
        title = lexicon.mask(stems(hit.source.title or "", hit.source.language), hit.source.language)
        self.mask = functools.reduce(int.__or__, self.masks, title)
        asked = {fold(word) for word in question.words}
        self.new_names = [{name for name in reading.names if fold(name) not in asked} for reading in self.readings]
        self.typed = [_has(question, *each) for each in zip(self.readings, self.new_names, strict=True)]

    def answer(self, position: int) -> tuple[bool, float]:
        """Whether the reader's answer has what is asked for, and the share of its words that the question has."""
        span = self.read.spans[position]
        if span is None:
            return False, 1.0
        start = self.hit.chunk.span.start
        text = self.hit.chunk.text[span.start - start : span.end - start]
        language = self.hit.chunk.sentences[position].language
        tokens = stems(text, language)
        known = self.lexicon.by_language[language]
        repeated = sum(token in known for token in tokens) / len(tokens) if tokens else 1.0
        return _answer_has(self.question, text), repeated

    def context(self, position: int) -> int:
        """The words of the sentence and its neighbours, as bits."""
        return functools.reduce(int.__or__, self.masks[max(0, position - 1) : position + 2])


def _of_passage(hit: Hit, passage: _Passage, lexicon: _Lexicon, best_lexical: float) -> list[float]:
    """The features that the sentences of a hit share, in the order of _OF_PASSAGE."""
    # A chunk that only the words found has no cosine of its own; its sentences' best is a little too high for it.
    cosine = hit.dense_score if hit.dense_score is not None else max(hit.sentence_scores, default=0.0) - 0.1
    return [
        cosine,
        1 / hit.rank,
        (hit.lexical_score or 0.0) / best_lexical,
        lexicon.share(passage.mask),
        lexicon.share(passage.mask, lexicon.names),
        passage.read.answers / _READER_SCALE,
    ]


def _of_sentence(question: Question, passage: _Passage, position: int, lexicon: _Lexicon) -> list[float]:
    """The features of a sentence, in the order of _OF_SENTENCE; those that compare candidates are still 0."""
    reading, mask, has = passage.readings[position], passage.masks[position], passage.typed[position]
    sentence, scores = passage.hit.chunk.sentences[position], passage.hit.sentence_scores
    near = [scores[other] for other in (position - 1, position + 1) if 0 <= other < len(scores)]
    return [
        scores[position],
        0.0,
        max(near, default=0.0),
        lexicon.share(mask),
        0.0,
        lexicon.share(passage.context(position)),
        lexicon.share(mask, lexicon.names),
        lexicon.share(mask, lexicon.numbers),
        lexicon.pairs(reading.stems, sentence.language),
        math.log1p(max(0, min(30, reading.content - mask.bit_count()))) / 3,
        math.log1p(min(8, len(passage.new_names[position]))) / 2,
        math.log1p(reading.length) / 4,
        float(reading.length < 5),
        float(reading.asks),
        float(reading.heading),
        float(reading.dependent),
        float(question.language is None or sentence.language == question.language),
        float(has and mask & lexicon.focus != 0),
        *(float(has and kind == question.kind) for kind in TYPED),
        float(not has),
        passage.read.shares[position] / _READER_SCALE,
        (passage.read.answers + passage.read.shares[position]) / _READER_SCALE,
        0.0,
    ]


def _complete(features: Features) -> Features:
    """The features with the columns that compare candidates, and those that count only across languages."""
    if len(features):
        for name in ("cosine", "coverage", "reader"):
            column = features[:, _OF_EVERY_LANGUAGE.index(name)]
            features[:, _OF_EVERY_LANGUAGE.index(f"{name}_gap")] = column - column.max()
    across = 1 - features[:, [_OF_EVERY_LANGUAGE.index("same_language")]]
    return np.hstack([features, features[:, [_OF_EVERY_LANGUAGE.index(name) for name in _ACROSS]] * across])


def _has(question: Question, reading: _Reading, new_names: set[str]) -> bool:
    """Whether the sentence has the kind of thing that is asked for; True when the kind cannot be told."""
    match question.kind:
        case "other" | "polar":
            return True
        case "person":
            return bool(new_names)
        case "place":
            return any(
                match[0] in new_names and _PLACE.search(reading.folded, max(0, match.start() - 12), match.start())
                for match in _CAPITAL.finditer(reading.text)
            )
        case "number" if question.numbers:
            return not _digits(reading.stems) <= question.numbers
        case kind:
            return bool(_SIGN_PATTERNS[kind].search(reading.folded))


def _answer_has(question: Question, text: str) -> bool:
    """Whether a short answer has the kind of thing that is asked for; True when the kind cannot be told."""
    match question.kind:
        case "other" | "polar" | "reason" | "manner":
            return True
        case "person" | "place":
            return bool(_CAPITAL.search(text))
        case kind:
            return bool(_SIGN_PATTERNS[kind].search(fold(text)))


def _digits(tokens: Sequence[str]) -> set[str]:
    return {token.replace(".", "") for token in tokens if token[:1].isdigit()}
