"""Turns what training/train_embedder.py wrote into the files of the package: an 8-bit ONNX graph, tokenizer and card.

    python -m training.export_embedder PATH_TO_DATA --model FOLDER/embedder --output rag/models/minilm
    python -m training.export_embedder --reference FOLDER

The second writes the original's float32 graph with the three inputs and the side files that Chroma's default embedding
function expects, for evals/speed_ingest.py. ``--float`` writes the float32 graph instead of the 8-bit one, and
``--model original`` takes all-MiniLM-L6-v2 itself: that is what training/embedding_quality.py compares with.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel, logging

from training.graphs import HEAD_SIZE, HEADS, Encoder, export, optimise, quantise, smooth
from training.original import SOURCE, WEIGHTS_SHA256, load_original, load_tokenizer
from training.question_sets import QuestionSet, read_facqa, read_squad

INPUTS = ("input_ids", "attention_mask")
LANGUAGES = ("en", "fr", "id")


class Original(nn.Module):
    """The original; without token_type_ids every token is of the first segment."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """The token states."""
        states: Tensor = self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state
        return states


def load(folder: str) -> tuple[BertModel, Tokenizer]:
    """A model and its tokenizer; "original" is all-MiniLM-L6-v2."""
    if folder == "original":
        return load_original(), load_tokenizer()
    bert = BertModel.from_pretrained(folder, attn_implementation="eager", add_pooling_layer=False).eval()
    return bert, Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))


def calibration_sets(data: Path) -> tuple[QuestionSet, ...]:
    """Training sets in three languages, of which a few texts tell how large activations get."""
    return (
        read_squad(data / "qa" / "tydiqa-goldp.en.train.json.gz", "tydiqa", "en"),
        read_squad(data / "qa" / "piaf-even.fr.json.gz", "piaf", "fr", (0, 2)),
        read_facqa(data / "qa" / "facqa.id.train.csv.gz", "facqa"),
    )


def calibration_texts(data: Path, each: int = 64) -> list[str]:
    """Some passages and questions of training sets in three languages."""
    texts: list[str] = []
    for found in calibration_sets(data):
        texts += [text[:700] for text in list(found.texts.values())[:each]]
        texts += [case.question for case in found.cases[:each]]
    return texts


def token_inputs(tokenizer: Tokenizer, texts: Sequence[str]) -> list[tuple[Tensor, ...]]:
    """Ids and masks, one text at a time, at most 256 tokens."""
    rows = [torch.tensor([encoding.ids[:256]]) for encoding in tokenizer.encode_batch(list(texts))]
    return [(row, torch.ones_like(row)) for row in rows]


def parity(path: Path, bert: BertModel, size: int) -> float:
    """The least cosine of a text's vector, graph to torch, over random tokens with padding in the batch."""
    ids = torch.randint(1_000, size, (16, 48), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    for row in range(1, 16):
        mask[row, 3 * row :] = 0
    with torch.no_grad():
        states = bert(input_ids=ids, attention_mask=mask).last_hidden_state.numpy()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
    weights = mask.numpy()[..., None]
    one, two = ((each * weights).sum(1) for each in (states, found))
    return float(np.min((one * two).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(two, axis=1)))


def write_package(graph: Path, tokenizer: Tokenizer, folder: Path, card: dict[str, object]) -> None:
    """Writes the folder that the package opens: graph, tokenizer and card."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(graph, folder / "model.onnx")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    digests = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("model.onnx", "tokenizer.json")
    }
    (folder / "model.json").write_text(json.dumps({**card, "files": digests}, indent=2) + "\n", "utf-8")


def build(options: argparse.Namespace) -> None:
    """Writes the chosen graph and says how far it is from torch."""
    bert, tokenizer = load(options.model)
    size = tokenizer.get_vocab_size()
    original = options.model == "original"
    with tempfile.TemporaryDirectory() as folder:
        plain, raw, final = (Path(folder) / f"{name}.onnx" for name in ("plain", "raw", "final"))
        if options.float:
            export(Encoder(load(options.model)[0]), INPUTS, ("token_states",), plain)
        else:
            encoder = Encoder(load(options.model)[0], small_words=True)
            inputs = token_inputs(tokenizer, calibration_texts(options.data))
            export(smooth(encoder, inputs), INPUTS, ("token_states",), raw)
            quantise(raw, plain)
        optimise(plain, final)
        card = {
            "name": "all-MiniLM-L6-v2" if original else "spanwise-embedder-en-fr-id",
            "precision": "fp32" if options.float else "int8",
            "dimensions": HEADS * HEAD_SIZE,
            "max_tokens": 256,
            "budget_tokens": 128,
            "languages": ["en"] if original else list(LANGUAGES),
            "licence": "Apache-2.0",
            "origin": "all-MiniLM-L6-v2" + ("" if original else ", trained further"),
            "weights_sha256": WEIGHTS_SHA256,
        }
        write_package(final, tokenizer, options.output, card)
        print(f"{options.output}: least cosine to torch {parity(final, bert, size):.6f}")


def write_reference(folder: Path) -> None:
    """Writes the original as float32 with the files that Chroma's default embedding function looks for."""
    folder.mkdir(parents=True, exist_ok=True)
    export(Original(load_original()), (*INPUTS, "token_type_ids"), ("last_hidden_states",), folder / "model.onnx")
    for name in ("config.json", "special_tokens_map.json", "tokenizer_config.json", "tokenizer.json", "vocab.txt"):
        shutil.copyfile(SOURCE / name, folder / name)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="the folder that has qa/; not needed for --reference alone")
    parser.add_argument("--model", default="original", help="what train_embedder wrote, or: original")
    parser.add_argument("--output", type=Path, help="folder for the model")
    parser.add_argument("--float", action="store_true", help="float32 instead of 8 bits")
    parser.add_argument("--reference", type=Path, help="folder for the float32 original as Chroma expects it")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if options.reference:
        write_reference(options.reference)
    if options.data:
        build(options)


if __name__ == "__main__":
    main()
