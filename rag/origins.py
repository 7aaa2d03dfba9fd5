"""Which documents are one article: copies, lightly edited copies and translations of one another.

Two independent signs, each kept small enough to store with every document:

- *Shingles*: hashes of word 5-grams, as a bottom-k sketch (Broder 1997, doi:10.1109/SEQUEN.1997.666900), tell copies
  within one language, also when one of the two was shortened.
- *Anchors*: names, acronyms and numbers in the order of their first appearance. They survive translation, and so does
  their order; two articles that merely share a topic share names but not the order in which they bring them up.
"""

from __future__ import annotations

import bisect
import functools
import re
import struct
import zlib
from collections.abc import Sequence

from rag.documents import Document
from rag.text import fold

_SHINGLE_WORDS = 5
_SKETCH = 200
_ANCHORS = 256
_HEADER = struct.Struct("<HH")

MIN_CONTAINMENT = 0.5
"""The share of the shorter text's shingles that must occur in the longer one; an article that quotes the same
statement of a company stays below."""

MIN_ORDER = 0.55
"""The share of the anchors of the document with fewer of them that must appear in the other in the same order."""

MIN_ANCHORS = 8
"""Fewer common anchors prove nothing, nor do fewer shingles."""

_WORD = re.compile(r"\w+")
_ANCHOR = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d+)*|[^\W\d_]+")
_PREFIX = 4


def fingerprint(document: Document) -> bytes:
    """A sketch of the document's sentences for ``group``: at most 1,828 bytes, boilerplate left out.

    Equal texts give equal bytes. Bytes made by another version of this module must not be mixed with these;
    the chunker's name in the index changes with it.
    """
    sentences = [sentence.span.of(document.text) for sentence in document.sentences]
    words = _WORD.findall(fold(" ".join(sentences)))
    hashes = {
        zlib.crc32(" ".join(words[i : i + _SHINGLE_WORDS]).encode()) for i in range(len(words) - _SHINGLE_WORDS + 1)
    }
    sketch = sorted(hashes)[:_SKETCH]
    anchors = list(dict.fromkeys(zlib.crc32(anchor.encode()) for anchor in _anchors(sentences)))[:_ANCHORS]
    numbers = (*sketch, *anchors)
    return _HEADER.pack(len(sketch), len(anchors)) + struct.pack(f"<{len(numbers)}I", *numbers)


def group(fingerprints: Sequence[bytes]) -> list[int]:
    """The origin of each fingerprint: numbers from 1 in order of first appearance, equal for copies.

    Being a copy is passed on: when a is a copy of b and b of c, all three are one origin.
    """
    sketches = [_read(each) for each in fingerprints]
    parents = list(range(len(sketches)))
    for later, one in enumerate(sketches):
        for earlier in range(later):
            roots = _root(parents, earlier), _root(parents, later)
            if roots[0] != roots[1] and _same(sketches[earlier], one):
                parents[max(roots)] = min(roots)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(_root(parents, position), len(numbers) + 1) for position in range(len(sketches))]


class _Sketch:
    """A fingerprint, unpacked."""

    __slots__ = ("anchors", "bound", "members", "places", "shingles")

    def __init__(self, shingles: tuple[int, ...], anchors: tuple[int, ...]) -> None:
        self.shingles = shingles
        self.members = frozenset(shingles)
        self.bound = shingles[-1] if len(shingles) == _SKETCH else 0xFFFFFFFF
        self.anchors = anchors
        self.places = {anchor: place for place, anchor in enumerate(anchors)}


@functools.lru_cache(maxsize=512)
def _read(data: bytes) -> _Sketch:
    shingles, anchors = _HEADER.unpack_from(data)
    numbers = struct.unpack_from(f"<{shingles + anchors}I", data, _HEADER.size)
    return _Sketch(numbers[:shingles], numbers[shingles:])


def _root(parents: list[int], position: int) -> int:
    while parents[position] != position:
        position = parents[position]
    return position


def _same(one: _Sketch, other: _Sketch) -> bool:
    return _containment(one, other) >= MIN_CONTAINMENT or _order(one, other) >= MIN_ORDER


def _containment(one: _Sketch, other: _Sketch) -> float:
    """The share of the smaller shingle set found in the larger, 0 to 1.

    Both sketches hold every shingle up to the lower of their last hashes, so below it they can simply be compared.
    """
    bound = min(one.bound, other.bound)
    fewer = min(bisect.bisect_right(one.shingles, bound), bisect.bisect_right(other.shingles, bound))
    return len(one.members & other.members) / fewer if fewer >= MIN_ANCHORS else 0.0


def _order(one: _Sketch, other: _Sketch) -> float:
    """The longest run of common anchors in the same order, as a share of the fewer anchors; 0 to 1."""
    fewer = min(len(one.anchors), len(other.anchors))
    places = [other.places[anchor] for anchor in one.anchors if anchor in other.places]
    if len(places) < max(MIN_ANCHORS, MIN_ORDER * fewer):
        return 0.0
    tails: list[int] = []
    for place in places:
        position = bisect.bisect_left(tails, place)
        tails[position : position + 1] = [place]
    return len(tails) / fewer if len(tails) >= MIN_ANCHORS else 0.0


def _anchors(sentences: Sequence[str]) -> list[str]:
    """Names, acronyms and numbers in reading order, in a form that survives translation.

    A number keeps only its digits, since languages disagree on separators; a name keeps its first letters, since
    they disagree on endings (Chine, China, Chinese). A sentence's first word counts only when it is a name elsewhere.
    """
    names: list[tuple[str, bool]] = []
    for sentence in sentences:
        for number, match in enumerate(_ANCHOR.finditer(sentence)):
            word = match[0]
            if word[0].isdigit():
                digits = re.sub(r"\D", "", word)
                names += [(digits, True)] if len(digits) > 1 else []
            elif word != word.lower() and len(word) > 1:
                names.append((fold(word)[:_PREFIX], number > 0 or word[1:] != word[1:].lower()))
    certain = {name for name, sure in names if sure}
    return [name for name, _ in names if name in certain]
