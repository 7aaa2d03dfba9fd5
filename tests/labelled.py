"""The labelled claims in guard_pairs/, as tests read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PAIRS = Path(__file__).parent / "guard_pairs"


class Pair(NamedTuple):
    """A labelled claim."""

    claim: str
    language: str
    evidence: list[str]
    languages: list[str]
    kind: str  # what was changed; "" in a faithful claim


def read_pairs(name: str) -> Iterator[Pair]:
    """The claims of a file, in order."""
    evidence: list[tuple[str, str]] = []
    complete = False
    for line in (PAIRS / name).read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "E":
            evidence = [] if complete else evidence
            language, _, text = rest.partition(" ")
            evidence, complete = [*evidence, (language, text)], False
        elif mark in {"+", "-"}:
            complete = True
            language, _, text = rest.partition(" ")
            kind, text = text.split(" ", 1) if mark == "-" else ("", text)
            yield Pair(text, language, [text for _, text in evidence], [code for code, _ in evidence], kind)
