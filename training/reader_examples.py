"""What the reader learns from: questions with a passage that answers, and with passages that look as if they did.

Each answerable question gives up to four examples: its passage; the same passage without the sentence that answers; the
nearest other passage of the set; and a twin, the question with a name, a number, a word or what it asks for changed.
Some are told in words of another language, replaced one by one from the alignment of the sentence pairs, so that
question and passage need not share a language.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from rag.documents import Span
from rag.embedding import Embedder
from rag.evidence import sign_of
from rag.sentences import split
from rag.text import STOP_WORDS, fold
from training.gloss_vocabulary import Glosses
from training.question_sets import Case, QuestionSet, read_facqa, read_lines, read_qed, read_squad

PASSAGE_WORDS = 95
"""A passage is filled up with sentences to about as many words as a chunk of the index has."""

SHARE = {"deleted": 0.6, "near": 0.6, "twin": 0.8}
ACROSS = 0.3
"""How many examples have their question, or their passage, in words of another language."""

_NAME = re.compile(r"(?<![.?!] )(?<!^)\b[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)*")
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_ASKING = {
    "en": {"when": "time", "where": "", "why": "reason"},
    "fr": {"quand": "time", "où": "", "pourquoi": "reason"},
    "id": {"kapan": "time", "di mana": "", "mengapa": "reason"},
}


@dataclass(frozen=True, slots=True)
class Example:
    """A question beside a passage.

    Attributes:
        question: The question.
        passage: The passage.
        answer: Where the answer stands in the passage, code points; None when it has none.
        kind: "answer", or why it has none: "deleted", "near", "twin", "real".
        language: Of question and passage before words were replaced.
    """

    question: str
    passage: str
    answer: Span | None
    kind: str
    language: str


def training_sets(data: Path) -> Iterator[tuple[QuestionSet, int]]:
    """The sets to train on, with how many of their questions at most."""
    yield read_squad(data / "tydiqa-goldp.en.train.json.gz", "tydiqa", "en"), 3_700
    yield read_squad(data / "covidqa.en.json.gz", "covidqa", "en"), 1_500
    yield read_squad(data / "policyqa.en.dev.json.gz", "policyqa", "en"), 2_000
    yield read_qed(data / "qed.en.dev.jsonl.gz", "qed"), 1_355
    yield read_squad(data / "piaf-even.fr.json.gz", "piaf", "fr", (0, 2)), 1_100
    yield read_facqa(data / "facqa.id.train.csv.gz", "facqa"), 2_500
    yield read_qamr(data, "filtered-dev"), 7_000
    yield read_qamr(data, "filtered-test"), 7_000


def read_qamr(data: Path, part: str) -> QuestionSet:
    """QAMR's questions, each about one sentence, the sentences of a paragraph joined again."""
    found = QuestionSet(f"qamr-{part}")
    lines = read_lines(data / "qamr.en.wiki-sentences.tsv.gz")
    tokens = {name: text.split() for name, _, text in (line.partition("\t") for line in lines)}
    paragraphs: dict[str, list[str]] = defaultdict(list)
    for name in sorted(tokens, key=lambda name: (name.rpartition(":")[0], int(name.rpartition(":")[2]))):
        paragraphs[name.rpartition(":")[0]].append(name)
    places: dict[str, tuple[str, list[tuple[int, int]]]] = {}
    for paragraph, names in paragraphs.items():
        text = ""
        for name in names:
            text += " " if text else ""
            spans = []
            for token in tokens[name]:
                word = _unescaped(token)
                glued = not text or text[-1] in " ($“" or word in {".", ",", ";", ":", "?", "!", ")", "%", "'s", "n't"}
                text += "" if glued else " "
                spans.append((len(text), len(text) + len(word)))
                text += word
            places[name] = paragraph, spans
        found.texts[paragraph] = text
    for row in read_lines(data / f"qamr.en.{part}.tsv.gz"):
        fields = row.split("\t")
        paragraph, spans = places[fields[0]]
        marked = [int(number) for number in fields[6].split()]
        if marked and max(marked) < len(spans):
            span = Span(spans[marked[0]][0], spans[marked[-1]][1])
            found.cases.append(Case(fields[5], "en", ((paragraph, span),), paragraph))
    return found


