"""Pages made of the sources' own sentences: no model writes a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag import clauses, markers, quantities, reading, salience
from rag.actors import actors
from rag.answers import DraftClaim, Usage
from rag.briefing_drafts import DraftBriefing, DraftDisagreement, DraftEvent
from rag.briefings import DisagreementKind
from rag.disagreements import disagreements
from rag.gaps import absent, stated
from rag.kinship import Kinship
from rag.material import Material
from rag.salience import Candidate
from rag.sayings import sayings
from rag.text import fold, words
from rag.timeline import MOST, events

NAME = "extractive"
MOST_FACTS = 12
MOST_AGREEMENTS = 3
MOST_BOTTOM, MOST_BOTTOM_WORDS = 3, 60
"""The most statements and words of the bottom line."""

_LONGEST_BOTTOM = 32
_LOOKED_AT = 8
_MOST_SUPPORT = 4
_NOT_ONLY = re.compile(r"\b(?:not|n't|pas|bukan) (?:just |the |les? |la )?(?:only|seul\w*|hanya|satu-satunya)\b")


class ExtractiveWriter:
    """Writes pages of verbatim statements.

    Attributes:
        name: "extractive".
        glosses: False: every text stands word for word in a source.
        prompt: None.
        usage: Nothing.
    """

    name = NAME
    glosses = False
    prompt: str | None = None

    def __init__(self, answers: Callable[[str, str], bool]) -> None:
        """Keeps what it is given.

        Args:
            answers: Whether the documents answer a question in a language; asked about what seems to be missing.
        """
        self._answers = answers
        self.usage = Usage()

    def write(self, material: Material) -> DraftBriefing:
        """The page, as ``rag.writers.Writer`` describes; without facts when nothing can stand alone."""
        kinship = Kinship(material)
        found = salience.candidates(material, kinship)
        differing = disagreements(material, kinship)
        found = _without(material, found, differing, "emphasis")
        chosen = salience.chosen(found, kinship, MOST_FACTS + MOST_BOTTOM + MOST_AGREEMENTS + MOST)
        chosen = [salience.preferred(each, found, material) for each in chosen]
        bottom = _bottom_line(material, chosen)
        dated = events(material, kinship, found)
        rest = [each for each in chosen if each not in bottom and not _is_told(each, dated, kinship)]
        rest = _without(material, rest, differing, "contradiction")
        agreed = sorted((each for each in rest if each.origins > 1), key=lambda each: -each.origins)[:MOST_AGREEMENTS]
        facts = [each for each in rest if each not in agreed][:MOST_FACTS]
        unknown = stated(material, kinship)
        printed = [each.clause.text for each in (*bottom, *facts, *agreed)]
        return DraftBriefing(
            title=title(material, kinship),
            bottom_line=[_claim(material, each) for each in bottom],
            facts=[_claim(material, each) for each in facts],
            timeline=[event for _, event in dated],
            actors=actors(material),
            agreements=[_claim(material, each) for each in agreed],
            disagreements=differing,
            gaps=[*unknown, *absent(material, unknown, self._answers)],
            sayings=sayings(material, kinship, printed),
        )


def _without(
    material: Material, found: Sequence[Candidate], differing: Sequence[DraftDisagreement], kind: DisagreementKind
) -> list[Candidate]:
    """The candidates that are no side of a disagreement of a kind: the page tells both sides elsewhere."""
    sides = {one for each in differing if each.kind == kind for side in each.positions for one in side.sentences}
    return [each for each in found if material.remarks[each.place].id not in sides]


def _is_told(fact: Candidate, dated: Sequence[tuple[Candidate, DraftEvent]], kinship: Kinship) -> bool:
    """Whether the timeline tells a fact."""
    return any(fact.place == other.place or salience.repeats(fact, other, kinship) for other, _ in dated)


def title(material: Material, kinship: Kinship) -> str:
    """The topic as asked; else the most central headline, in the page's language if there is one."""
    if material.topic is not None or not material.remarks:
        return material.topic or ""
    central = salience.centrality(material, kinship)
    titles = {(number, document.source.title) for number, document in enumerate(material.documents)}
    heads = [place for place, each in enumerate(material.remarks) if (each.document, each.text) in titles] or [0]
    best = max(heads, key=lambda place: (material.remarks[place].language == material.language, central[place], -place))
    return " ".join(material.remarks[best].text.split())


def _claim(material: Material, candidate: Candidate) -> DraftClaim:
    support = [material.remarks[each].id for each in candidate.support[:_MOST_SUPPORT]]
    return DraftClaim(text=candidate.clause.text, sentences=[material.remarks[candidate.place].id, *support])


def _bottom_line(material: Material, chosen: Sequence[Candidate]) -> list[Candidate]:
    """The best statement, the best that limits it ("it is not binding"), and the next best, as far as they fit.

    What several origins say comes before what one says. Only the first few statements are good enough to be here. All
    are in the page's language but the one that limits: it is missed more than another language is minded.
    """

    def foreign(candidate: Candidate) -> bool:
        return material.remarks[candidate.place].language != material.language

    plain = [each for each in chosen if _is_plain(material, each)]
    good = [each for each in chosen[:_LOOKED_AT] if each in plain and not foreign(each)] or list(chosen[:1])
    limits = [each for each in plain if each is not good[0] and _limits(material, each, good[0])]
    limits.sort(key=lambda each: (each.origins < 2, foreign(each)))
    others = sorted(good[1:], key=lambda each: (each.origins < 2, -each.score))
    kept: list[Candidate] = []
    room = MOST_BOTTOM_WORDS
    for candidate in (*good[:1], *limits[:1], *others):
        length = _length(candidate.clause.text)
        if candidate not in kept and length <= room and len(kept) < MOST_BOTTOM:
            kept.append(candidate)
            room -= length
    return kept


def _is_plain(material: Material, candidate: Candidate) -> bool:
    """Whether a statement leans on nothing, judges nothing, names no year and is short."""
    clause, remark = candidate.clause, material.remarks[candidate.place]
    if clause.weak or clause.opinion or clause.quoted or _length(clause.text) > _LONGEST_BOTTOM:
        return False
    years = any(each.kind == "year" for each in quantities.find(clause.text, remark.language))
    return not years


def _limits(material: Material, candidate: Candidate, first: Candidate) -> bool:
    """Whether a statement says of what another tells, in any of its versions, that something is not so."""
    remark, folded = material.remarks[candidate.place], fold(candidate.clause.text)
    if not markers.negations(folded, remark.language) or _NOT_ONLY.search(folded):
        return False
    known = frozenset[str]()
    for place in (first.place, *first.support):
        version = material.remarks[place]
        known |= reading.keys_of(reading.read(version.text, version.language).tokens)
    tokens = reading.read(candidate.clause.text, remark.language).tokens
    return sum(bool(token.keys & known) for token in tokens) > 1


def _length(text: str) -> int:
    """Words; in scripts without spaces two characters count as one."""
    return max(len(words(text)), (clauses.width(text) - len(text)) // 2)
