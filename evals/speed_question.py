r"""Measure a warm question over 10,000 chunks against the work no one can leave out.

    python -m evals.speed_question \
        PATH_TO_DATA/qa/{covidqa.en,tydiqa-goldp.en.train,policyqa.en.dev,policyqa.en.test}.json.gz

For each question, in turn and in one process: the embedder's forward pass, Chroma's own query with that vector, and
the whole of retrieval plus the extractive answer, which contains both. Promised: the median of the whole is at most 3
times the sum of the other two medians, and its 95th percentile stays under 60 ms.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import chromadb
import numpy as np

from rag.config import read_settings
from rag.workspace import Workspace
from training.question_sets import QuestionSet, read_squad


def milliseconds(call: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def write_corpus(sets: Sequence[QuestionSet], folder: Path) -> None:
    """One file for each text."""
    folder.mkdir()
    for number, text in enumerate(text for one in sets for text in one.texts.values()):
        (folder / f"{number:05}.txt").write_text(text, encoding="utf-8", newline="")


def plain_collection(folder: Path, count: int, dimensions: int) -> chromadb.Collection:
    """A collection of Chroma's own, with nothing of ours around it: as many vectors, of the same length."""
    client = chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))
    collection = client.create_collection("plain", embedding_function=None, configuration={"hnsw": {"space": "cosine"}})
    vectors = np.random.default_rng(0).standard_normal((count, dimensions)).astype(np.float32)
    for start in range(0, count, 5_000):
        part = vectors[start : start + 5_000]
        collection.add([str(start + place) for place in range(len(part))], embeddings=part)
    return collection


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("squad", type=Path, nargs="+", help="gzipped files in SQuAD format, together 10,000 chunks")
    parser.add_argument("--questions", type=int, default=300)
    options = parser.parse_args()
    data = [read_squad(path, path.name, "en") for path in options.squad]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_corpus(data, folder / "corpus")
        settings = read_settings(home=folder / "home", corpus=str(folder / "corpus"))
        with Workspace.open(settings, tell=print) as workspace:
            chunks = workspace.index.chunk_count
            print(f"{chunks:,} chunks")
            embedder = workspace.index.embedder
            collection = plain_collection(folder / "plain", chunks, embedder.dimensions)
            asked = [case.question for one in data for case in one.cases]
            questions = random.Random(0).sample(asked, options.questions)
            parts: dict[str, list[float]] = {"forward pass": [], "Chroma's query": [], "whole question": []}
            for question in questions:
                vector = embedder.embed_question(question)
                row = vector[np.newaxis]
                parts["forward pass"].append(milliseconds(lambda q=question: embedder.embed_question(q)))
                parts["Chroma's query"].append(
                    milliseconds(
                        lambda r=row: collection.query(query_embeddings=r, n_results=50, include=["distances"])
                    )
                )
                parts["whole question"].append(milliseconds(lambda q=question: workspace.ask(q)))
    for label, values in parts.items():
        p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
        print(f"{label:16} median {statistics.median(values):6.2f} ms   95th percentile {p95:6.2f} ms")
    forward, query, whole = (statistics.median(values) for values in parts.values())
    print(f"{whole / (forward + query):.2f} times the forward pass plus Chroma's query (at most 3)")


if __name__ == "__main__":
    main()
