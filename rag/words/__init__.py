"""Lists of words in several languages, folded, one file for each list."""

from __future__ import annotations

from pathlib import Path

Table = dict[str, str]
"""Language -> pattern."""


def lines(name: str) -> list[str]:
    """The lines of the list, without those that are empty."""
    text = (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line]


def tables(name: str) -> dict[str, Table]:
    """The tables of the list by name: "[name]" and lines "language: pattern" below it."""
    found: dict[str, Table] = {}
    for line in lines(name):
        if line.startswith("["):
            table = found[line.strip("[]")] = {}
        else:
            code, _, pattern = line.partition(": ")
            table[code] = pattern
    return found
