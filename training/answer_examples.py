"""The questions that the extractive answerer is fitted and looked at on, with the evidence it would find for them."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals.dev.cases import DevCase, open_folder, open_gold, open_index, read_cases, read_gold
from rag import evidence, questions
from rag.documents import Hit, Span
from rag.embedding import Embedder
from rag.evidence import Evidence
from rag.index import Index
from rag.questions import Question
from rag.reader import Reader, Reading, read_ranked
from rag.retrieval import retrieve
from training.question_sets import Case, QuestionSet, read_facqa, read_squad

SEED = 7
HITS = 8
FOLDER = 12


@dataclass(slots=True)
class Example:
    """A question with the evidence found for it.

    Attributes:
        question: Taken apart.
        found: The evidence.
        unread: The same as it would be without the reader.
        gold: For each candidate, whether it holds the answer.
        twin: Why it has no answer; empty when it has one.
    """

    question: Question
    found: Evidence
    unread: Evidence
    gold: np.ndarray
    twin: str = ""


READER = Reader()


def training_sets(data: Path) -> Iterator[tuple[QuestionSet, int]]:
    """The sets to fit on, with how many of their questions: none that the reader has learnt from."""
    yield read_squad(data / "tydiqa-goldp.en.dev.json.gz", "tydiqa_fit", "en", (0, 2)), 150
    yield read_squad(data / "policyqa.en.test.json.gz", "policyqa", "en", (0, 3)), 60
    yield _half(read_squad(data / "squad2-sample.en.json.gz", "squad2_fit", "en"), 0), 250
    yield read_squad(data / "piaf-even.fr.json.gz", "piaf_fit", "fr", (1, 4)), 150
    yield _half(read_facqa(data / "facqa.id.valid.csv.gz", "facqa_fit"), 0), 120


def dev_sets(data: Path) -> Iterator[tuple[QuestionSet, int]]:
    """The sets that are only looked at; squad2's questions without answer are real ones."""
    yield read_squad(data / "tydiqa-goldp.en.dev.json.gz", "tydiqa_dev", "en", (1, 2)), 150
    yield _half(read_squad(data / "squad2-sample.en.json.gz", "squad2", "en"), 1), 250
    yield read_squad(data / "piaf-even.fr.json.gz", "piaf_dev", "fr", (3, 4)), 120
    yield _half(read_facqa(data / "facqa.id.valid.csv.gz", "facqa_dev"), 1), 120
    yield read_squad(data / "xquad.es.json.gz", "xquad_es", "es"), 60


def _half(found: QuestionSet, remainder: int) -> QuestionSet:
    """Every second text of a set with its questions."""
    texts = {name: text for place, (name, text) in enumerate(found.texts.items()) if place % 2 == remainder}
    return QuestionSet(found.name, texts, [case for case in found.cases if case.about in texts])


def examples(found: QuestionSet, most: int, embedder: Embedder, folder: Path, *, twins: bool = True) -> list[Example]:
    """The set's questions, and their twins, with the evidence that the product would find in folders of FOLDER texts.

    Neighbours in a set stay together, so that a folder has several texts on one topic, as people's folders do.
    """
    chance = random.Random(SEED)
    names = [word for case in found.cases for word in questions.read(case.question, case.language).names]
    documents = list(found.texts)
    groups = [documents[start : start + FOLDER] for start in range(0, len(documents), FOLDER)]
    chance.shuffle(groups)
    made: list[Example] = []
    asked = 0
    for number, group in enumerate(groups):
        texts = {name: found.texts[name] for name in group}
        cases = [case for case in found.cases if case.about in texts]
        with open_index(texts, embedder, folder / f"{found.name}-{number}") as index:
            if twins:
                made += [example for case in cases for example in _examples(case, index, names, chance)]
            else:
                made += [_answerable(case, index) for case in cases if case.answers]
        asked += len(cases)
        if asked >= most:
            break
    return made


