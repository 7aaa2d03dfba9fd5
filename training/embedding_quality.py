"""How well and how fast an embedder of the package ranks, on public question sets in SQuAD format."""

from __future__ import annotations

import gzip
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from rag.chunking import chunk
from rag.documents import Chunk, Document, Sentence, Source, Span
from rag.embedding import Embedder, Vectors
from rag.sentences import split

CHUNKS_PER_SET = 800


@dataclass(slots=True)
class Questions:
    """Chunks as the index has them, and questions with the number of the right chunk and the right sentence in it."""

    chunks: list[Chunk]
    cases: list[tuple[str, int, int]]


def read(path: Path, language: str, limit: int = 500) -> Questions:
    """The first chunks of a SQuAD-format file and a sample, by a fixed seed, of the questions they answer."""
    found = Questions([], [])
    articles = json.loads(gzip.decompress(path.read_bytes()))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    for number, paragraph in enumerate(paragraphs):
        if len(found.chunks) >= CHUNKS_PER_SET:
            break
        text = paragraph["context"]
        sentences = tuple(Sentence(span, language) for span in split(text, language))
        document = Document(Source(str(number), ""), text, sentences)
        chunks = chunk(document, lambda texts: [len(t.split()) * 4 // 3 for t in texts], 128)
        for qa in paragraph["qas"]:
            start = qa["answers"][0]["answer_start"] if qa["answers"] else -1
            right = [
                (qa["question"], len(found.chunks) + place, position)
                for place, part in enumerate(chunks)
                for position, sentence in enumerate(part.sentences)
                if sentence.span.start <= start < sentence.span.end
            ]
            found.cases += right[:1]
        found.chunks += chunks
    random.Random(1).shuffle(found.cases)
    del found.cases[limit:]
    return found


def retrieval(embedder: Embedder, questions: Questions) -> dict[str, float]:
    """Share of questions whose chunk, and whose sentence among all sentences, ranks first or among the first three."""
    spans = [
        [Span(s.span.start - part.span.start, s.span.end - part.span.start) for s in part.sentences]
        for part in questions.chunks
    ]
    passages, inner = embedder.embed_passages([part.text for part in questions.chunks], spans)
    first = np.cumsum([0] + [len(vectors) for vectors in inner])
    sentences = np.concatenate(inner)
    ranks = []
    for text, place, position in questions.cases:
        question = embedder.embed_question(text)
        ranks.append((_rank(passages @ question, place), _rank(sentences @ question, first[place] + position)))
    table = np.array(ranks)
    return {
        "chunk@1": float(np.mean(table[:, 0] <= 1)),
        "chunk@8": float(np.mean(table[:, 0] <= 8)),
        "sentence@1": float(np.mean(table[:, 1] <= 1)),
        "sentence@3": float(np.mean(table[:, 1] <= 3)),
    }


def _rank(scores: Vectors, right: int) -> int:
    return 1 + int(np.sum(scores > scores[right]))


def speeds(graphs: dict[str, Path], rounds: int = 7) -> dict[str, list[float]]:
    """Processor milliseconds of a run on a question, sentences and chunks: least of interleaved rounds."""
    shapes = ((1, 12), (32, 30), (16, 128))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = {name: onnxruntime.InferenceSession(path, options) for name, path in graphs.items()}
    best = {name: [float("inf")] * len(shapes) for name in graphs}
    for _ in range(rounds):
        for name, session in sessions.items():
            for place, shape in enumerate(shapes):
                feed = {"input_ids": np.full(shape, 2_000), "attention_mask": np.ones(shape, np.int64)}
                repeats = 40 if place == 0 else 1
                start = time.process_time()
                for _ in range(repeats):
                    session.run(None, feed)
                best[name][place] = min(best[name][place], 1_000 * (time.process_time() - start) / repeats)
    return best
