"""Sheet -> text for a terminal or a pipe: headings, wrapped entries with hanging indents, a drawn timeline."""

from __future__ import annotations

from collections.abc import Iterator

from rag.pages.cleaning import reads_right_to_left
from rag.pages.sheet import Line, Section, Sheet, SourceLine
from rag.rendering.display import safe_text, wrap
from rag.rendering.terminal import Look

_WIDEST = 100
_GAUGE = ("○○○", "●○○", "●●○", "●●●")


def terminal(sheet: Sheet, look: Look) -> str:
    """The whole briefing as text; ends with a line end."""
    if look.width is not None and look.width > _WIDEST:
        look = Look(_WIDEST, look.colour, look.links)
    return "\n\n".join(_blocks(sheet, look)) + "\n"


def _blocks(sheet: Sheet, look: Look) -> Iterator[str]:
    head = [look.bold(wrap(_shown(sheet.title), look.width))]
    if sheet.question:
        head.append(look.dim(wrap(_shown(sheet.question), look.width)))
    head.append(look.dim(wrap(" · ".join(sheet.facts), look.width)))
    if sheet.coverage:
        coverage = wrap(f"{'✓' if sheet.complete else '!'} {sheet.coverage}", look.width)
        head.append(look.dim(coverage) if sheet.complete else look.warn(coverage))
    yield "\n".join(head)
    yield _bottom_line(sheet, look)
    for section in sheet.sections:
        yield _section(section, look)
    if sheet.sources:
        lines = [look.bold(sheet.labels.headings["sources"]), *(_source(source, look) for source in sheet.sources)]
        yield "\n".join(lines)
    yield look.dim(wrap(" · ".join(sheet.footer), look.width))


def _bottom_line(sheet: Sheet, look: Look) -> str:
    told = " ".join(f"{_shown(line.text)}{_marks(line)}{_remarks(line)}" for line in sheet.bottom_line)
    lines = [look.bold(sheet.labels.headings["bottom_line"]), look.bold(wrap(told, look.width, indent="┃ "))]
    if sheet.confidence:
        told = " — ".join(part for part in (f"{_GAUGE[sheet.level]} {sheet.confidence}", sheet.reason) if part)
        lines.append(look.dim(wrap(told, look.width, indent="┃ ")))
    return "\n".join(lines)


def _section(section: Section, look: Look) -> str:
    entries = _events(section, look) if section.name == "timeline" else (_entry(line, look) for line in section.lines)
    return "\n".join([look.bold(safe_text(section.heading)), *entries])


def _entry(line: Line, look: Look) -> str:
    lead = _lead(line.lead, " — " if line.text else ": ")
    positions = " ↔ ".join(f"{_shown(part.text)}{_marks(part)}" for part in line.parts)
    remarks = "; ".join(remark for remark in (line.support, *line.remarks) if remark)
    told = f"{lead}{_shown(line.text)}{_marks(line)}{positions}{f' ({remarks})' if remarks else ''}{_warning(line)}"
    return _hung("  • ", told, look)


def _events(section: Section, look: Look) -> Iterator[str]:
    for index, line in enumerate(section.lines):
        yield f"  ● {look.bold(_shown(line.lead))}"
        rail = "    " if index + 1 == len(section.lines) else "  │ "
        yield wrap(f"{_shown(line.text)}{_marks(line)}{_remarks(line)}", look.width, indent=rail)


def _source(source: SourceLine, look: Look) -> str:
    told = " · ".join((_shown(source.title), *source.descriptor))
    number = f"[{source.number}]".rjust(4) + " "
    return f"{_hung(number, told, look)}\n     {_linked(look.dim(source.document), source.url, look)}"


def _linked(text: str, url: str, look: Look) -> str:
    """The text as a hyperlink (OSC 8) where such are understood."""
    plain = url.isascii() and url.isprintable()
    return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if look.links and url and plain else text


def _hung(marker: str, text: str, look: Look) -> str:
    return marker + wrap(text, look.width, indent=" " * len(marker))[len(marker) :]


def _lead(lead: str, joint: str) -> str:
    return f"{_shown(lead)}{' ' if lead[-1] in '?!:？！' else joint}" if lead else ""


def _marks(line: Line) -> str:
    return f" [{','.join(map(str, line.marks))}]" if line.marks else ""


def _remarks(line: Line) -> str:
    return (f" ({'; '.join(line.remarks)})" if line.remarks else "") + _warning(line)


def _warning(line: Line) -> str:
    return f" ({line.warning.upper()})" if line.warning else ""


def _shown(text: str) -> str:
    """The text isolated when it reads from right to left."""
    return safe_text(text) if reads_right_to_left(text) else text
