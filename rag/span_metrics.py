"""Measures of citations: whether spans are what they claim to be, and how much of the gold they hold.

A citation is compared with gold in *units*: the sentences that the spans touch (``sentence_units``), which forgives a
clause cut short, or their single characters (``character_units``), which does not. All other measures take sets of
units and are the same for both.

A nugget's spans are alternatives: each states it, and one suffices. A measure is None where a question has nothing to
measure; its mean is over the questions that have a value.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple

from rag.documents import Span
from rag.text import fold

Validity = Literal["exact", "elsewhere", "folded", "absent"]


class Place(NamedTuple):
    """A span of a document.

    Attributes:
        document: The document's id.
        span: Code points, half-open.
    """

    document: str
    span: Span


Unit = tuple[str, Span] | tuple[str, int]
"""A sentence or a character, with its document's id."""

Alternatives = Sequence[AbstractSet[Unit]]
"""The units of each span that states a nugget."""

ENOUGH = 0.5
"""A nugget is recalled when this share of one of its spans is cited.

Gold spans are the smallest clause or sentence that states something, so what leaves out more than half of one has lost
the subject or the value, while a citation may well begin after the "according to" or end before the full stop.
"""


def validity(quote: str, span: Span, text: str | None) -> Validity:
    """Where a quotation really stands.

    - "exact": at its span; ``text[start:end] == quote``.
    - "elsewhere": only in another place of the same document.
    - "folded": only when case, accents, typographic characters (``rag.text.fold``) and runs of white space are ignored.
    - "absent": nowhere; so are an empty quotation and one from a document that is not there (text is None).
    """
    if not quote or text is None:
        return "absent"
    if span.start >= 0 and span.of(text) == quote:  # a negative start would count from the end
        return "exact"
    if quote in text:
        return "elsewhere"
    folded = _folded(quote)
    return "folded" if folded and folded in _folded(text) else "absent"


def _folded(text: str) -> str:
    return " ".join(fold(text).split())


def sentence_units(places: Iterable[Place], sentences: Mapping[str, Sequence[Span]]) -> frozenset[Place]:
    """The sentences that the places share a character with; a place that touches none is a unit of its own.

    Args:
        places: Spans of documents; an empty one touches nothing.
        sentences: For each document its sentences, in order, never overlapping.
    """
    units: set[Place] = set()
    for document, span in places:
        known = sentences.get(document, ()) if span.start < span.end else ()
        first = bisect.bisect_right(known, span.start, key=lambda sentence: sentence.end)
        touched = list(itertools.takewhile(span.overlaps, known[first:]))
        units |= {Place(document, sentence) for sentence in touched or [span]}
    return frozenset(units)


def character_units(places: Iterable[Place]) -> frozenset[tuple[str, int]]:
    """The characters of the places, each once."""
    return frozenset((document, offset) for document, span in places for offset in range(span.start, span.end))


def recalled(nugget: Alternatives, cited: AbstractSet[Unit]) -> bool:
    """Whether what is cited states the nugget: it holds at least ``ENOUGH`` of one of the nugget's spans."""
    return _coverage(nugget, cited) >= ENOUGH


def _coverage(nugget: Alternatives, cited: AbstractSet[Unit]) -> float:
    return max((len(span & cited) / len(span) for span in nugget if span), default=0.0)


def nugget_recall(nuggets: Sequence[Alternatives], cited: AbstractSet[Unit]) -> float | None:
    """The share of the nuggets that are recalled; None without nuggets.

    Over the vital nuggets it is TREC's (Voorhees 2003, https://trec.nist.gov/pubs/trec12/papers/QA.OVERVIEW.pdf,
    section 4), with spans compared where TREC's assessors read.
    """
    if not nuggets:
        return None
    return sum(recalled(nugget, cited) for nugget in nuggets) / len(nuggets)


def citation_precision(cited: AbstractSet[Unit], gold: AbstractSet[Unit]) -> float | None:
    """The share of what is cited that is gold of any nugget: |cited ∩ gold| / |cited|; None when nothing is cited.

    ALCE's citation precision (Gao et al. 2023, arXiv:2305.14627) asks a model whether a citation is needed; here it
    must be among the spans that the gold marks.
    """
    return len(cited & gold) / len(cited) if cited else None


def citation_recall(cited: AbstractSet[Unit], nuggets: Sequence[Alternatives]) -> float | None:
    """How much of the gold is cited: the mean, over nuggets, of the largest share of one of its spans.

    It is ``nugget_recall`` without the threshold. None without nuggets.
    """
    if not nuggets:
        return None
    return sum(_coverage(nugget, cited) for nugget in nuggets) / len(nuggets)


def citation_f1(precision: float | None, recall: float | None) -> float | None:
    """The harmonic mean of the two; 0 when nothing is cited, None when there is nothing to recall."""
    if recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0


def positions_found(positions: Sequence[AbstractSet[Unit]], nuggets: Sequence[Alternatives]) -> float | None:
    """The share of the gold positions of a disagreement that an answer tells apart; None without gold positions.

    A gold position is found when a position of the answer recalls it. Each position of the answer counts for one only:
    whoever cites both sides as one has not seen that they disagree. The largest assignment that this allows counts
    (Kuhn 1955, doi:10.1002/nav.3800020109).

    Args:
        positions: What each position of the answer cites.
        nuggets: The gold positions.
    """
    if not nuggets:
        return None
    fits = [[side for side, cited in enumerate(positions) if recalled(nugget, cited)] for nugget in nuggets]
    taken: dict[int, int] = {}
    return sum(_assign(nugget, fits, taken, set()) for nugget in range(len(nuggets))) / len(nuggets)


def _assign(nugget: int, fits: Sequence[Sequence[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Whether the nugget gets a side, those that hold one already changing over to another where they must."""
    for side in fits[nugget]:
        if side not in tried:
            tried.add(side)
            if side not in taken or _assign(taken[side], fits, taken, tried):
                taken[side] = nugget
                return True
    return False


def origin_count(documents: Iterable[str], copies: Mapping[str, str]) -> int:
    """How many independent origins the documents are: what an answer that cites them all has to declare.

    Args:
        documents: Ids.
        copies: For a document that is a copy or translation of another, or has one, the id that stands for them all;
            a document that is not in it is an origin of its own.
    """
    return len({copies.get(document, document) for document in documents})


def agreement(found: Sequence[AbstractSet[int]]) -> float | None:
    """How far the answers to one question, asked in several languages, agree: mean Jaccard index over their pairs.

    None with fewer than two answers, and where none of them found a nugget: agreeing on nothing is no merit.

    Args:
        found: For each answer the nuggets that it recalls.

    >>> agreement([{0, 1}, {0}])
    0.5
    """
    pairs = [(one, other) for one, other in itertools.combinations(found, 2)]
    if not pairs or not any(found):
        return None
    return sum(len(one & other) / len(one | other) for one, other in pairs if one or other) / len(pairs)
