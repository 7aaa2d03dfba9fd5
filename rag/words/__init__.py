"""Lists of words in several languages, folded, one file for each list."""

from __future__ import annotations

from pathlib import Path


def lines(name: str) -> list[str]:
    """The lines of the list, without those that are empty."""
    text = (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line]
