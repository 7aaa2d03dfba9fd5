"""Frequent words of news in several languages under one name each, and which of them mean the opposite of others.

They serve two ends: to see which part of a sentence in one language a claim in another rests on, and to notice that a
claim says the contrary. Everything is folded.
"""

from __future__ import annotations

import functools

from rag.words import lines

OPPOSITES = (
    ("rise", "fall"),
    ("win", "lose"),
    ("profit", "loss"),
    ("open", "close"),
    ("accept", "reject"),
    ("support", "oppose"),
    ("allow", "forbid"),
    ("legal", "illegal"),
    ("large", "small"),
    ("high", "low"),
    ("best", "worst"),
    ("success", "failure"),
    ("dead", "injured"),
    ("dead", "safe"),
    ("guilty", "innocent"),
    ("improve", "worsen"),
    ("cheap", "expensive"),
    ("fast", "slow"),
    ("strong", "weak"),
    ("import", "export"),
    ("hire", "dismiss"),
    ("majority", "minority"),
    ("raise", "lower"),
    ("add", "remove"),
    ("public", "private"),
    ("north", "south"),
    ("east", "west"),
    ("destroy", "build"),
    ("first", "last"),
    ("male", "female"),
)
"""Pairs of names: a claim that has one where its evidence has only the other says the contrary."""

_SHORTEST_BEGINNING = 2


@functools.cache
def _tables() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Whole words, and beginnings of words, each with the names they go by."""
    exact: dict[str, set[str]] = {}
    beginnings: dict[str, set[str]] = {}
    for line in lines("concepts"):
        name, _, listed = line.partition(": ")
        for word in listed.split():
            (beginnings if word.endswith("*") else exact).setdefault(word.rstrip("*"), set()).add(name)
    return exact, beginnings


@functools.lru_cache(maxsize=50_000)
def of(word: str) -> frozenset[str]:
    """The names under which a folded word is known; the longest beginning that fits decides.

    >>> sorted(of("menandatangani") & of("unterzeichnet") & of("signed"))
    ['sign']
    """
    exact, beginnings = _tables()
    found = exact.get(word)
    if found is None:
        starts = (word[:end] for end in range(len(word), _SHORTEST_BEGINNING, -1))
        found = next((beginnings[start] for start in starts if start in beginnings), set())
    return frozenset(found)