def _unescaped(token: str) -> str:
    return {"-LRB-": "(", "-RRB-": ")", "``": "“", "''": "”", "-LSB-": "[", "-RSB-": "]"}.get(token, token)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A passage of a text: whole sentences, with their offsets in the text."""

    document: str
    text: str
    sentences: tuple[Span, ...]

    @property
    def passage(self) -> str:
        return self.text[self.sentences[0].start : self.sentences[-1].end]


def _pieces(document: str, text: str, language: str) -> list[_Piece]:
    found: list[_Piece] = []
    held: list[Span] = []
    words = 0
    for span in split(text, language):
        count = len(span.of(text).split())
        if held and words + count > PASSAGE_WORDS:
            found.append(_Piece(document, text, tuple(held)))
            held, words = [], 0
        held.append(span)
        words += count
    return [*found, _Piece(document, text, tuple(held))] if held else found


def build(found: QuestionSet, most: int, embedder: Embedder, seed: int = 5) -> list[Example]:
    """The examples of a set, before words are replaced."""
    chance = random.Random(f"{seed}{found.name}")
    cases = [case for case in found.cases if case.answers]
    chance.shuffle(cases)
    cases = cases[:most]
    language = cases[0].language
    pieces = [
        piece
        for name in sorted({case.about for case in cases if case.about})
        for piece in _pieces(name, found.texts[name], language)
    ]
    vectors, _ = embedder.embed_passages([piece.passage for piece in pieces], [[] for _ in pieces])
    swaps = _Swaps(cases, language)
    made: list[Example] = []
    for case in cases:
        _, answer = case.answers[0]
        home = next((p for p in pieces if p.document == case.about and _inside(answer, p)), None)
        if home is None:
            continue
        start = home.sentences[0].start
        made.append(
            Example(case.question, home.passage, Span(answer.start - start, answer.end - start), "answer", language)
        )
        if chance.random() < SHARE["deleted"] and (left := _deleted(home, case)):
            made.append(Example(case.question, left, None, "deleted", language))
        if chance.random() < SHARE["near"]:
            scores = vectors @ embedder.embed_question(case.question)
            made += _near(case, home, pieces, scores, language)
        if chance.random() < SHARE["twin"] and (twin := swaps.twin(case.question, home.passage, chance)):
            made.append(Example(twin, home.passage, None, "twin", language))
    return made


def _inside(answer: Span, piece: _Piece) -> bool:
    return piece.sentences[0].start <= answer.start and answer.end <= piece.sentences[-1].end


def _deleted(piece: _Piece, case: Case) -> str:
    """The passage without the sentences that answer."""
    said = fold(case.answers[0][1].of(piece.text))
    kept = [
        span
        for span in piece.sentences
        if said not in fold(span.of(piece.text)) and not any(answer.overlaps(span) for _, answer in case.answers)
    ]
    return " ".join(span.of(piece.text) for span in kept)


def _near(case: Case, home: _Piece, pieces: Sequence[_Piece], scores: np.ndarray, language: str) -> Iterator[Example]:
    """The nearest passage that does not have the answer's words."""
    said = fold(case.answers[0][1].of(home.text))
    for place in np.argsort(-scores)[:6]:
        piece = pieces[int(place)]
        if piece is not home and said not in fold(piece.passage):
            yield Example(case.question, piece.passage, None, "near", language)
            return


