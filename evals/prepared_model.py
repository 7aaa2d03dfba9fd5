"""What the measurements of models share: invented tram lines, an index over them, and a model that knows the answers.

The model is a function for the tests' own server (``tests/fault_server.py``): it reads the request as any server would,
finds the sentence that answers the question among those that it was shown, and points at it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from rag.config import Settings
from rag.index import Index
from rag.syncing import sync
from rag.testing import HashEmbedder

_STARTS = ("Bel", "Cor", "Dan", "Fer", "Gal", "Hol", "Kar", "Lom", "Mir", "Nor")
_ENDS = ("avo", "eska", "imor", "olda", "undi", "anth", "efir", "ostra")
_FILLER = (
    "river bridge market garden window driver winter summer school museum bakery corner signal paint brass wheel "
    "lantern forest harbour factory square church valley tunnel timetable whistle carriage engineer postcard rain"
)
_ASKED = re.compile(r"What does a ticket for the (\w+) tram cost\?")


@dataclass(frozen=True, slots=True)
class Line:
    """A tram line: its name and the price of a ticket, which no other has."""

    name: str
    pounds: int

    @property
    def question(self) -> str:
        """What is asked about it."""
        return f"What does a ticket for the {self.name} tram cost?"

    @property
    def fact(self) -> str:
        """The one sentence that answers the question."""
        return f"Since March, passengers of the {self.name} tram have paid {self.pounds} pounds for a ticket."

    @property
    def claim(self) -> str:
        """The answer in other words."""
        return f"A ticket for the {self.name} tram costs {self.pounds} pounds."

    @property
    def text(self) -> str:
        """A document about it, in other words than the others, so that none is taken for a copy."""
        chance = random.Random(self.name)
        filler = [" ".join(chance.sample(_FILLER.split(), 9)).capitalize() + "." for _ in range(4)]
        return " ".join([f"The {self.name} tram is old.", *filler[:2], self.fact, *filler[2:]])


LINES = tuple(Line(f"{start}{end}", 101 + 7 * place) for place, (start, end) in enumerate(product(_STARTS, _ENDS)))


@contextmanager
def indexed(folder: Path) -> Iterator[Index]:
    """An index with one document for each line, in a folder of its own."""
    corpus = folder / "trams"
    corpus.mkdir()
    for line in LINES:
        (corpus / f"{line.name}.txt").write_text(line.text, encoding="utf-8")
    settings = Settings(_env_file=None, home=folder / "home")  # type: ignore[call-arg]
    embedder = HashEmbedder()
    sync(settings, embedder, [corpus])
    with Index.open(settings, embedder) as index:
        yield index


def asked(body: dict[str, Any]) -> Line:
    """The line that a request asks about."""
    name = _ASKED.findall(body["messages"][1]["content"])[-1]
    return next(line for line in LINES if line.name == name)


def shown(body: dict[str, Any]) -> dict[str, str]:
    """The sentences that a request shows, by number."""
    return dict(re.findall(r"^\[(\d+\.\d+)\] (.*)$", body["messages"][1]["content"], re.MULTILINE))


def answered(body: dict[str, Any]) -> dict[str, Any]:
    """The right answer to a request; that there is none, when it does not show the sentence."""
    line = asked(body)
    numbers = [number for number, sentence in shown(body).items() if sentence == line.fact]
    return said(line.claim, numbers[0]) if numbers else said("", "")


def said(text: str, number: str) -> dict[str, Any]:
    """An answer that makes one claim and points at one sentence; without a number it makes none."""
    claims = [{"text": text, "sentences": [number], "speaker": None, "kind": "fact"}] if number else []
    return {"claims": claims, "conflicts": [], "missing": [], "status": "answered" if number else "unanswerable"}
