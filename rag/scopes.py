"""How far the markers of a sentence reach, and whether a claim rests on what they govern."""

from __future__ import annotations

import bisect
import functools
import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from rag.reading import Reading, Token, keys_of

Scope = Literal["clause", "sentence", "report"]
"""To the end of the clause, past commas, or as far as what somebody is said to say."""

Found = Sequence[Sequence[re.Match[str]]]
"""For each sentence the markers found in it, in order."""

_CLAUSE = re.compile(
    r"[;:,–—()]| - |\b(?:but|while|whereas|although|though|mais|alors que|tandis que|bien que|tetapi|tapi|namun"
    r"|sedangkan|sementara|meski|meskipun|aber|wahrend|obwohl|pero|mientras|aunque)\b"
)
_STRONG = re.compile(
    r"[;:—]|\b(?:but|while|whereas|mais|alors que|tandis que|tetapi|tapi|namun|sedangkan|aber|pero|mientras)\b"
)
# By these a whole sentence is reported, and not only what follows.
_ACCORDING = re.compile(
    r"according|reported|alleg|rumou|suppos|purport|opinion|view|selon|d'apres|aux dires|mon avis|pour moi|presum"
    r"|menurut|konon|kabar|lapor|rumor|isu|laut|zufolge|angeblich|nach angaben|segun|supuest|presunt|al parecer|据"
)
_VERB_FIRST = frozenset({"de", "zh"})
"""Languages in which the verb may stand before the word that negates it."""


class _Breaks:
    """Where the clauses of a sentence end."""

    def __init__(self, reading: Reading) -> None:
        self.length = len(reading.folded)
        weak = list(_CLAUSE.finditer(reading.folded))
        self._begins = [0, *(each.end() for each in weak)]
        self._weak = [*(each.start() for each in weak), self.length]
        self._strong = [*(each.start() for each in _STRONG.finditer(reading.folded)), self.length]
        self._starts = [token.start for token in reading.tokens]
        self._small = [token.start for token in reading.tokens if not token.capital]

    def begin(self, position: int) -> int:
        """Where the clause of a position begins."""
        return self._begins[bisect.bisect_right(self._begins, position) - 1]

    def end(self, position: int, *, strong: bool) -> int:
        """Where the clause of a position ends; past commas when only strong breaks count."""
        ends = self._strong if strong else self._weak
        return ends[bisect.bisect_left(ends, position)]

    def has_word(self, start: int, end: int) -> bool:
        """Whether a content word begins in a stretch."""
        return bisect.bisect_left(self._starts, start) < bisect.bisect_left(self._starts, end)

    def small_words(self, start: int) -> int:
        """How many content words without a capital follow."""
        return len(self._small) - bisect.bisect_left(self._small, start)


@functools.lru_cache(maxsize=512)
def _breaks(reading: Reading) -> _Breaks:
    return _Breaks(reading)


def _reach(reading: Reading, match: re.Match[str], scope: Scope) -> tuple[int, int]:
    """Where the words begin and end that a marker governs."""
    breaks = _breaks(reading)
    if scope == "report":
        if reading.folded.rstrip().endswith(":"):
            return breaks.length, breaks.length  # what is said follows in another sentence
        whole = _ACCORDING.search(match.group()) is not None or breaks.small_words(match.end()) < 3
        return (0 if whole else match.end()), breaks.length
    end = breaks.end(match.start(), strong=scope == "sentence")
    if reading.language in _VERB_FIRST or not breaks.has_word(match.end(), end):  # what it governs stands before it
        return breaks.begin(match.start()), end
    return match.start(), end


def _governed(reading: Reading, matches: Sequence[re.Match[str]], scope: Scope) -> tuple[list[Token], list[Token]]:
    """The words that markers govern and those they leave free.

    What stands before a marker in its own clause, the subject mostly, is neither.
    """
    inside, neutral = bytearray(len(reading.folded)), bytearray(len(reading.folded))
    for match in matches:
        start, end = _reach(reading, match, scope)
        inside[start:end] = b"\1" * (end - start)
        begin = _breaks(reading).begin(match.start())
        neutral[begin : match.start()] = b"\1" * (match.start() - begin)
    governed = [token for token in reading.tokens if inside[token.start]]
    return governed, [token for token in reading.tokens if not (inside[token.start] or neutral[token.start])]


def rests_on(claim: Reading, sources: Sequence[Reading], found: Found, scope: Scope) -> bool:
    """Whether a claim rests on words that the markers govern rather than on others."""
    inside: list[Token] = []
    outside: list[Token] = []
    for source, matches in zip(sources, found, strict=True):
        governed, free = _governed(source, matches, scope)
        inside, outside = inside + governed, outside + free
    keys, others = keys_of(inside), keys_of(outside)
    only_inside = sum(bool(token.keys & keys) and not token.keys & others for token in claim.tokens)
    only_outside = sum(bool(token.keys & others) and not token.keys & keys for token in claim.tokens)
    if only_inside == only_outside == 0:
        return len(inside) > 2 * len(outside)
    return only_inside > only_outside or only_inside >= max(2, 0.5 * len(inside))


def repeats(claim: Reading, sources: Sequence[Reading], found: Found) -> bool:
    """Whether a claim has one of the two words after a marker (or before, where none follow), and only from there."""
    said = keys_of(claim.tokens)
    everywhere = Counter(key for source in sources for token in source.tokens for key in token.keys)
    for source, matches in zip(sources, found, strict=True):
        small = [token for token in source.tokens if not token.capital]
        starts = [token.start for token in small]
        for match in matches:
            after, before = bisect.bisect_left(starts, match.end()), bisect.bisect_left(starts, match.start())
            near = small[after : after + 2] or small[max(0, before - 2) : before]
            here = Counter(key for token in near for key in token.keys)
            if any(here[key] == everywhere[key] for key in said & here.keys()):
                return True
    return False
