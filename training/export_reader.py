"""Turns what training/train_reader.py wrote into the files of the package: an 8-bit ONNX graph, tokenizer and card.

python -m training.export_reader PATH_TO_DATA --model FOLDER/reader --output rag/models/reader
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel, logging

from training.export_embedder import LANGUAGES, calibration_sets, write_package
from training.graphs import Encoder, export, optimise, quantise, smooth
from training.original import WEIGHTS_SHA256
from training.train_reader import LONGEST, Reader

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUTS = ("answers", "bounds")


class ReaderGraph(nn.Module):
    """The small encoder with the reader's heads."""

    def __init__(self, encoder: Encoder, reader: Reader) -> None:
        super().__init__()
        self.encoder = encoder
        self.inner, self.answers, self.bounds = reader.inner, reader.answers, reader.bounds

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Whether it answers, ``(batch,)``, and the bounds, ``(batch, sequence, 2)``."""
        states = self.encoder(input_ids, attention_mask, token_type_ids)
        return self.answers(torch.tanh(self.inner(states[:, 0])))[:, 0], self.bounds(states)


def load(folder: Path) -> tuple[Reader, Tokenizer]:
    """The reader in torch and its tokenizer."""
    bert = BertModel.from_pretrained(folder, attn_implementation="eager", add_pooling_layer=False)
    reader = Reader(bert)
    reader.load_state_dict(torch.load(folder / "heads.pt", weights_only=True), strict=False)
    return reader.eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))


def calibration_inputs(data: Path, tokenizer: Tokenizer, each: int = 64) -> list[tuple[Tensor, ...]]:
    """Ids, masks and types of some questions with their passages, from training sets in three languages."""
    asked = [
        (case.question, found.texts[case.about or ""][:700])
        for found in calibration_sets(data)
        for case in found.cases[:each]
    ]
    rows = []
    for encoding in tokenizer.encode_batch(asked):
        ids = torch.tensor([encoding.ids[:LONGEST]])
        rows.append((ids, torch.ones_like(ids), torch.tensor([encoding.type_ids[:LONGEST]])))
    return rows


def main() -> None:
    """Writes the package's files and says how far the graph is from torch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that has qa/")
    parser.add_argument("--model", type=Path, required=True, help="what train_reader wrote")
    parser.add_argument("--output", type=Path, required=True, help="folder for the model")
    parser.add_argument("--float", action="store_true", help="float32 instead of 8 bits")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    reader, tokenizer = load(options.model)
    inputs = calibration_inputs(options.data, tokenizer)
    expected = []
    with torch.no_grad():
        for ids, mask, types in inputs:
            answers, bounds = reader(ids, types, mask)
            expected.append((float(answers[0]), bounds[0].numpy()))
    with tempfile.TemporaryDirectory() as folder:
        raw, plain, final = (Path(folder) / f"{name}.onnx" for name in ("raw", "plain", "final"))
        copy, _ = load(options.model)
        if options.float:
            export(ReaderGraph(Encoder(copy.bert, segments=True), copy), INPUTS, OUTPUTS, plain)
        else:
            encoder = smooth(Encoder(copy.bert, small_words=True, segments=True), inputs)
            export(ReaderGraph(encoder, copy), INPUTS, OUTPUTS, raw)
            quantise(raw, plain, leave=("/inner/", "/answers/", "/bounds/"))
        optimise(plain, final)
        card = {
            "name": "spanwise-reader-en-fr-id",
            "precision": "fp32" if options.float else "int8",
            "max_tokens": LONGEST,
            "languages": list(LANGUAGES),
            "licence": "Apache-2.0",
            "origin": "all-MiniLM-L6-v2, trained further",
            "weights_sha256": WEIGHTS_SHA256,
        }
        write_package(final, tokenizer, options.output, card)
    session = onnxruntime.InferenceSession(options.output / "model.onnx", providers=["CPUExecutionProvider"])
    differences, agreements = [], []
    for row, (answer, bounds) in zip(inputs, expected, strict=True):
        found, ends = session.run(None, dict(zip(INPUTS, (each.numpy() for each in row), strict=True)))
        differences.append(abs(float(found[0]) - answer))
        agreements.append(bool((ends[0].argmax(0) == bounds.argmax(0)).all()))
    print(
        f"{options.output}: log-odds differ from torch by {np.mean(differences):.2e} on average, at most "
        f"{max(differences):.2e}; same first and last token in {np.mean(agreements):.3f} of {len(inputs)} passages"
    )


if __name__ == "__main__":
    main()
