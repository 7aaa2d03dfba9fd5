"""The questions of this folder, and indexes to ask them of."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.config import Settings
from rag.embedding import Embedder
from rag.index import Index
from rag.syncing import sync

HERE = Path(__file__).parent
GOLD = HERE.parent / "gold"
SEEDS = HERE.parent.parent / "seeds"


@dataclass(frozen=True, slots=True)
class DevCase:
    """A question with every passage that answers it; without any the documents do not answer it.

    Attributes:
        id: "<set>-<number>".
        split: "choose" for the questions that thresholds were chosen on; "held" for those their writer kept apart;
            "blind" for those written by somebody who neither saw nor fitted the model, and unseen by whoever did.
        language: Of the question.
        question: As asked.
        topic: For a question without gold, whether it is "on" the topic of the documents or "off" it; empty with gold.
        gold: Document ids with quotations that occur once in them.
    """

    id: str
    split: str
    language: str
    question: str
    topic: str
    gold: tuple[tuple[str, str], ...]


def read_cases(name: str) -> list[DevCase]:
    """The questions of ``<name>.jsonl``: "seeds", "news" or "bulletins"."""
    records = [json.loads(line) for line in (HERE / f"{name}.jsonl").read_text("utf-8").splitlines()]
    return [_case(record, record["topic"], record["gold"]) for record in records]


def read_gold(name: str, split: str) -> list[DevCase]:
    """The questions of ``evals/gold/<name>.jsonl``, "seeds" or "news", of a split, "dev" or "test"."""
    records = [json.loads(line) for line in (GOLD / f"{name}.jsonl").read_text("utf-8").splitlines()]
    cases = []
    for record in records:
        if record["split"] == split and record["status"] == "unanswerable":
            cases.append(_case(record, "on" if record["near"] else "off", []))
        elif record["split"] == split:
            cases.append(_case(record, "", [span for nugget in record["nuggets"] for span in nugget["spans"]]))
    return cases


def _case(record: Mapping[str, Any], topic: str, gold: Sequence[Mapping[str, Any]]) -> DevCase:
    quotes = tuple((span["document"], span["quote"]) for span in gold)
    return DevCase(record["id"], record["split"], record["language"], record["question"], topic, quotes)


def open_gold(name: str, embedder: Embedder, home: Path) -> Index:
    """An index of the documents that the gold set asks about."""
    return _open(SEEDS if name == "seeds" else GOLD / name, embedder, home)


def open_folder(name: str, embedder: Embedder, home: Path) -> Index:
    """An index of the documents that the set asks about."""
    return _open(SEEDS if name == "seeds" else HERE / name, embedder, home)


def _open(folder: Path, embedder: Embedder, home: Path) -> Index:
    settings = Settings(_env_file=None, home=home)  # type: ignore[call-arg]
    sync(settings, embedder, [folder])
    return Index.open(settings, embedder)


def open_index(texts: Mapping[str, str], embedder: Embedder, home: Path) -> Index:
    """An index of texts by document id, the ids all in one folder; kept in home and used again when it exists."""
    settings = Settings(_env_file=None, home=home)  # type: ignore[call-arg]
    if not (home / "current").exists():
        with tempfile.TemporaryDirectory() as folder:
            for document, text in texts.items():
                path = Path(folder) / document
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(text.encode())
            sync(settings, embedder, [path.parent])
    return Index.open(settings, embedder)
