"""Which statements of some documents matter most: central, borne out by several origins, on the topic, told early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rag import clauses, datelines, quantities
from rag.clauses import Clause
from rag.kinship import Kinship, Matrix
from rag.material import Material

_DAMPING = 0.85
_STEPS = 60
_LEAST = 0.1
_WITHIN = 0.25
"""How much a likeness within one document counts, against one between two."""

_REDUNDANT = 0.5
_DIVERSITY = 0.35
_WORDY = 150


@dataclass(frozen=True, slots=True)
class Candidate:
    """A statement that could be printed.

    Attributes:
        place: Which sentence of the material it is a part of.
        clause: The part.
        score: How much it matters; comparable within one material only.
        origins: How many independent origins say the same, its own included.
        support: The sentences that say the same, the nearest first, one per document.
    """

    place: int
    clause: Clause
    score: float
    origins: int
    support: tuple[int, ...] = field(default=())


def candidates(material: Material, kinship: Kinship) -> list[Candidate]:
    """Every statement that can stand alone, the one that matters most first."""
    central = centrality(material, kinship)
    found = []
    for place, remark in enumerate(material.remarks):
        clause = clauses.standing_alone(remark.text, remark.language)
        if clause is None or clauses.is_quotation(clause) or not is_news(material, place):
            continue
        support = supporters(material, kinship, place)
        origins = len({remark.origin, *(material.remarks[each].origin for each in support)})
        score = _score(material, place, clause, central, origins)
        found.append(Candidate(place, clause, score, origins, tuple(support)))
    return sorted(found, key=lambda each: (-each.score, each.place))


def is_news(material: Material, place: int) -> bool:
    """Whether a sentence tells something of the world: no dateline, no note on the article, no order to a machine."""
    remark = material.remarks[place]
    if clauses.is_about_page(remark.text, remark.language) or clauses.is_order(remark.text, remark.language):
        return False
    end = remark.start + len(remark.text)
    document = material.documents[remark.document]
    line = datelines.dateline(document)
    spans = [date.span.start for date in document.source.dates] + ([line[1].start] if line else [])
    return not any(remark.start <= start < end for start in spans)


def preferred(candidate: Candidate, found: Sequence[Candidate], material: Material) -> Candidate:
    """The candidate that says the same in the page's language and leans on nothing, if there is one; else itself.

    It keeps the score and the number of origins, and the one that it stands for is among its support.
    """
    if candidate.clause.weak is False and material.remarks[candidate.place].language == material.language:
        return candidate
    for other in found:
        good = not other.clause.opinion and material.remarks[other.place].language == material.language
        if good and candidate.place in other.support and other.place in candidate.support and not other.clause.weak:
            origins = max(other.origins, candidate.origins)
            return replace(other, score=candidate.score, origins=origins)
    return candidate


def supporters(material: Material, kinship: Kinship, place: int) -> list[int]:
    """The sentences of other documents that say the same as one, the nearest of each document."""
    own = material.remarks[place].document
    found: dict[int, int] = {}
    for other in kinship.relatives(place):
        document = material.remarks[other].document
        if document != own and document not in found and kinship.bears_out(other, place):
            found[document] = other
    return list(found.values())


def centrality(material: Material, kinship: Kinship) -> Matrix:
    """How central each sentence is, 0 to 1: ``(n,)``, float64.

    Continuous LexRank (Erkan and Radev 2004, doi:10.1613/jair.1523), biased to the topic where there is one
    (Otterbacher et al. 2009, doi:10.1016/j.ipm.2008.06.004). Likeness between documents counts four times as much as
    within one, and copies of one article count as one document.
    """
    if not material.remarks:
        return np.zeros(0)
    origins = np.array([remark.origin for remark in material.remarks])
    weights = np.where(kinship.similarity >= _LEAST, kinship.similarity, 0.0)
    weights = weights * np.where(origins[:, None] == origins[None, :], _WITHIN, 1.0)
    np.fill_diagonal(weights, 0.0)
    sums = weights.sum(axis=1, keepdims=True)
    count = len(origins)
    moves = np.where(sums > 0, weights / np.where(sums > 0, sums, 1), 1 / count)
    bias = np.clip([remark.relevance for remark in material.remarks], 0.0, None) + 1e-6
    bias = bias / bias.sum() if material.topic is not None else np.full(count, 1 / count)
    ranks = np.full(count, 1 / count)
    for _ in range(_STEPS):
        ranks = (1 - _DAMPING) * bias + _DAMPING * (ranks @ moves)
    result: Matrix = ranks / ranks.max()
    return result


def _score(material: Material, place: int, clause: Clause, central: Matrix, origins: int) -> float:
    remark = material.remarks[place]
    score: float = float(central[place]) + 0.45 * min(origins - 1, 3) ** 0.5 + 0.5 / (1 + 0.5 * remark.place)
    score += 0.25 * min(2, len(quantities.find(clause.text, remark.language))) ** 0.5
    score += 0.8 * max(0.0, remark.relevance)
    score += 0.35 * (remark.language == material.language)
    score -= 0.25 * clause.weak + 0.5 * clause.opinion
    return score - 0.3 * max(0.0, clauses.width(clause.text) / _WORDY - 1)


def chosen(found: Sequence[Candidate], kinship: Kinship, most: int) -> list[Candidate]:
    """The best candidates, none of which says what another says: maximal marginal relevance.

    Carbonell and Goldstein 1998, doi:10.1145/290941.291025, with the highest likeness to one chosen as the penalty.
    """
    kept: list[Candidate] = []
    rest = list(found)
    while rest and len(kept) < most:
        best = max(rest, key=lambda each: each.score - _DIVERSITY * _nearest(each, kept, kinship))
        rest.remove(best)
        if not any(repeats(best, other, kinship) for other in kept):
            kept.append(best)
    return kept


def repeats(one: Candidate, other: Candidate, kinship: Kinship) -> bool:
    """Whether two candidates say much the same, or one stands in the support of the other."""
    if one.place in other.support or other.place in one.support:
        return True
    return (
        bool(kinship.similarity[one.place, other.place] >= _REDUNDANT) and kinship.shared(one.place, other.place) > 0.4
    )


def _nearest(one: Candidate, kept: Sequence[Candidate], kinship: Kinship) -> float:
    return max((float(kinship.similarity[one.place, other.place]) for other in kept), default=0.0)
