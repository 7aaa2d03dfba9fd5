"""What ``rag check`` shows: the sentences of a text with what the sources say to them, for people and as JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

from rag.answers import Quotation
from rag.checking import Checked, CheckReport
from rag.rendering import Look
from rag.rendering.display import clip, count, language_name, safe_name, safe_text, wrap

SCHEMA_NAME = "check/1"

_QUOTED_CHARACTERS = 300
_REASON_CHARACTERS = 600


def check_object(report: CheckReport) -> dict[str, Any]:
    """The report as a JSON object: "ok", a count for each state, the sentences with evidence, and unreadable files."""
    return {
        "schema": SCHEMA_NAME,
        "ok": report.holds,
        "documents": report.documents,
        **{state.replace(" ", "_"): number for state, number in report.counts.items()},
        "sentences": [_sentence(sentence) for sentence in report.sentences],
        "unreadable": [{"document": name, "reason": reason} for name, reason in report.unreadable],
    }


def _sentence(sentence: Checked) -> dict[str, Any]:
    fields = {name: getattr(sentence, name) for name in ("start", "end", "text", "state", "reason")}
    return {**fields, "evidence": [_evidence(quotation) for quotation in sentence.evidence]}


def _evidence(quotation: Quotation) -> dict[str, Any]:
    optional = ("title", "page", "answer")
    return {name: value for name, value in dataclasses.asdict(quotation).items() if value or name not in optional}


def check_text_report(report: CheckReport, look: Look) -> str:
    """The report for people: each sentence with its state, why, and where the sources speak of it; then a summary."""
    blocks = ["\n".join(_block(sentence, look)) for sentence in report.sentences if sentence.state != "no statement"]
    blocks += [look.warn(f"unreadable    {safe_name(name)}: {safe_name(reason)}") for name, reason in report.unreadable]
    counted = ", ".join(f"{number} {state}" for state, number in report.counts.items() if number)
    summary = look.bold(f"{counted}; {count(report.documents, 'source')} read.")
    return "\n\n".join([*blocks, summary]) + "\n"


def _block(sentence: Checked, look: Look) -> list[str]:
    label = sentence.state.ljust(14)
    head = wrap(safe_text(sentence.text), look.width, indent=" " * 14)[14:]
    lines = [(label if sentence.state == "supported" else look.warn(label)) + head]
    if sentence.reason:
        lines.append(wrap(clip(safe_text(sentence.reason), _REASON_CHARACTERS), look.width, indent=" " * 14))
    for quotation in sentence.evidence:
        place = f"{safe_name(quotation.document)}:{quotation.start}-{quotation.end}"
        near = "nearest: " if sentence.state == "not found" else ""
        lines.append(f"{' ' * 14}{look.dim(f'{near}{place} · {language_name(quotation.language)}')}")
        quote = clip(safe_text(quotation.quote), _QUOTED_CHARACTERS)
        lines.append(look.dim(wrap(f"“{quote}”", look.width, indent=" " * 14)))
    return lines
