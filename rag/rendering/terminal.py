"""Answers and passages for people: on a terminal with colour, links and wrapped lines, in a pipe as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.answers import Answer, Claim, Conflict, Position, Quotation
from rag.documents import Hit
from rag.rendering.citations import (
    Citations,
    Notes,
    attribution,
    heading,
    note_of,
    printed_texts,
    refusal,
    replaced,
    shown_in_full,
    support,
    withheld,
)
from rag.rendering.display import clip, language_name, safe_name, safe_text, wrap

_CONFLICT_LEADS = {
    "contradiction": "The sources disagree: {about}",
    "scope": "Different scopes, so both may hold: {about}",
}
_NEAREST_CHARACTERS = 300
_PASSAGE_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Look:
    """What the place of output can show; the default is a pipe.

    Attributes:
        width: Cells per line; None leaves every paragraph on one line.
        colour: Whether bold and dim text is understood (ECMA-48 SGR).
        links: Whether OSC 8 hyperlinks are understood.
    """

    width: int | None = None
    colour: bool = False
    links: bool = False

    def bold(self, text: str) -> str:
        """The text in bold, line by line."""
        return self._style("1", text)

    def dim(self, text: str) -> str:
        """The text in a fainter shade, line by line."""
        return self._style("2", text)

    def warn(self, text: str) -> str:
        """The text in bold yellow, line by line."""
        return self._style("1;33", text)

    def _style(self, code: str, text: str) -> str:
        if not self.colour:
            return text
        return "\n".join(f"\x1b[{code}m{line}\x1b[0m" for line in text.split("\n"))

    def link(self, text: str, path: Path | None) -> str:
        """The text as a hyperlink to the file; just the text when there is no file or no links are understood."""
        if not self.links or path is None:
            return text
        return f"\x1b]8;;{path.absolute().as_uri()}\x1b\\{text}\x1b]8;;\x1b\\"


def render_text(answer: Answer, notes: Notes, look: Look) -> str:
    """The answer with numbered citations, its conflicts and gaps, then each source; ends with a line end."""
    citations = Citations.of(answer)
    blocks = [_claim(claim, citations, look) for claim in answer.claims]
    if answer.direct:
        blocks[0] = render_direct(answer.direct, look) + blocks[0]
    blocks += [_conflict(conflict, citations, look) for conflict in answer.conflicts]
    if answer.status == "unanswerable":
        blocks.insert(0, look.bold(refusal(answer)))
    if answer.missing:
        missing = "; ".join(safe_text(part) for part in answer.missing)
        blocks.append(look.warn(wrap(f"Not in the passages found: {missing}", look.width)))
    if withheld(answer):
        blocks.append(look.dim(wrap(withheld(answer), look.width)))
    if answer.fallback:
        note = look.warn(wrap(f"Note: {safe_text(answer.fallback)}", look.width))
        blocks.insert(0 if replaced(answer) else len(blocks), note)
    if citations.quotations:
        blocks.append(_sources(printed_texts(answer), citations, notes, look))
    if answer.nearest:
        blocks.append(_nearest(answer.nearest, notes, look))
    return "\n\n".join(blocks) + "\n"


def render_claim(claim: Claim, claims: Sequence[Claim], look: Look) -> str:
    """A claim as ``render_text`` shows it in an answer that begins with these claims; without a line end."""
    return _claim(claim, Citations.of_claims(claims), look)


def render_direct(words: str, look: Look) -> str:
    """The answer in a few words as ``render_text`` shows it above the first claim; ends with a line end."""
    return look.bold(wrap(safe_text(words), look.width)) + "\n"


def render_sources(claims: Sequence[Claim], notes: Notes, look: Look) -> str:
    """The sources as ``render_text`` shows them for an answer of these claims; ends with a line end."""
    return _sources([claim.text for claim in claims], Citations.of_claims(claims), notes, look) + "\n"


def _cited(text: str, quotations: Iterable[Quotation], citations: Citations) -> str:
    marks = "".join(f"[{number}]" for number in citations.marks(quotations))
    return f"{safe_text(text)} {marks}"


def _claim(claim: Claim, citations: Citations, look: Look) -> str:
    remarks = " · ".join(remark for remark in (attribution(claim), support(claim)) if remark)
    text = _cited(claim.text, claim.spans, citations)
    return wrap(f"{text} ({remarks})" if remarks else text, look.width)


def _conflict(conflict: Conflict, citations: Citations, look: Look) -> str:
    lead = _CONFLICT_LEADS[conflict.kind].format(about=safe_text(conflict.about))
    lines = [look.warn(wrap(lead, look.width))]
    lines += [_position(position, citations, look) for position in conflict.positions]
    return "\n".join(lines)


def _position(position: Position, citations: Citations, look: Look) -> str:
    return _bullet(wrap(_cited(position.text, position.spans, citations), look.width, indent="    "))


def _bullet(text: str) -> str:
    return f"  - {text[4:]}"


def _sources(texts: Sequence[str], citations: Citations, notes: Notes, look: Look) -> str:
    lines = [look.bold("Sources")]
    for number, quotation in enumerate(citations.quotations, start=1):
        lines += _source(f"[{number}]", quotation, notes, look)
        if not shown_in_full(texts, quotation):
            lines.append(wrap(f"“{safe_text(quotation.quote)}”", look.width, indent="    "))
    return "\n".join(lines)


def _source(label: str, quotation: Quotation, notes: Notes, look: Look) -> Iterator[str]:
    title = wrap(heading(quotation, notes), look.width, indent="    ")
    yield f"{label.ljust(3)} {title[4:]}"
    note = note_of(quotation, notes)
    where = f"{safe_name(quotation.document)}:{quotation.start}-{quotation.end}"
    facts = [f"page {quotation.page}" if quotation.page else "", language_name(quotation.language), note.date]
    tail = "".join(f" · {fact}" for fact in facts if fact)
    yield f"    {look.link(where, note.path)}{look.dim(tail)}"


def _nearest(quotations: Sequence[Quotation], notes: Notes, look: Look) -> str:
    lines = [look.bold("Nearest passages (not an answer)")]
    for quotation in quotations:
        lines += _source("  -", quotation, notes, look)
        quote = clip(safe_text(quotation.quote), _NEAREST_CHARACTERS)
        lines.append(look.dim(wrap(f"“{quote}”", look.width, indent="    ")))
    return "\n".join(lines)


def render_hits(hits: Sequence[Hit], notes: Notes, look: Look) -> str:
    """The passages, best first: source, scores and ranks, and the text; "" when there are none."""
    return "\n".join("\n".join(_hit(hit, notes, look)) + "\n" for hit in hits)


def _hit(hit: Hit, notes: Notes, look: Look) -> Iterator[str]:
    chunk = hit.chunk
    shown = Quotation(
        chunk.document,
        hit.source.sha256,
        chunk.span.start,
        chunk.span.end,
        chunk.text,
        chunk.language,
        hit.source.title,
    )
    yield from _source(f"{hit.rank}.", shown, notes, look)
    yield look.dim(f"    score {hit.score:.4f} · {_ranks(hit)} · origin {hit.origin}")
    yield wrap(clip(safe_text(chunk.text), _PASSAGE_CHARACTERS), look.width, indent="    ")


def _ranks(hit: Hit) -> str:
    dense = "not among the nearest" if hit.dense_rank is None else f"{hit.dense_rank} (cosine {hit.dense_score:.3f})"
    lexical = "no match" if hit.lexical_rank is None else f"{hit.lexical_rank} (BM25 {hit.lexical_score:.2f})"
    return f"meaning {dense} · words {lexical}"


def render_explanation(answer: Answer, hits: Sequence[Hit]) -> str:
    """Why these passages: one line per passage with its ranks and scores, marked with the citations that rest on it."""
    citations = Citations.of(answer)
    rows: list[tuple[str, ...]] = [
        ("rank", "score", "meaning", "cosine", "words", "BM25", "origin", "cited", "passage")
    ]
    rows += [_row(hit, citations) for hit in hits]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = ("  ".join([*(cell.rjust(w) for cell, w in zip(row, widths, strict=False)), row[-1]]) for row in rows)
    return "\n".join(lines) + "\n"


def _row(hit: Hit, citations: Citations) -> tuple[str, ...]:
    chunk = hit.chunk
    cited = [
        f"[{number}]"
        for number, one in enumerate(citations.quotations, start=1)
        if one.document == chunk.document and chunk.span.start <= one.start and one.end <= chunk.span.end
    ]
    dense = ("-", "-") if hit.dense_score is None else (str(hit.dense_rank), f"{hit.dense_score:.3f}")
    lexical = ("-", "-") if hit.lexical_score is None else (str(hit.lexical_rank), f"{hit.lexical_score:.2f}")
    passage = safe_name(chunk.id)
    return (str(hit.rank), f"{hit.score:.4f}", *dense, *lexical, str(hit.origin), "".join(cited) or "-", passage)
