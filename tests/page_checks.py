"""What is true of every PDF page: one page, tagged, text that can be read and copied, nothing over anything else."""

from __future__ import annotations

import io
import itertools
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pypdf
import pypdfium2

A4 = (595.3, 841.9)
MARGIN = 28.0  # the narrowest, in points
Box = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(frozen=True)
class Printed:
    """The one page: its text, and the box of every visible character."""

    text: str
    boxes: list[tuple[str, Box]]


def printed(content: bytes) -> Printed:
    """The page of a PDF; fails unless it is exactly one of A4."""
    document = pypdfium2.PdfDocument(content)
    try:
        assert len(document) == 1
        page = document[0]
        assert page.get_size() == tuple(_about(A4))
        text = page.get_textpage()
        boxes = [
            (character, text.get_charbox(index))
            for index in range(text.count_chars())
            if not (character := text.get_text_range(index, 1) or " ").isspace()
        ]
        return Printed(text.get_text_range(), boxes)
    finally:
        document.close()


def _about(size: tuple[float, float]) -> Iterator[object]:
    """The size, to a tenth of a point."""
    import pytest

    return (pytest.approx(side, abs=0.1) for side in size)


def letters(text: str) -> Counter[str]:
    """The letters and digits of the text, whatever their order and form."""
    plain = unicodedata.normalize("NFKC", text)
    return Counter(character for character in plain if unicodedata.category(character) in {"Lu", "Ll", "Lo", "Nd"})


def outside(page: Printed) -> list[tuple[str, Box]]:
    """Characters beyond the margins."""
    return [
        (character, box)
        for character, box in page.boxes
        if box[0] < MARGIN or box[2] > A4[0] - MARGIN or box[1] < MARGIN - 8 or box[3] > A4[1] - MARGIN
    ]


def overlaps(page: Printed) -> list[tuple[str, Box, str, Box]]:
    """Pairs of characters of which one covers more than half of the other.

    Left out are marks and the scripts in which letters share a box by their nature (Arabic, Indic, Thai).
    """
    cells: defaultdict[tuple[int, int], list[tuple[str, Box]]] = defaultdict(list)
    for character, box in page.boxes:
        if _stands_alone(character) and _area(box) > 1:
            for place in _cells(box):
                cells[place].append((character, box))
    pairs = {pair for cell in cells.values() for pair in itertools.combinations(cell, 2)}
    return [(*one, *other) for one, other in pairs if one[1] != other[1] and _covered(one[1], other[1])]


def _stands_alone(character: str) -> bool:
    name = unicodedata.name(character[0], "")
    return name.startswith(("LATIN", "GREEK", "CYRILLIC", "DIGIT", "CJK", "HIRAGANA", "KATAKANA", "HANGUL"))


def _cells(box: Box) -> Iterable[tuple[int, int]]:
    left, bottom, right, top = (int(side // 20) for side in box)
    return itertools.product(range(left, right + 1), range(bottom, top + 1))


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def _covered(one: Box, other: Box) -> bool:
    common = (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    if common[2] <= common[0] or common[3] <= common[1]:
        return False
    return _area(common) > 0.5 * min(_area(one), _area(other))


def tag_counts(content: bytes) -> Counter[str]:
    """How many structure elements of each kind the document has; fails unless it is tagged, titled and PDF/UA-1."""
    reader = pypdf.PdfReader(io.BytesIO(content))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    counts: Counter[str] = Counter()
    waiting = [root["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop().get_object()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            counts[str(node.get("/S", ""))] += 1
            if "/K" in node:
                waiting.append(node["/K"])
    return counts