def _examples(case: Case, index: Index, names: Sequence[str], chance: random.Random) -> Iterator[Example]:
    hits = retrieve(index, case.question, k=2 * HITS, language=case.language)
    if not case.answers:
        yield _example(case, case.question, hits[:HITS], index, "real")
        return
    yield _example(case, case.question, hits[:HITS], index)
    documents = {document for document, _ in case.answers}
    yield _example(
        case, case.question, [hit for hit in hits if hit.source.id not in documents][:HITS], index, "document"
    )
    yield _example(case, case.question, [_without_answer(hit, case) for hit in hits[:HITS]], index, "sentence")
    own = sorted(questions.read(case.question, case.language).names)
    if own and names:
        other = case.question.replace(chance.choice(own), chance.choice(names))
        if other != case.question:
            yield _example(case, other, retrieve(index, other, k=HITS, language=case.language), index, "name")


def _answerable(case: Case, index: Index) -> Example:
    return _example(case, case.question, retrieve(index, case.question, k=HITS, language=case.language), index)


def _example(case: Case, question: str, hits: Sequence[Hit], index: Index, twin: str = "") -> Example:
    ranked = [dataclasses.replace(hit, rank=rank) for rank, hit in enumerate(hits, start=1)]
    asked = questions.read(question, case.language)
    passages = [hit.chunk for hit in ranked]
    found = evidence.gather(asked, ranked, read_ranked(READER, question, passages), index)
    unread = evidence.gather(asked, ranked, [Reading.unread(passage) for passage in passages], index)
    gold = [not twin and _answers(case, ranked[hit], position) for hit, position in found.places]
    return Example(asked, found, unread, np.array(gold, bool), twin)


def _answers(case: Case, hit: Hit, position: int) -> bool:
    span = hit.chunk.sentences[position].span
    return any(document == hit.chunk.document and answer.overlaps(span) for document, answer in case.answers)


def _without_answer(hit: Hit, case: Case) -> Hit:
    """The hit as if the sentences that answer had never been written, as far as that can be told."""
    kept = [place for place in range(len(hit.chunk.sentences)) if not _answers(case, hit, place)]
    if len(kept) == len(hit.chunk.sentences):
        return hit
    scores = tuple(hit.sentence_scores[place] for place in kept)
    lost = float(np.mean(hit.sentence_scores)) - float(np.mean(scores)) if scores else 0.3
    chunk = hit.chunk
    text = list(chunk.text)
    for place, sentence in enumerate(chunk.sentences):
        if place not in kept:  # blanks, so that all offsets stay
            start, end = sentence.span.start - chunk.span.start, sentence.span.end - chunk.span.start
            text[start:end] = " " * (end - start)
    return dataclasses.replace(
        hit,
        chunk=dataclasses.replace(chunk, text="".join(text), sentences=tuple(chunk.sentences[place] for place in kept)),
        sentence_scores=scores,
        dense_score=hit.dense_score - max(0.0, lost) if hit.dense_score is not None else None,
    )


def own_examples(embedder: Embedder, folder: Path) -> dict[str, list[Example]]:
    """The questions of evals/dev, and of the "dev" half of evals/gold."""
    found: dict[str, list[Example]] = {"own": [], "gold": []}
    for name in ("seeds", "news", "bulletins"):
        with open_folder(name, embedder, folder / f"own-{name}") as index:
            found["own"] += [_own(each, index) for each in read_cases(name)]
    for name in ("seeds", "news"):
        with open_gold(name, embedder, folder / f"gold-{name}") as index:
            found["gold"] += [_own(each, index) for each in read_gold(name, "dev")]
    return found


def _own(each: DevCase, index: Index) -> Example:
    spans = tuple((document, _find(index, document, quote)) for document, quote in each.gold)
    hits = retrieve(index, each.question, k=HITS, language=each.language)
    case = Case(each.question, each.language, spans)
    return _example(case, each.question, hits, index, "" if spans else f"{each.topic}_topic")


def _find(index: Index, document: str, quote: str) -> Span:
    start = index.document(document).text.index(quote)  # type: ignore[union-attr]
    return Span(start, start + len(quote))
