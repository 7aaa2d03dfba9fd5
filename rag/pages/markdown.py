"""Sheet -> CommonMark: headings, lists and a numbered list of sources; whatever documents contain is escaped."""

from __future__ import annotations

from collections.abc import Iterator

from rag.pages.sheet import Line, Section, Sheet, SourceLine
from rag.rendering.markdown import code, escape, escape_inline


def markdown(sheet: Sheet) -> str:
    """The whole briefing as Markdown; ends with a line end."""
    return "\n\n".join(_blocks(sheet)) + "\n"


def _blocks(sheet: Sheet) -> Iterator[str]:
    yield f"# {escape(sheet.title)}"
    if sheet.question:
        yield f"*{escape_inline(sheet.question)}*"
    about = [escape_inline(fact) for fact in sheet.facts]
    yield " · ".join([*about, f"**{escape_inline(sheet.coverage)}**"] if sheet.coverage else about)
    yield f"## {sheet.labels.headings['bottom_line']}"
    yield " ".join(f"**{escape(line.text)}**{_marks(line)}{_remarks(line)}" for line in sheet.bottom_line)
    if sheet.confidence:
        yield " — ".join(escape_inline(part) for part in (sheet.confidence, sheet.reason) if part)
    for section in sheet.sections:
        yield f"## {escape(section.heading)}"
        yield "\n".join(f"- {_words(line, section)}" for line in section.lines)
    if sheet.sources:
        yield f"## {sheet.labels.headings['sources']}"
        yield "\n".join(_source(source) for source in sheet.sources)
    yield f"*{escape_inline(' · '.join(sheet.footer))}*"


def _words(line: Line, section: Section) -> str:
    joint = ": " if section.name in {"disagreements", "timeline"} else " — "
    lead = f"**{escape(line.lead)}**{' ' if line.lead[-1] in '?!:？！' else joint}" if line.lead else ""
    parts = " ↔ ".join(f"{escape(part.text)}{_marks(part)}" for part in line.parts)
    text = escape(line.text) if line.text else ""
    return f"{lead}{text}{_marks(line)}{parts}{_remarks(line)}"


def _marks(line: Line) -> str:
    return f" \\[{', '.join(map(str, line.marks))}\\]" if line.marks else ""


def _remarks(line: Line) -> str:
    told = "; ".join(escape_inline(remark) for remark in (line.support, *line.remarks) if remark)
    warning = f" **({escape_inline(line.warning)})**" if line.warning else ""
    return (f" ({told})" if told else "") + warning


def _source(source: SourceLine) -> str:
    where = code(source.document)
    if source.url:
        where = f"[{where}](<{source.url}>)"
    return " · ".join((f"{source.number}. **{escape(source.title)}**", *map(escape_inline, source.descriptor), where))