class _Swaps:
    """Words of a set's questions, to make other questions of."""

    def __init__(self, cases: Sequence[Case], language: str) -> None:
        self.language = language
        self.stop = STOP_WORDS.get(language, frozenset())
        self.names = [name for case in cases for name in _NAME.findall(case.question)]
        self.endings: dict[str, list[str]] = defaultdict(list)
        for case in cases:
            for word in self._content(case.question):
                self.endings[word[-2:]].append(word)

    def _content(self, question: str) -> list[str]:
        words = re.findall(r"\b[a-zà-þ]{4,}\b", question)
        return [word for word in words if fold(word) not in self.stop]

    def twin(self, question: str, passage: str, chance: random.Random) -> str | None:
        """A question that the passage does not answer, in the words of this one but for one place; None if none is."""
        ways = [self._name, self._name, self._year, self._word, self._word, self._asked]
        chance.shuffle(ways)
        for way in ways:
            other = way(question, passage, chance)
            if other and other != question:
                return other
        return None

    def _name(self, question: str, passage: str, chance: random.Random) -> str | None:
        own = _NAME.findall(question)
        if not own:
            return None
        old = chance.choice(own)
        near = [name for name in _NAME.findall(passage) if name not in question and old not in name]
        pool = near if near and chance.random() < 0.6 else self.names
        new = chance.choice(pool) if pool else old
        return None if fold(new) in fold(question) or fold(old) in fold(new) else question.replace(old, new)

    def _year(self, question: str, passage: str, chance: random.Random) -> str | None:
        years = _YEAR.findall(question)
        if not years:
            return None
        old = chance.choice(years)
        new = str(int(old) + chance.choice([-9, -5, -3, -2, -1, 1, 2, 3, 4, 10]))
        return question.replace(old, new) if new not in passage else None

    def _word(self, question: str, passage: str, chance: random.Random) -> str | None:
        content = self._content(question)
        if not content:
            return None
        old = chance.choice(content)
        there = fold(passage)
        for _ in range(6):
            new = chance.choice(self.endings[old[-2:]])
            if fold(new)[:5] not in there and fold(new)[:4] != fold(old)[:4]:
                return re.sub(rf"\b{re.escape(old)}\b", new, question, count=1)
        return None

    def _asked(self, question: str, passage: str, chance: random.Random) -> str | None:
        table = _ASKING.get(self.language, {})
        lower = question.lower()
        old = next((word for word in table if lower.startswith(word)), None)
        if old is None:
            return None
        kinds = [(word, sign) for word, sign in table.items() if word != old and sign]
        fitting = [word for word, sign in kinds if not sign_of(sign).search(fold(passage))]
        return chance.choice(fitting).capitalize() + question[len(old) :] if fitting else None


def across(
    example: Example,
    tokenizer: Tokenizer,
    tables: tuple[dict[str, Glosses], dict[str, Glosses]],
    chance: random.Random,
) -> Example:
    """The example with the words of its question, or of its passage, put into another language as far as is known.

    ``tables`` are, for each language, its words for English ones, and the English words for its own.
    """
    translations, glosses = tables
    if example.language == "en":
        table = translations[chance.choice(sorted(translations))]
    elif example.language in glosses:
        table = glosses[example.language]
    else:
        return example
    if chance.random() < 0.7:
        question, _ = replaced(tokenizer, example.question, None, table, chance)
        return replace(example, question=question)
    passage, answer = replaced(tokenizer, example.passage, example.answer, table, chance)
    return replace(example, passage=passage, answer=answer)


def replaced(
    tokenizer: Tokenizer, text: str, answer: Span | None, table: Glosses, chance: random.Random
) -> tuple[str, Span | None]:
    """The text, in lower case and without accents, with words exchanged, and where the answer is then."""
    share = chance.uniform(0.6, 1.0)
    made, start, end = "", None, None
    last = 0
    for word, (low, high) in tokenizer.pre_tokenizer.pre_tokenize_str(text):
        made += text[last:low]
        if answer and start is None and high > answer.start:
            start = len(made)
        known = table.get(tokenizer.normalizer.normalize_str(word))
        if known and chance.random() < share:
            made += chance.choices(list(known), list(known.values()))[0]
        else:
            made += word
        last = high
        if answer and low < answer.end:
            end = len(made)
    return made, Span(start, end) if answer and start is not None and end is not None else None


def all_examples(
    data: Path,
    embedder: Embedder,
    tokenizer: Tokenizer,
    *,
    translations: dict[str, Glosses],
    glosses: dict[str, Glosses],
    seed: int = 5,
) -> list[Example]:
    """Every training example in random order, some across languages."""
    chance = random.Random(seed)
    found = [example for part, most in training_sets(data / "qa") for example in build(part, most, embedder, seed)]
    found = [
        across(example, tokenizer, (translations, glosses), chance) if chance.random() < ACROSS else example
        for example in found
    ]
    chance.shuffle(found)
    return found
