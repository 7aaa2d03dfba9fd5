"""How fast passages and questions are embedded, beside Chroma's default embedding function and the bare ONNX session.

    python training/export_minilm.py --reference REFERENCE
    python evals/speed_ingest.py REFERENCE --squad PATH_TO_DATA/qa/covidqa.en.json.gz
    python evals/speed_ingest.py REFERENCE --folder FOLDER_OF_TEXTS

REFERENCE holds the same weights as float32 ONNX, put where Chroma's function looks for the file it would download.
All take turns on the same slices of the same texts in one process, on the same cores; only the ratios mean anything.
Printed is the median over the slices with its quartiles. Targets: 4 times Chroma's rate on chunks, 10 times on
sentences and on one question, and 0.8 of the bare session's. Peak memory is taken before Chroma is loaded.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rag.chunking import chunk
from rag.documents import Chunk, Document, Sentence, Source, Span
from rag.embedding import MiniLM, _batches
from rag.sentences import split
from training.question_sets import read_squad

Job = Callable[[], object]


def texts_of(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The documents to cut and questions: a SQuAD-format file's, or a folder's text files and their first ten words."""
    if options.folder:
        texts = [path.read_text(errors="replace") for path in sorted(options.folder.rglob("*.txt"))]
        return texts, [" ".join(text.split()[:10]) for text in texts]
    found = read_squad(options.squad, "squad", "en")
    return list(found.texts.values()), [case.question for case in found.cases]


def chunks_of(texts: Sequence[str], embedder: MiniLM, count: int) -> list[Chunk]:
    """The first chunks, as the index cuts them; an error when there are too few."""
    found: list[Chunk] = []
    for number, text in enumerate(texts):
        sentences = tuple(Sentence(span, "en") for span in split(text, "en"))
        document = Document(Source(str(number), ""), text, sentences)
        found += chunk(document, embedder.count_tokens, embedder.budget_tokens)
        if len(found) >= count:
            return found[:count]
    sys.exit(f"The texts give only {len(found)} chunks, not {count}; name more, or a lower --chunks.")


def chroma_function(reference: Path) -> Any:
    """Chroma's default embedding function with the reference as its downloaded model."""
    from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2

    class Local(ONNXMiniLM_L6_V2):
        DOWNLOAD_PATH = reference.resolve().parent
        EXTRACTED_FOLDER_NAME = reference.resolve().name

    return Local(preferred_providers=["CPUExecutionProvider"])


def inside(part: Chunk) -> list[Span]:
    """The chunk's sentences, counted from its start."""
    return [Span(s.span.start - part.span.start, s.span.end - part.span.start) for s in part.sentences]


def bare(embedder: MiniLM, texts: Sequence[str]) -> Job:
    """The model's own work on the texts: the session on the very batches that the embedder makes, already tokenised."""
    session, tokens = embedder._model.parts.session, [ids for ids, _ in embedder._tokens(list(texts))]
    feeds = []
    for batch in _batches([len(ids) for ids in tokens]):
        rows = np.zeros((len(batch), max(len(tokens[place]) for place in batch)), np.int64)
        mask = np.zeros_like(rows)
        for number, place in enumerate(batch):
            length = len(tokens[place])
            rows[number, :length], mask[number, :length] = tokens[place], 1
        feeds.append({"input_ids": rows, "attention_mask": mask})
    return lambda: [session.run(None, feed) for feed in feeds]


def compare(label: str, slices: Sequence[tuple[int, dict[str, Job]]], targets: dict[str, float]) -> None:
    """Runs the jobs of each slice in turn and prints rates and ratios to ours."""
    seconds: dict[str, list[float]] = {}
    sizes = [size for size, _ in slices]
    for number, (_, jobs) in enumerate(slices):
        names = list(jobs)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            start = time.perf_counter()
            jobs[name]()
            seconds.setdefault(name, []).append(time.perf_counter() - start)
    ours = seconds["ours"]
    rate = statistics.median(size / took for size, took in zip(sizes, ours, strict=True))
    print(f"{label:10} ours       {rate:9.1f} texts/s   {sum(sizes)} texts in {len(sizes)} slices")
    for name, target in targets.items():
        theirs = statistics.median(size / took for size, took in zip(sizes, seconds[name], strict=True))
        low, middle, high = statistics.quantiles([b / a for a, b in zip(ours, seconds[name], strict=True)], n=4)
        verdict = "reached" if middle >= target else "MISSED"
        ratio = f"ours is {middle:.2f} of it ({low:.2f} to {high:.2f}), target {target:g}: {verdict}"
        print(f"{label:10} {name:10} {theirs:9.1f} texts/s   {ratio}", flush=True)


def in_slices(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def peak_mib() -> float:
    unit = 1 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def report_memory(embedder: MiniLM, chunks: list[Chunk]) -> None:
    """Prints the peak after a tenth of the chunks, all and four times all, without the vectors' own bytes."""
    loaded = peak_mib()
    peaks = []
    for part in (chunks[: len(chunks) // 10], chunks, chunks * 4):
        vectors, inner = embedder.embed_passages([c.text for c in part], [inside(c) for c in part])
        own = (vectors.nbytes + sum(rows.nbytes for rows in inner)) / 2**20
        peaks.append(f"{peak_mib() - own:.0f} MiB after {len(part)}")
        del vectors, inner
    print(f"peak memory without the vectors: {loaded:.0f} MiB loaded, {', '.join(peaks)} chunks")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference", type=Path, help="folder that training/export_minilm.py --reference wrote")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--squad", type=Path, help="gzipped JSON in SQuAD format")
    source.add_argument("--folder", type=Path, help="folder of .txt files")
    parser.add_argument("--chunks", type=int, default=2_048)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # Chroma's function has no setting for threads: it takes what it may use
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    embedder = MiniLM(threads=options.threads)
    texts, asked = texts_of(options)
    chunks = chunks_of(texts, embedder, options.chunks)
    sentences = [part.sentence_text(0) for part in chunks][:512]
    embedder.embed_question("warm")
    report_memory(embedder, chunks)
    chroma = chroma_function(options.reference)
    chroma(["warm"])

    def jobs(texts: list[str], spans: list[list[Span]]) -> tuple[int, dict[str, Job]]:
        return len(texts), {
            "ours": lambda: embedder.embed_passages(texts, spans),
            "session": bare(embedder, texts),
            "Chroma": lambda: chroma(texts),
        }

    whole = [jobs([c.text for c in part], [inside(c) for c in part]) for part in in_slices(chunks, 64)]
    compare("chunks", whole, {"session": 0.8, "Chroma": 4})
    single = [jobs(list(part), [[]] * len(part)) for part in in_slices(sentences, 64)]
    compare("sentences", single, {"session": 0.8, "Chroma": 10})
    questions = [
        (
            1,
            {
                "ours": partial(embedder.embed_question, q),
                "session": bare(embedder, [q]),
                "Chroma": partial(chroma, [q]),
            },
        )
        for q in asked[:200]
    ]
    compare("question", questions, {"session": 0.8, "Chroma": 10})


if __name__ == "__main__":
    main()
