"""How well embedders rank, side by side, on sets that none of them was trained on.

    python -m training.embedding_quality PATH_TO_DATA NAME=FOLDER...

FOLDER is what training/export_embedder.py wrote. For sentence pairs: is the translation the nearest of all sentences.
For question sets: is the right chunk, and the right sentence, the first. Intervals are Wilson's at 95 %.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals.dev.cases import SEEDS
from rag.chunking import chunk
from rag.documents import Chunk, Document, Sentence, Source, Span
from rag.embedding import MiniLM, Vectors
from rag.loaders import load
from rag.sentences import split
from rag.significance import wilson_interval
from training.gloss_vocabulary import read_pairs
from training.question_sets import QuestionSet, read_facqa, read_squad

CHUNKS_PER_SET = 800
GOLD = Path(__file__).parent.parent / "evals" / "gold" / "seeds.jsonl"


@dataclass(slots=True)
class Questions:
    """Chunks as the index has them, and questions with the number of the right chunk and the right sentence in it."""

    chunks: list[Chunk]
    cases: list[tuple[str, int, int]]


def cut(found: QuestionSet, language: str, limit: int = 500) -> Questions:
    """The first chunks of a set and a sample, by a fixed seed, of the questions they answer."""
    made = Questions([], [])
    for name, text in found.texts.items():
        if len(made.chunks) >= CHUNKS_PER_SET:
            break
        sentences = tuple(Sentence(span, language) for span in split(text, language))
        document = Document(Source(name, ""), text, sentences)
        chunks = chunk(document, lambda texts: [len(t.split()) * 4 // 3 for t in texts], 128)
        for case in found.cases:
            if case.about == name and case.answers:
                start = case.answers[0][1].start
                right = [
                    (case.question, len(made.chunks) + place, position)
                    for place, part in enumerate(chunks)
                    for position, sentence in enumerate(part.sentences)
                    if sentence.span.start <= start < sentence.span.end
                ]
                made.cases += right[:1]
        made.chunks += chunks
    random.Random(1).shuffle(made.cases)
    del made.cases[limit:]
    return made


def ranks(embedder: MiniLM, questions: Questions) -> tuple[list[int], list[int]]:
    """For each question the rank of the right chunk, and of the right sentence among all."""
    spans = [
        [Span(s.span.start - part.span.start, s.span.end - part.span.start) for s in part.sentences]
        for part in questions.chunks
    ]
    passages, inner = embedder.embed_passages([part.text for part in questions.chunks], spans)
    first = np.cumsum([0] + [len(vectors) for vectors in inner])
    sentences = np.concatenate(inner)
    chunks, places = [], []
    for text, place, position in questions.cases:
        question = embedder.embed_question(text)
        chunks.append(_rank(passages @ question, place))
        places.append(_rank(sentences @ question, int(first[place]) + position))
    return chunks, places


def _rank(scores: Vectors, right: int) -> int:
    return 1 + int(np.sum(scores > scores[right]))


def translations(embedder: MiniLM, path: Path) -> Iterator[tuple[str, list[bool]]]:
    """Whether each sentence's translation is the nearest of all, from English and to English."""
    pairs = read_pairs(path)
    sides = [embedder.embed_passages([pair[side] for pair in pairs], [[] for _ in pairs])[0] for side in (0, 1)]
    similar = sides[0] @ sides[1].T
    places = np.arange(len(pairs))
    language = path.name.split(".")[1].partition("-")[2]
    yield f"en->{language}", (similar.argmax(1) == places).tolist()
    yield f"{language}->en", (similar.argmax(0) == places).tolist()


def across_seeds(embedder: MiniLM) -> Iterator[tuple[str, list[bool]]]:
    """Questions of the gold set asked of the articles in other languages: the right chunk first, and among three."""
    documents = [load(path, f"seeds/{path.name}") for path in sorted(SEEDS.glob("*.txt"))]
    chunks = [part for each in documents for part in chunk(each, embedder.count_tokens, embedder.budget_tokens)]
    vectors, _ = embedder.embed_passages([part.text for part in chunks], [[] for _ in chunks])
    first, three = [], []
    for line in GOLD.read_text("utf-8").splitlines():
        case = json.loads(line)
        spans = [span for nugget in case["nuggets"] for span in nugget["spans"]]
        foreign = np.array([part.language != case["language"] for part in chunks])
        right = {
            place
            for place, part in enumerate(chunks)
            for span in spans
            if foreign[place]
            and part.document == span["document"]
            and Span(span["start"], span["end"]).overlaps(part.span)
        }
        if right and case["status"] == "answered":
            scores = np.where(foreign, vectors @ embedder.embed_question(case["question"]), -1)
            best = np.argsort(-scores)[:3].tolist()
            first.append(best[0] in right)
            three.append(bool(right & set(best)))
    yield "seeds across @1", first
    yield "seeds across @3", three


def measures(embedder: MiniLM, data: Path) -> Iterator[tuple[str, list[bool]]]:
    """Every measure of an embedder, by name, with what each case came to."""
    for language in ("fr", "id"):
        for name, right in translations(embedder, data / "parallel" / f"pud.en-{language}.tsv.gz"):
            yield f"PUD {name} @1", right
    for name, found, language in (
        ("TyDi en", read_squad(data / "qa" / "tydiqa-goldp.en.dev.json.gz", "tydiqa", "en"), "en"),
        ("SQuAD en", read_squad(data / "qa" / "squad2-sample.en.json.gz", "squad2", "en"), "en"),
        ("PIAF fr", read_squad(data / "qa" / "piaf-even.fr.json.gz", "piaf", "fr", (1, 2)), "fr"),
        ("FacQA id", read_facqa(data / "qa" / "facqa.id.valid.csv.gz", "facqa"), "id"),
        ("XQuAD es", read_squad(data / "qa" / "xquad.es.json.gz", "xquad", "es"), "es"),
    ):
        chunks, sentences = ranks(embedder, cut(found, language))
        yield f"{name} chunk@1", [rank <= 1 for rank in chunks]
        yield f"{name} chunk@5", [rank <= 5 for rank in chunks]
        yield f"{name} sentence@1", [rank <= 1 for rank in sentences]
    if GOLD.exists():
        yield from across_seeds(embedder)


def main() -> None:
    """Prints a table in Markdown, one row for each measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that has parallel/ and qa/")
    parser.add_argument("models", nargs="+", metavar="NAME=FOLDER")
    options = parser.parse_args()
    names = [model.partition("=")[0] for model in options.models]
    table: dict[str, list[str]] = {}
    for model in options.models:
        embedder = MiniLM(Path(model.partition("=")[2]), threads=2)
        for name, right in measures(embedder, options.data):
            interval = wilson_interval(sum(right), len(right))
            assert interval is not None, name
            cell = f"{np.mean(right):.3f} [{interval.low:.3f}, {interval.high:.3f}]"
            table.setdefault(f"{name} (n = {len(right)})", []).append(cell)
    print(f"| | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for name, cells in table.items():
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
