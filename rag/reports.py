"""What the housekeeping commands show: the work of a sync, the state of an index, rechecked quotations, checks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rag.rendering import answer_object, hit_object
from rag.rendering.display import clip, count, language_name, safe_name, safe_text, wrap

if TYPE_CHECKING:
    from rag.answers import Usage
    from rag.batch import Question
    from rag.doctor import Check
    from rag.documents import Filter
    from rag.index import Index
    from rag.recheck import Report
    from rag.rendering import Look
    from rag.syncing import SyncReport
    from rag.workspace import Workspace

Line = dict[str, Any]

_LISTED = 20
_MARKS = {"right": "ok", "note": "note", "wrong": "WRONG"}


def answer_line(workspace: Workspace, question: Question, k: int | None, wanted: Filter) -> Line:
    """The answer to a question of a batch, as ``answer/1``; errors as for ``Workspace.ask``."""
    wanted = workspace.narrowed(wanted, question.documents)
    answer = workspace.ask(question.text, k=k, filter=wanted, language=question.language)
    return {**answer_object(answer), "question": question.text}


def search_line(workspace: Workspace, question: Question, k: int | None, wanted: Filter) -> Line:
    """The passages for a question of a batch; errors as for ``Workspace.search``."""
    wanted = workspace.narrowed(wanted, question.documents)
    hits = workspace.search(question.text, k=k, filter=wanted, language=question.language)
    return {"question": question.text, "hits": [hit_object(hit) for hit in hits]}


def usage_text(usage: Usage) -> str:
    """What models consumed, on one line."""
    if not usage.requests:
        return "Usage: no model was asked."
    cached = f" ({usage.cached_tokens:,} from the cache)" if usage.cached_tokens else ""
    about = "about " if usage.estimated else ""
    cost = "cost unknown: no price of the model is known" if usage.cost is None else f"{usage.cost:.6f} USD"
    return (
        f"Usage: {count(usage.requests, 'request')}, {about}{usage.input_tokens:,} tokens read{cached} and "
        f"{usage.output_tokens:,} written, {usage.seconds:.1f} s, {cost}."
    )


def sync_text(report: SyncReport) -> str:
    """What was added, changed, renamed and removed, at most 20 names of each, and the figures."""
    renamed = [f"{old} -> {new}" for old, new in report.renamed]
    lines: list[str] = []
    for sign, names in (("+", report.added), ("~", report.changed), (">", renamed), ("-", report.removed)):
        lines += [f"{sign} {safe_name(name)}" for name in names[:_LISTED]]
        if len(names) > _LISTED:
            lines.append(f"{sign} and {len(names) - _LISTED:,} more")
    counts = {
        "added": len(report.added),
        "changed": len(report.changed),
        "renamed": len(renamed),
        "removed": len(report.removed),
        "unchanged": report.unchanged,
        "failed": len(report.failed),
    }
    figures = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "nothing to index"
    return (
        "\n".join([*lines, f"{figures}; {count(report.chunks, 'passage')} embedded in {report.seconds:.1f} s"]) + "\n"
    )


def status_object(index: Index) -> dict[str, Any]:
    """The state of an index and its differences from the files as a JSON object."""
    status, changes = index.status(), index.changes()
    fields = dataclasses.asdict(status)
    paths = {"home": str(status.home), "roots": [str(root) for root in status.roots]}
    fields |= paths | {"published": status.published.isoformat(timespec="seconds")}
    documents = [{"id": source.id, "language": source.language, "title": source.title} for source in index.sources()]
    return {**fields, "changes": dataclasses.asdict(changes), "sources": documents}


def status_text(status: dict[str, Any], look: Look) -> str:
    """The state of an index for people, from its JSON object."""
    languages = ", ".join(f"{language_name(code)} {count:,}" for code, count in status["languages"].items())
    changes = ", ".join(f"{len(ids)} {word}" for word, ids in status["changes"].items() if ids)
    rows = [
        ("Index", f"{safe_name(status['home'])} ({status['size_bytes'] / 1e6:.1f} MB)"),
        ("Roots", ", ".join(safe_name(root) for root in status["roots"])),
        ("Documents", f"{status['documents']:,} ({count(status['chunks'], 'passage')})"),
        ("Languages", languages or "none"),
        ("Embedder", status["embedder"]),
        ("Chunker", status["chunker"]),
        ("Vectors", status["vectors"]),
        ("Published", status["published"]),
        ("Changes since", f"{changes}; run: rag index" if changes else "none"),
    ]
    lines = [*_table(rows, look), "", *_documents(status["sources"], look)]
    return "\n".join(lines) + "\n"


def _documents(sources: Sequence[dict[str, Any]], look: Look) -> Iterable[str]:
    for source in sources[:_LISTED]:
        title = f" · {clip(safe_text(source['title']), 90)}" if source["title"] else ""
        yield safe_name(source["id"]) + look.dim(f" · {language_name(source['language'])}{title}")
    if len(sources) > _LISTED:
        yield f"and {len(sources) - _LISTED:,} more (all of them: rag status --json)"


def recheck_object(report: Report) -> dict[str, Any]:
    """The verdicts as a JSON object."""
    counts = {str(state): count for state, count in report.counts.items()}
    spans = [_verdict_object(one) for one in report.verdicts]
    altered = {"altered": list(report.altered)} if report.altered else {}
    return {"ok": report.holds, **counts, **altered, "spans": spans}


def _verdict_object(verdict: Any) -> dict[str, Any]:
    fields: dict[str, Any] = dataclasses.asdict(verdict)
    found = fields.pop("found")
    if found:
        fields["found"] = dict(zip(("document", "start", "end"), found, strict=True))
    return fields


def recheck_text(report: Report, look: Look) -> str:
    """The verdicts for people: one line for each quotation, what is wrong below it, and a summary."""
    lines: list[str] = []
    for one in report.verdicts:
        state = one.state if one.state in {"intact", "moved"} else look.warn(one.state)
        lines.append(
            f"{state}{' ' * (8 - len(one.state))}{safe_name(f'{one.document}:{one.start}-{one.end}')} ({one.place})"
        )
        if one.found:
            document, start, end = one.found
            lines.append(f"        now {safe_name(document)}:{start}-{end}: {one.reason}")
        elif one.reason:
            lines.append(f"        {safe_name(one.reason)}")
        if not one.found and one.state != "intact":
            lines.append(look.dim(wrap(f"“{clip(safe_text(one.quote), 200)}”", look.width, indent="        ")))
    if report.altered:
        names = ", ".join(safe_name(name) for name in report.altered)
        lines.append(f"Sources gone or changed since the briefing was written: {names}")
    counted = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count)
    return "\n".join([*lines, look.bold(counted or "The answer has no quotations to check.")]) + "\n"


def checks_object(checks: Sequence[Check]) -> dict[str, Any]:
    """The checks as a JSON object."""
    wrong = any(check.state == "wrong" for check in checks)
    return {"ok": not wrong, "checks": [dataclasses.asdict(check) for check in checks]}


def checks_text(checks: Sequence[Check], look: Look) -> str:
    """The checks for people, hints below what needs one, and a summary."""
    width = max(len(check.name) for check in checks)
    lines: list[str] = []
    for check in checks:
        mark = _MARKS[check.state].ljust(6)
        shown = look.warn(mark) if check.state == "wrong" else look.dim(mark)
        lines.append(f"{shown}{check.name.ljust(width)}  {safe_name(check.detail)}")
        if check.hint:
            lines.append(f"{' ' * (width + 8)}Hint: {check.hint}")
    wrong = sum(check.state == "wrong" for check in checks)
    lines.append(look.bold("All is well." if not wrong else f"{wrong} to put right."))
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[tuple[str, str]], look: Look) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"{look.bold(name)}{' ' * (width - len(name))}  {value}" for name, value in rows]
