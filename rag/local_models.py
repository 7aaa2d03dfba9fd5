"""The models in the package: a folder with an ONNX graph, a tokenizer and a card that says what they are."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.errors import EmbeddingError

FOLDER = Path(__file__).parent / "models"
_REINSTALL = "Install the package again: pip install --force-reinstall --no-deps spanwise"


class Parts(NamedTuple):
    """What a loaded model consists of."""

    session: Any
    tokenizer: Any  # cuts and pads nothing


class LocalModel:
    """A model in a folder, loaded when it is first needed; may be shared by threads.

    Attributes:
        card: The model's description.
        name: Model, precision and the first eight hex digits of the graph's sha256.
    """

    def __init__(self, directory: Path, threads: int = 0) -> None:
        """Reads the model's description, not the model.

        Args:
            directory: Folder with model.onnx, tokenizer.json and model.json.
            threads: How many threads compute; 0 means one per core this process may use.

        Raises:
            EmbeddingError: A file is missing, or model.json cannot be read.
        """
        self.card = read_card(directory)
        self.name = name_of(self.card)
        self._directory = directory
        self._threads = threads or cores()
        self._loaded: Parts | None = None
        self._lock = threading.Lock()

    @property
    def parts(self) -> Parts:
        """The session and the tokenizer, loaded once."""
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self._directory, self._threads)
            return self._loaded


def padded(rows: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Token ids and attention mask of a batch, each ``(len(rows), longest)``, int64."""
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    mask = np.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return ids, mask


def read_card(directory: Path) -> dict[str, Any]:
    """The description of the model in a folder, model.json, once its files are there.

    Raises:
        EmbeddingError: It is missing or unreadable, or a file that it lists is missing.
    """
    try:
        card: dict[str, Any] = json.loads((directory / "model.json").read_bytes())
        missing = [name for name in card["files"] if not (directory / name).is_file()]
        _ = card["files"]["model.onnx"], card["name"], card["precision"], card["max_tokens"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmbeddingError(f"The model in {str(directory)!r} has no usable model.json.", _REINSTALL) from error
    if missing:
        raise EmbeddingError(f"The model in {str(directory)!r} lacks {', '.join(missing)}.", _REINSTALL)
    return card


def name_of(card: dict[str, Any]) -> str:
    """Model, precision and the first eight hex digits of the graph's sha256."""
    return f"{card['name']}/{card['precision']}/{card['files']['model.onnx'][:8]}"


def _load(directory: Path, threads: int) -> Parts:
    """The model, ready to run.

    Raises:
        EmbeddingError: A file cannot be read as what it should be.
    """
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # The graph was optimised when it was built, and doing it again would only cost time at every start.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # A plan kept for every shape ever seen would grow with the corpus.
    options.enable_mem_pattern = False
    try:
        session = onnxruntime.InferenceSession(directory / "model.onnx", options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    except Exception as error:
        raise EmbeddingError(f"The model in {str(directory)!r} cannot be loaded.", _REINSTALL) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return Parts(session, tokenizer)


def damaged_files(directory: Path) -> list[str]:
    """The names of a model's files that are missing or altered; empty when all is well.

    Hashes every byte, which opening the model does not.

    Raises:
        EmbeddingError: model.json, which lists them, is missing or unreadable.
    """
    expected: dict[str, str] = read_card(directory)["files"]
    return [name for name, digest in expected.items() if _sha256(directory / name) != digest]


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1
