"""Fits the extractive answerer: which sentence answers, and whether any does.

    python -m training.fit_extractive PATH_TO_DATA

reads question sets from PATH_TO_DATA/qa, puts them into indexes of a dozen texts as the product would, and writes
rag/models/extractive/weights.json with the figures the choice rests on. Some minutes on two cores; seeded.

Two linear models. The ranking is a softmax over the sentences of the hits, trained to give its mass to the sentence
that holds the answer (listwise, Cao et al. 2007, doi:10.1145/1273496.1273513). The support is a logistic regression on
what the best evidence looks like, trained on questions that people asked of news with and without an answer in it
(evals/dev and the "dev" half of evals/gold). Twins made by rule, with the answer's document or sentence taken away or a
name exchanged, made it worse on these, so they only serve to look at.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.dev.cases import DevCase, open_folder, open_gold, open_index, read_cases, read_gold
from rag import evidence, metrics, questions, support
from rag.answerers.extractive import MOST_CLAIMS
from rag.config import read_settings
from rag.documents import Hit, Span
from rag.embedding import Embedder, open_embedder
from rag.evidence import Evidence, Features
from rag.index import Index
from rag.questions import Question
from rag.reader import Reader, Reading, read_ranked
from rag.retrieval import retrieve
from training.question_sets import Case, QuestionSet, read_facqa, read_squad

SEED = 7
HITS = 8
FOLDER = 12
BY_HAND = {"heading": -1.5}
"""A weight that the sets cannot teach, being without headings; set on evals/dev."""

OWN_WEIGHT = 4
"""How often a question of our own counts in the ranking beside one of the public sets."""

FOLDS, BLOCK = 3, 16
"""Confidences for the threshold come from folds; neighbouring questions, often on one story, stay together."""

SIGNS = {
    **dict.fromkeys(
        ("score", "margin", "share", "highest_cosine", "cosine", "chunk_cosine", "coverage", "context_coverage",
         "chunk_coverage", "name_coverage", "chunk_name_coverage", "number_coverage", "pairs", "lexical_share",
         "top_coverage", "hit_coverage", "typed", "typed_near", "typed_and_covered", "focus", "cosine_times_coverage",
         "reader", "reader_passage", "reader_best", "reader_best_passage",
         "reader_margin", "reader_agrees", "reader_times_coverage", "answer_typed"),
        1,
    ),
    **dict.fromkeys(
        ("heaviest_missing", "heaviest_missing_from_passage", "heaviest_missing_from_hits", "unknown_words",
         "unknown_names", "names_missing_from_hits", "focus_missing", "value_missing", "name_missing", "dependent",
         "answer_repeated"),
        -1,
    ),
}  # fmt: skip
"""Which way a measure of support may speak. Left free, a question with words that no document has came out as more
likely to be answered: an accident of the sets, and the wrong thing to carry over to other documents."""

CHOSEN_SHARE = 0.12
"""How many of the unanswerable questions to choose on may be answered."""

OUTPUT = Path(__file__).parent.parent / "rag" / "models" / "extractive" / "weights.json"


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


def fit_ranking(train: Sequence[Example], steps: int = 400, decay: float = 3e-2) -> Features:
    """Weights of the features: softmax over each question's sentences, gradient steps by Adam (arXiv:1412.6980)."""
    used = [each for each in train if each.gold.any() and not each.gold.all()]
    rows = np.vstack([each.found.features for each in used])
    gold = np.concatenate([each.gold for each in used])
    counts = [len(each.gold) for each in used]
    starts, owner = np.r_[0, np.cumsum(counts)[:-1]], np.repeat(np.arange(len(used)), counts)
    spread = rows.std(0)
    scaled = (rows - rows.mean(0)) / np.where(spread > 1e-9, spread, 1)

    def gradient(weights: Features) -> Features:
        scores = scaled @ weights
        mass = np.exp(scores - np.maximum.reduceat(scores, starts)[owner])
        mass /= np.add.reduceat(mass, starts)[owner]
        right = mass * gold
        right /= np.add.reduceat(right, starts)[owner]
        return scaled.T @ (mass - right) / len(used) + decay * weights

    weights = _descend(gradient, rows.shape[1], steps) / np.where(spread > 1e-9, spread, 1)
    for name, weight in BY_HAND.items():
        weights[evidence.NAMES.index(name)] = weight
    return weights


def fit_support(
    train: Sequence[Example], ranking: Features, steps: int = 600, decay: float = 0.2
) -> tuple[Features, float]:
    """Weights and bias of the logistic regression; answerable questions and the others weigh the same in sum.

    Weights are kept to their SIGNS by projection after every step.

    Answerable questions whose right sentence the ranking does not bring among the claims are left out: answering them
    is no success.
    """
    rows, labels = [], []
    for each in train:
        if each.found.places and (each.twin or succeeds(each, ranking)):
            rows.append(support.measure(each.question, each.found, each.found.features @ ranking))
            labels.append(not each.twin)
    table, target = np.array(rows), np.array(labels, float)
    weight = np.ones(len(target))
    for value in (0.0, 1.0):
        weight[target == value] /= weight[target == value].sum() * 2
    mean, spread = table.mean(0), table.std(0)
    spread = np.where(spread > 1e-9, spread, 1)
    scaled = np.hstack([(table - mean) / spread, np.ones((len(table), 1))])

    def gradient(weights: Features) -> Features:
        probability = 1 / (1 + np.exp(-scaled @ weights))
        return scaled.T @ ((probability - target) * weight) + decay * np.r_[weights[:-1], 0]

    signs = np.array([*(SIGNS.get(name, 0) for name in support.NAMES), 0])
    fitted = _descend(gradient, scaled.shape[1], steps, signs=signs)
    return fitted[:-1] / spread, float(fitted[-1] - (fitted[:-1] * mean / spread).sum())


