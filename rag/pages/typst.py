"""Sheet -> PDF: one tagged A4 page (PDF/UA-1) set by typst, which measures what fits.

The fonts of ``rag/pages/fonts`` come first and suffice for most text, so that the same briefing gives the same bytes
on every machine; fonts of the system are read only for a character that these lack.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import RagError, UsageError
from rag.pages.cleaning import STAND_IN, reads_right_to_left
from rag.pages.estimate import remaining
from rag.pages.sheet import Line, Sheet, SourceLine

if TYPE_CHECKING:
    import typst

_TEMPLATE = Path(__file__).with_name("briefing.typ")
_FONTS = Path(__file__).with_name("fonts")
# typst 0.15: the text `"…"` could not be displayed with font `"…"`; the text is written as a Rust string literal.
_MISSING = re.compile(r'the text `"((?:[^"\\]|\\.)+)"` could not be displayed')
_PROBE = b'#set document(title: "-")\n#set text(font: "Spanwise Sans")\n#sys.inputs.characters'
_CODE_POINT = re.compile(r"\\u\{([0-9a-f]+)\}")


@dataclass(frozen=True, slots=True)
class Typeset:
    """A page.

    Attributes:
        content: The PDF.
        order: The lowest order of the lines that it prints; 0 when all fit.
        missing: Characters that no font draws; the page has "□" for each.
    """

    content: bytes
    order: int
    missing: tuple[str, ...] = ()


def typeset(sheet: Sheet) -> Typeset:
    """The page as PDF; the same bytes for the same sheet as long as the fonts of the package suffice.

    Raises:
        UsageError: typst is not installed.
        RagError: typst refuses the page.
    """
    data = json.dumps(_data(sheet), ensure_ascii=False)
    lacking = _undrawn("".join(sorted(set(data))), system_fonts=False)
    missing = _undrawn(lacking, system_fonts=True) if lacking else ""
    data = data.translate({ord(character): STAND_IN for character in missing})
    content, order = _compiled(data, sheet.date, system_fonts=lacking != missing)
    return Typeset(content, order + sheet.first_order, tuple(missing))


def _undrawn(characters: str, *, system_fonts: bool) -> str:
    """Those of the characters that no font has, in their order: PDF/UA-1 refuses them, one by one."""
    typst = _library()
    compiler = typst.Compiler(_PROBE, font_paths=_fonts(system_fonts), sys_inputs={"characters": " ".join(characters)})
    try:
        compiler.compile(format="pdf", pdf_standards=["ua-1"])
    except typst.TypstError as error:
        texts = _MISSING.findall(error.diagnostic)
        missing = {character for text in texts for character in _CODE_POINT.sub(_unescaped, text)}
        if not missing:
            raise RagError(f"The page cannot be set: {error.message}") from error
        return "".join(character for character in characters if character in missing)
    return ""


def _unescaped(code: re.Match[str]) -> str:
    return chr(int(code[1], 16))


def _compiled(data: str, date: str, *, system_fonts: bool) -> tuple[bytes, int]:
    """The PDF, and the lowest order of the lines on it."""
    typst = _library()
    compiler = typst.Compiler(
        str(_TEMPLATE), root=str(_TEMPLATE.parent), font_paths=_fonts(system_fonts), sys_inputs={"sheet": data}
    )
    midnight = dt.datetime.combine(dt.date.fromisoformat(date), dt.time(), tzinfo=dt.UTC)
    try:
        content: bytes = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=midnight)
        return content, json.loads(compiler.query("<order>", field="value", one=True))
    except typst.TypstError as error:
        raise RagError(f"The page cannot be set: {error.message}") from error


def _library() -> Any:
    try:
        import typst
    except ImportError as error:
        raise UsageError("Writing a PDF needs typst.", "Run: pip install 'spanwise[pdf]'") from error
    return typst


@cache
def _fonts(system_fonts: bool) -> typst.Fonts:
    fonts: typst.Fonts = _library().Fonts(
        include_system_fonts=system_fonts, include_embedded_fonts=False, font_paths=[str(_FONTS)]
    )
    return fonts


def _data(sheet: Sheet) -> dict[str, Any]:
    """What the template reads; its orders count from ``first_order``."""
    first = sheet.first_order
    return {
        "language": sheet.labels.language,
        "headings": {name: sheet.labels.headings[name] for name in ("bottom_line", "sources")},
        "title": sheet.title,
        "question": sheet.question,
        "question_rtl": reads_right_to_left(sheet.question),
        "facts": sheet.facts,
        "coverage": sheet.coverage,
        "complete": sheet.complete,
        "bottom": [_line(line) for line in sheet.bottom_line],
        "confidence": sheet.confidence,
        "level": sheet.level,
        "reason": sheet.reason,
        "sections": [
            {
                "name": section.name,
                "heading": section.heading,
                "lines": [_line(line, first) for line in remaining(section.lines, first)],
            }
            for section in sheet.sections
        ],
        "sources": [_source(source, first) for source in remaining(sheet.sources, first)],
        "footer": sheet.footer,
        "left_out": sheet.left_out[first:],
        "date": [int(part) for part in sheet.date.split("-")],
    }


def _line(line: Line, first: int = 0) -> dict[str, Any]:
    return {
        "lead": line.lead,
        "text": line.text,
        "language": line.language,
        "rtl": line.right_to_left,
        "marks": line.marks,
        "remarks": line.remarks,
        "support": line.support,
        "warning": line.warning,
        "parts": [_line(part) for part in line.parts],
        "order": None if line.order is None else line.order - first,
    }


def _source(source: SourceLine, first: int) -> dict[str, Any]:
    return {
        "number": source.number,
        "document": source.document,
        "url": source.url,
        "title": source.title,
        "language": source.language,
        "descriptor": source.descriptor,
        "order": None if source.order is None else source.order - first,
    }
