"""Parts of sentences that can be printed alone: contiguous, never altered, short enough for one page."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rag import markers
from rag.documents import Span
from rag.text import fold, words
from rag.words import tables

TABLES = tables("briefing")

LONGEST = 190
"""The width of a statement on the page that needs no shortening, in characters; wide ones count twice."""

_SHORTEST_WORDS = 4
_SHORTEST_HEAD = 45
_MOST_QUOTED = 0.6
_OPENING = "\"'“”‘’«»„ \t\u00a0\u202f-–—*•·"
_CLOSING = re.compile(r"""[.!。！…]["'”’»)\]]*\s*$""")
_ENDED = re.compile(r"""[.!?…。！？]["'”’»)\]]*$""")
_QUOTED = re.compile(r"“[^”]*”|«[^»]*»|„[^“”]*[“”]|\"[^\"]*\"|「[^」]*」|『[^』]*』")
_PAIRS = ("()", "[]", "“”", "«»", "「」", "『』", "（）")

# A subordinate clause or an aside that only adds something may be left out at the end of a sentence.
_CUTS = re.compile(
    r"[;；](?=\s|[\u3400-\u9fff])| [;–—] | - (?=\w)"
    r"|, (?=(?:which|who|whose|where|while|whereas|when|after|before|behind|with|via|adding|as well as|as part of|amid"
    r"|six|an?|the \w+est|and (?:also|it|that|will|other)|et (?:qu|ce)|qui|dont|ou|ce qui|apres|avant|avec|quand"
    r"|lorsque|tandis|alors|notamment|sans|via|yang|sementara|sedangkan|setelah|sebelum|dengan|ketika|saat|serta"
    r"|dan (?:akan|juga)|wobei|der|die|das|nachdem|que|quien|donde|cuando|mientras)\b)"
    r"|,(?=而|同时|并|其中|以及)"
)
_CHANGES_MEANING = re.compile(
    r"\b(?:unless|if|except|only|but|however|although|though|provided|until|sauf|si|mais|seulement|sous reserve|a moins"
    r"|toutefois|bien que|kecuali|jika|asalkan|tetapi|namun|meski\w*|hanya|sampai|wenn|falls|aber|jedoch|nur|salvo|pero"
    r"|aunque|solo)\b|除非|如果|但|仅"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence that can be understood alone.

    Attributes:
        span: Where it stands in the sentence.
        text: ``span.of(sentence)``.
        weak: Whether it leans on what stands before it ("the two companies", "this deal") and reads better elsewhere.
        opinion: Whether it judges more than it tells.
        quoted: The share of its characters within quotation marks, 0 to 1.
    """

    span: Span
    text: str
    weak: bool
    opinion: bool
    quoted: float


def width(text: str) -> int:
    """How much room a text takes, in characters; those of East Asian scripts count twice."""
    return len(text) + sum(unicodedata.east_asian_width(character) in "WF" for character in text)


def standing_alone(sentence: str, language: str | None, longest: int = LONGEST) -> Clause | None:
    """The part of a sentence that can be printed alone, or None when it can't.

    None for questions, headings, what a pronoun or the writer opens ("he said", "we think"), and fragments. A
    connective at the beginning is left out, and so is, where the sentence is long, an aside at its end that neither
    negates nor limits what stands before it.
    """
    start = len(sentence) - len(sentence.lstrip("-–—*•· \t\u00a0\u202f"))
    folded = fold(sentence)
    lead = _at(folded, start, "lead", language)
    opens = lead if lead is not None else start
    opens += len(sentence[opens:]) - len(sentence[opens:].lstrip(" \t\u00a0\u202f,，"))
    body = sentence[opens:].rstrip()
    if not _is_statement(body) or _at(folded, _first_letter(sentence, opens), "dependent", language) is not None:
        return None
    end = _cut(body, language, longest)
    part = body[:end].rstrip(" ,;:–—-；，")
    if len(words(part)) < _SHORTEST_WORDS and width(part) < 16:
        return None
    return Clause(
        Span(opens, opens + len(part)),
        part,
        weak=_at(folded, _first_letter(sentence, opens), "weak", language) is not None or lead is not None,
        opinion=_is_opinion(part, language),
        quoted=sum(len(match[0]) for match in _QUOTED.finditer(part)) / max(1, len(part)),
    )


def is_ended(sentence: str) -> bool:
    """Whether a sentence ends as sentences do, and headlines don't; a colon counts."""
    return _ENDED.search(sentence) is not None or sentence.rstrip().endswith((":", "："))


def is_quotation(clause: Clause) -> bool:
    """Whether a clause is mostly somebody's own words."""
    return clause.quoted > _MOST_QUOTED


def _first_letter(sentence: str, start: int) -> int:
    while start < len(sentence) and sentence[start] in _OPENING:
        start += 1
    return start


def _at(folded: str, start: int, table: str, language: str | None) -> int | None:
    """Where a word of a table that begins at a place ends, the longest; None when there is none."""
    window = folded[start : start + 60]
    return max((start + m.end() for m in markers.find(TABLES[table], window, language) if m.start() == 0), default=None)


def _is_statement(body: str) -> bool:
    if not _ENDED.search(body) or body.rstrip("\"'”’»)] \u00a0\u202f").endswith(("?", "？", "...", "…")):
        return False
    return all(body.count(pair[0]) == body.count(pair[1]) for pair in _PAIRS) and body.count('"') % 2 == 0


def _cut(body: str, language: str | None, longest: int) -> int:
    """Where the part to print ends; the whole sentence when it is short or cannot be cut."""
    if width(body) <= longest:
        return len(body)
    quoted = [match.span() for match in _QUOTED.finditer(body)]
    fitting = 0
    shortest = len(body)
    for match in _CUTS.finditer(fold(body)):
        head, tail = body[: match.start()], body[match.start() :]
        if width(head) < _SHORTEST_HEAD or any(start < match.start() < end for start, end in quoted):
            continue
        if not _may_go(tail, language) or not all(head.count(pair[0]) == head.count(pair[1]) for pair in _PAIRS):
            continue
        if width(head) <= longest:
            fitting = match.start()
        shortest = min(shortest, match.start())
    return fitting or shortest


def _may_go(tail: str, language: str | None) -> bool:
    """Whether what stands before a tail means the same without it."""
    folded = fold(tail)
    return not markers.negations(folded, language) and _CHANGES_MEANING.search(folded) is None


def _is_opinion(text: str, language: str | None) -> bool:
    """Whether a text judges, or its writer speaks of himself outside of quotation marks."""
    own = fold(_QUOTED.sub(lambda match: " " * len(match[0]), text))
    return any(markers.find(TABLES[table], own, language) for table in ("opinion", "voice"))


def is_order(sentence: str, language: str | None) -> bool:
    """Whether a sentence speaks to, or of, a language model that may be reading it: nothing for a reader's page."""
    return bool(markers.find(TABLES["machine"], fold(sentence), language))


def is_about_page(sentence: str, language: str | None) -> bool:
    """Whether a sentence speaks of the article itself: updated on, corrected, an earlier version said."""
    return _at(fold(sentence), _first_letter(sentence, 0), "page", language) is not None
