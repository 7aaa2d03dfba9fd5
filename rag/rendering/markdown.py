"""Answers as CommonMark: paragraphs with numbered citations and a list of sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.answers import Answer, Claim, Conflict, Quotation
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
from rag.rendering.display import clip, language_name, safe_name, safe_text

_CONFLICT_LEADS = {"contradiction": "The sources disagree", "scope": "Different scopes, so both may hold"}
_NEAREST_CHARACTERS = 300

# Characters that start an inline construct of CommonMark 0.31 (or GitHub's tables, strikethrough and mentions), and
# those that start a block at the beginning of a line; any ASCII punctuation may be escaped.
_INLINE = re.compile(r"[\\`*_\[\]<>&~|$@]|!(?=\[)|(?<=\w):(?=//)|(?<=www)\.")
_BLOCK_START = re.compile(r"^(\d{0,9})([#+=.)-])")


def render_markdown(answer: Answer, notes: Notes) -> str:
    """The answer as Markdown, with whatever the sources contain escaped; ends with a line end."""
    citations = Citations.of(answer)
    blocks = [_claim(claim, citations) for claim in answer.claims]
    if answer.direct:
        blocks.insert(0, f"**{escape_inline(safe_text(answer.direct))}**")
    blocks += [_conflict(conflict, citations) for conflict in answer.conflicts]
    if answer.status == "unanswerable":
        blocks.insert(0, f"**{refusal(answer)}**")
    if answer.missing:
        blocks.append(f"**Not in the passages found:** {'; '.join(escape(part) for part in answer.missing)}")
    if withheld(answer):
        blocks.append(f"*{withheld(answer)}*")
    if answer.fallback:
        blocks.insert(0 if replaced(answer) else len(blocks), f"**Note:** {escape(answer.fallback)}")
    if citations.quotations:
        blocks.append(_sources(answer, citations, notes))
    if answer.nearest:
        blocks.append(_nearest(answer.nearest, notes))
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    r"""The text on one line, so that Markdown shows it as it is.

    >>> escape("1. *stars* & <tags>")
    '1\\. \\*stars\\* \\& \\<tags\\>'
    """
    return _BLOCK_START.sub(r"\1\\\2", escape_inline(safe_text(text)))


def escape_inline(text: str) -> str:
    """The text with the characters escaped that mean something inside a line."""
    return _INLINE.sub(lambda match: f"\\{match[0]}", text)


def code(text: str) -> str:
    """The text as a code span, which may itself contain backticks.

    >>> code("a`b")
    '``a`b``'
    """
    runs = [len(run) for run in re.findall("`+", text)]
    fence = "`" * next(length for length in range(1, len(runs) + 2) if length not in runs)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _cited(text: str, quotations: Iterable[Quotation], citations: Citations) -> str:
    marks = "".join(rf"\[{number}\]" for number in citations.marks(quotations))
    return f"{escape(text)} {marks}"


def _claim(claim: Claim, citations: Citations) -> str:
    remarks = " · ".join(remark for remark in (attribution(claim), support(claim)) if remark)
    text = _cited(claim.text, claim.spans, citations)
    return f"{text} ({escape_inline(remarks)})" if remarks else text


def _conflict(conflict: Conflict, citations: Citations) -> str:
    lead = f"**{_CONFLICT_LEADS[conflict.kind]}:** {escape(conflict.about)}"
    positions = [f"- {_cited(position.text, position.spans, citations)}" for position in conflict.positions]
    return "\n".join([lead, "", *positions])


def _sources(answer: Answer, citations: Citations, notes: Notes) -> str:
    lines, texts = ["## Sources", ""], printed_texts(answer)
    for number, quotation in enumerate(citations.quotations, start=1):
        quote = None if shown_in_full(texts, quotation) else quotation.quote
        lines += _source(f"{number}.", quotation, quote, notes)
    return "\n".join(lines)


def _source(marker: str, quotation: Quotation, quote: str | None, notes: Notes) -> list[str]:
    indent = " " * (len(marker) + 1)
    where = code(f"{safe_name(quotation.document)}:{quotation.start}-{quotation.end}")
    page = f"page {quotation.page}" if quotation.page else ""
    facts = [where, page, language_name(quotation.language), note_of(quotation, notes).date]
    lines = [f"{marker} **{escape(heading(quotation, notes))}**  ", indent + " · ".join(fact for fact in facts if fact)]
    if quote is not None:
        lines += ["", f"{indent}> {escape(quote)}", ""]
    return lines


def _nearest(quotations: Sequence[Quotation], notes: Notes) -> str:
    lines = ["## Nearest passages (not an answer)", ""]
    for quotation in quotations:
        lines += _source("-", quotation, clip(quotation.quote, _NEAREST_CHARACTERS), notes)
    return "\n".join(lines).rstrip()