def _descend(
    gradient: Callable[[Features], Features],
    size: int,
    steps: int,
    rate: float = 0.05,
    signs: NDArray[np.int_] | None = None,
) -> Features:
    """The weights after so many steps of Adam; one whose sign is given never takes the other."""
    weights = first = second = np.zeros(size)
    for step in range(1, steps + 1):
        slope = gradient(weights)
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        weights = weights - rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        if signs is not None:
            weights = np.where(weights * signs < 0, 0, weights)
    return weights


def succeeds(each: Example, ranking: Features, most: int = MOST_CLAIMS) -> bool:
    """Whether a sentence that answers is among the first."""
    best = np.argsort(-(each.found.features @ ranking), kind="stable")[:most]
    return bool(each.gold[best].any())


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


@dataclass(frozen=True, slots=True)
class Model:
    """Both models."""

    ranking: Features
    support: Features
    bias: float

    def confidence(self, each: Example) -> float:
        """The probability that the documents answer; 0 without any candidate."""
        if not each.found.places:
            return 0.0
        measures = support.measure(each.question, each.found, each.found.features @ self.ranking)
        return float(1 / (1 + np.exp(-measures @ self.support - self.bias)))


def fit(public: Sequence[Example], own: Sequence[Example]) -> Model:
    """Both models: the ranking from public and own questions, the support from our own."""
    ranking = fit_ranking([each for each in (*public, *(list(own) * OWN_WEIGHT)) if not each.twin])
    return Model(ranking, *fit_support(own, ranking))


def choose_threshold(public: Sequence[Example], own: Sequence[Example], shared: Sequence[Example]) -> float:
    """The lowest threshold at which few enough of ``own`` without an answer are answered by models that never saw them.

    Half of them are taken to be on the topic of the documents and half to be about something else, whatever their
    numbers in the set.
    """
    near, far = [], []
    for fold in range(FOLDS):
        apart = [place // BLOCK % FOLDS == fold for place in range(len(own))]
        model = fit(public, [*shared, *(each for each, out in zip(own, apart, strict=True) if not out)])
        for each, out in zip(own, apart, strict=True):
            if out and each.twin:
                (near if each.twin == "on_topic" else far).append(model.confidence(each))
    return _threshold(np.array(near), np.array(far))


def _threshold(near: np.ndarray, far: np.ndarray) -> float:
    for threshold in sorted({*near, *far}):
        if ((near > threshold).mean() + (far > threshold).mean()) / 2 <= CHOSEN_SHARE:
            return round(float(threshold) + 1e-4, 4)
    return 1.0


def figures(model: Model, found: Sequence[Example], threshold: float) -> dict[str, object]:
    """What the models do on a set: the right sentence among the claims, answers by kind of twin, the curve."""
    answerable = [each for each in found if not each.twin]
    confidences = [model.confidence(each) for each in found]
    right = [succeeds(each, model.ranking) and not each.twin for each in found]
    curve = metrics.risk_coverage(confidences, right)
    step = max(1, len(curve) // 20)
    return {
        "questions": len(answerable),
        "right_sentence_among_4": _mean([succeeds(each, model.ranking) for each in answerable]),
        "first_sentence_right": _mean([succeeds(each, model.ranking, 1) for each in answerable]),
        "right_and_answered": _mean(
            [succeeds(each, model.ranking) and model.confidence(each) >= threshold for each in answerable]
        ),
        "declined": _mean([model.confidence(each) < threshold for each in answerable]),
        "answered_without_answer": {
            twin: _mean([model.confidence(each) >= threshold for each in found if each.twin == twin])
            for twin in sorted({each.twin for each in found} - {""})
        },
        "aurc": round(metrics.area_under_risk_coverage(confidences, right), 4),
        "risk_coverage": [[round(value, 4) for value in point] for point in [*curve[::step], curve[-1]]],
    }


def _mean(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def main() -> None:
    """Fits, chooses the threshold, writes the weights and figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that has qa/")
    parser.add_argument("--keep", type=Path, help="folder for the sets' indexes, used again by the next run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        embedder = open_embedder(read_settings())
        train = [
            each
            for found, most in training_sets(options.data / "qa")
            for each in examples(found, most, embedder, folder, twins=False)
        ]
        dev = {found.name: examples(found, most, embedder, folder) for found, most in dev_sets(options.data / "qa")}
        own = own_examples(embedder, Path(scratch))
    write(train, own, dev)


def write(train: list[Example], own: dict[str, list[Example]], dev: dict[str, list[Example]]) -> None:
    """Fits with the reader and without, chooses thresholds on evals/dev, writes the weights and the figures of dev."""
    record, report = {}, {}
    for name, view in (("read", list), ("unread", _unread)):
        public, ours, gold = view(train), view(own["own"]), view(own["gold"])
        model = fit(public, [*ours, *gold])
        threshold = choose_threshold(public, ours, gold)
        record[name] = {
            "ranking": dict(zip(evidence.NAMES, model.ranking.round(5).tolist(), strict=True)),
            "support": dict(zip(support.NAMES, model.support.round(5).tolist(), strict=True)),
            "bias": round(model.bias, 5),
            "threshold": threshold,
        }
        report[name] = {each: figures(model, view(found), threshold) for each, found in dev.items()}
    OUTPUT.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    OUTPUT.with_name("figures.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    for name, sets in report.items():
        for each, figure in sets.items():
            print(name, each, {key: value for key, value in figure.items() if key != "risk_coverage"})


def _unread(found: Sequence[Example]) -> list[Example]:
    """The examples as they would be without the reader."""
    return [dataclasses.replace(each, found=each.unread) for each in found]


if __name__ == "__main__":
    main()
