"""Fits the extractive answerer: which sentence answers, and whether any does.

    python -m training.fit_extractive PATH_TO_DATA

reads question sets from PATH_TO_DATA/qa, puts them into indexes of a dozen texts as the product would, and writes
rag/models/extractive/weights.json, with FIGURES.md and two diagrams that show what the choice rests on.
Some ten minutes on two cores; seeded.

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
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag import evidence, support
from rag.answerers.extractive import MOST_CLAIMS
from rag.config import read_settings
from rag.embedding import open_embedder
from rag.evidence import Features
from training.answer_examples import Example, dev_sets, examples, own_examples, training_sets
from training.extractive_card import Outcome, View, write_card

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

OUTPUT = Path(__file__).parent.parent / "rag" / "models" / "extractive"


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


def outcomes(model: Model, found: Sequence[Example]) -> list[Outcome]:
    """What the models make of each question."""
    return [
        Outcome(model.confidence(each), succeeds(each, model.ranking, 1), succeeds(each, model.ranking), each.twin)
        for each in found
    ]


def in_folds(public: Sequence[Example], own: Sequence[Example], shared: Sequence[Example]) -> list[Outcome]:
    """What models make of each of our own questions that were fitted without it and its neighbours."""
    found: dict[int, Outcome] = {}
    for fold in range(FOLDS):
        apart = [place for place in range(len(own)) if place // BLOCK % FOLDS == fold]
        model = fit(public, [*shared, *(each for place, each in enumerate(own) if place not in set(apart))])
        found.update(zip(apart, outcomes(model, [own[place] for place in apart]), strict=True))
    return [found[place] for place in range(len(own))]


def choose_threshold(found: Sequence[Outcome]) -> float:
    """The lowest threshold at which few enough of the questions without an answer are answered.

    Half of them are taken to be on the topic of the documents and half to be about something else, whatever their
    numbers in the set.
    """
    near, far = (
        np.array([each.confidence for each in found if each.twin == f"{kind}_topic"]) for kind in ("on", "off")
    )
    for threshold in sorted({*near, *far}):
        if ((near > threshold).mean() + (far > threshold).mean()) / 2 <= CHOSEN_SHARE:
            return round(float(threshold) + 1e-4, 4)
    return 1.0


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
    """Fits with the reader and without, chooses thresholds on evals/dev, writes the weights and the card's figures."""
    record, views = {}, []
    for name, title, view in (("read", "With the reader", list), ("unread", "Without the reader", _unread)):
        public, ours, gold = view(train), view(own["own"]), view(own["gold"])
        model = fit(public, [*ours, *gold])
        folded = {"evals/dev": in_folds(public, ours, gold), 'evals/gold "dev"': in_folds(public, gold, ours)}
        threshold = choose_threshold(folded["evals/dev"])
        record[name] = {
            "ranking": dict(zip(evidence.NAMES, model.ranking.round(5).tolist(), strict=True)),
            "support": dict(zip(support.NAMES, model.support.round(5).tolist(), strict=True)),
            "bias": round(model.bias, 5),
            "threshold": threshold,
        }
        seen = {each: outcomes(model, view(found)) for each, found in dev.items()}
        views.append(View(title, threshold, folded, seen))
    (OUTPUT / "weights.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    write_card(OUTPUT, views)


def _unread(found: Sequence[Example]) -> list[Example]:
    """The examples as they would be without the reader."""
    return [dataclasses.replace(each, found=each.unread) for each in found]


if __name__ == "__main__":
    main()
