"""Sheet -> Word document of one A4 page with real headings, lists and links; the same bytes for the same sheet.

Word lays it out with the fonts it has, so that what fits is estimated (``rag.pages.estimate``).
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

from rag.errors import UsageError
from rag.pages.estimate import Measures, fitting_order, printed, remaining
from rag.pages.sheet import Line, Section, Sheet, SourceLine

_MARGIN = 42.0
# Calibri, or Carlito in its place, is narrower than most; Arial still fits in the points that stay free.
_MEASURES = Measures(
    width=595 - 2 * _MARGIN, height=842 - 2 * _MARGIN, size=9.5, leading=1.22, between=1.5, gap=6, letters=0.93
)
_INK, _QUIET, _ACCENT, _ALERT, _TINT = "17202B", "566270", "12507F", "8F4400", "EEF4FA"
_FONT, _FONT_ASIA = "Calibri", "Microsoft YaHei"


def docx(sheet: Sheet) -> tuple[bytes, int]:
    """The page as a Word document, and the lowest order of the lines that it prints.

    Raises:
        UsageError: python-docx is not installed.
    """
    try:
        from docx import Document
    except ImportError as error:
        raise UsageError("Writing a Word document needs python-docx.", "Run: pip install 'spanwise[docx]'") from error
    order = fitting_order(sheet, _MEASURES)
    writer = _Writer(Document(), sheet, order)
    writer.write()
    buffer = io.BytesIO()
    writer.document.save(buffer)
    return _timeless(buffer.getvalue()), order


def _timeless(content: bytes) -> bytes:
    """The archive without the time of day in its entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


class _Writer:
    """One document: python-docx's object, the sheet, and the lowest order of the lines that are printed."""

    def __init__(self, document: Any, sheet: Sheet, order: int) -> None:
        self.document = document
        self._sheet = sheet
        self._order = order

    def write(self) -> None:
        """The whole page."""
        self._properties()
        self._styles()
        self._head()
        self._bottom_line()
        for section in printed(self._sheet.sections, self._order):
            self._section(section)
        self._sources()
        self._footer()

    def _properties(self) -> None:
        sheet, core, page = self._sheet, self.document.core_properties, self.document.sections[0]
        midnight = dt.datetime.combine(dt.date.fromisoformat(sheet.date), dt.time(), tzinfo=dt.UTC)
        core.title, core.language, core.author, core.comments = sheet.title, sheet.labels.language, "", ""
        core.created = core.modified = midnight
        core.last_modified_by, core.revision = "", 1
        page.page_width, page.page_height = _points(595.3), _points(841.9)
        page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = _points(_MARGIN)
        page.footer_distance = page.header_distance = _points(20)

    def _styles(self) -> None:
        size, gap = _MEASURES.size, _MEASURES.gap
        for name, points, above, below in (
            ("Normal", size, 0, 1.5), ("Title", 20, 0, 2), ("Heading 1", size * 1.15, gap, 1.5),
            ("List Bullet", size, 0, 1.5), ("List Number", size * 0.84, 0, 1), ("Quote", size, 0, 1.5),
        ):  # fmt: skip
            self._style(name, points, above, below, heading=name in {"Title", "Heading 1"})
        self.document.styles["Quote"].paragraph_format.left_indent = _points(12)

    def _style(self, name: str, points: float, above: float, below: float, *, heading: bool) -> None:
        from docx.oxml.ns import qn
        from docx.shared import RGBColor

        style = self.document.styles[name]
        style.font.name, style.font.bold, style.font.italic = _FONT, heading, False
        style.font.cs_bold = heading
        _size(style, points)
        style.font.color.rgb = RGBColor.from_string(_ACCENT if name == "Heading 1" else _INK)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(attribute), None)
        fonts.set(qn("w:eastAsia"), _FONT_ASIA)
        fonts.set(qn("w:cs"), "Arial")
        layout = style.paragraph_format
        layout.space_before, layout.space_after, layout.line_spacing = _points(above), _points(below), 1.0
        if name == "Title":
            for border in style.element.pPr.findall(qn("w:pBdr")):
                style.element.pPr.remove(border)

    def _head(self) -> None:
        sheet = self._sheet
        self._text(self._paragraph("Title", sheet.title), sheet.title)
        if sheet.question:
            self._text(self._paragraph("Normal", sheet.question), sheet.question, colour=_QUIET)
        about = self._paragraph("Normal")
        self._text(about, " · ".join(sheet.facts), colour=_QUIET, size=0.84)
        if sheet.coverage:
            colour = _ACCENT if sheet.complete else _ALERT
            self._text(about, f" · {sheet.coverage}", colour=colour, size=0.84, bold=True)

    def _bottom_line(self) -> None:
        sheet = self._sheet
        self._heading(sheet.labels.headings["bottom_line"])
        for line in sheet.bottom_line:
            paragraph = self._paragraph("Normal", line.text)
            _shade(paragraph)
            self._text(paragraph, line.text, language=line.language, bold=True, size=1.1)
            self._marks(paragraph, line)
            self._remarks(paragraph, line)
        if sheet.confidence:
            paragraph = self._paragraph("Normal")
            _shade(paragraph)
            self._text(paragraph, sheet.confidence, bold=True, size=0.9)
            self._text(paragraph, f" — {sheet.reason}" if sheet.reason else "", colour=_QUIET, size=0.9)

    def _section(self, section: Section) -> None:
        self._heading(section.heading)
        for line in section.lines:
            paragraph = self._paragraph("Quote" if section.name == "sayings" else "List Bullet", line.text or line.lead)
            joint = " " if line.lead[-1:] in tuple("?!:？！") else ": " if line.parts else " — "
            if line.lead:
                self._text(paragraph, line.lead, bold=True)
                self._text(paragraph, joint)
            self._text(paragraph, line.text, language=line.language)
            self._marks(paragraph, line)
            for index, part in enumerate(line.parts):
                self._text(paragraph, " ↔ " if index else "", colour=_ACCENT)
                self._text(paragraph, part.text, language=part.language)
                self._marks(paragraph, part)
            self._remarks(paragraph, line)

    def _sources(self) -> None:
        sources = remaining(self._sheet.sources, self._order)
        if sources:
            self._heading(self._sheet.labels.headings["sources"])
        for source in sources:
            self._source(source)

    def _source(self, source: SourceLine) -> None:
        paragraph = self._paragraph("Normal")
        paragraph.paragraph_format.left_indent = _points(18)
        paragraph.paragraph_format.first_line_indent = _points(-18)
        paragraph.paragraph_format.space_after = _points(1)
        _bookmark(paragraph, source.number)
        self._text(paragraph, f"[{source.number}]\t", colour=_ACCENT, size=0.84)
        self._text(paragraph, source.title, language=source.language, size=0.84)
        self._text(paragraph, " · ".join(("", *source.descriptor, "")), colour=_QUIET, size=0.84)
        target = _link(paragraph, url=source.url) if source.url else paragraph._p
        self._run(target, source.document, colour=_ACCENT, size=0.84)

    def _footer(self) -> None:
        paragraph = self._paragraph("Normal")
        paragraph.paragraph_format.space_before = _points(_MEASURES.gap)
        told = " · ".join(part for part in (self._sheet.left_out[self._order], *self._sheet.footer) if part)
        self._text(paragraph, told, colour=_QUIET, size=0.8)

    def _heading(self, text: str) -> None:
        self._text(self._paragraph("Heading 1", text), text)

    def _paragraph(self, style: str, text: str = "") -> Any:
        from docx.oxml import OxmlElement

        paragraph = self.document.add_paragraph(style=style)
        if Line(text, "").right_to_left:
            paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
        return paragraph

    def _marks(self, paragraph: Any, line: Line) -> None:
        listed = {source.number for source in remaining(self._sheet.sources, self._order)}
        for index, number in enumerate(line.marks):
            if index:
                self._run(paragraph._p, ",", colour=_ACCENT, raised=True)
            target = _link(paragraph, anchor=f"source{number}") if number in listed else paragraph._p
            self._run(target, str(number), colour=_ACCENT, raised=True)

    def _remarks(self, paragraph: Any, line: Line) -> None:
        told = "; ".join(remark for remark in (line.support, *line.remarks) if remark)
        # U+200E keeps "(2 independent)" in order among words that read from right to left.
        self._text(paragraph, f" (\u200e{told}\u200e)" if told else "", colour=_QUIET, size=0.84)
        self._text(paragraph, f" ({line.warning})" if line.warning else "", colour=_ALERT, size=0.84, bold=True)

    def _text(
        self, paragraph: Any, text: str, *, language: str = "", colour: str = "", size: float = 0.0, bold: bool = False
    ) -> None:
        if text:
            self._run(paragraph._p, text, language=language, colour=colour, size=size, bold=bold)

    def _run(
        self, parent: Any, text: str, *, language: str = "", colour: str = "", size: float = 0.0, bold: bool = False,
        raised: bool = False,
    ) -> None:  # fmt: skip
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn
        from docx.shared import RGBColor
        from docx.text.run import Run

        element = OxmlElement("w:r")
        parent.append(element)
        run = Run(element, self.document._body)
        run.text = text
        if bold:
            run.bold = run.font.cs_bold = True
        if raised:
            run.font.superscript = True
        if colour:
            run.font.color.rgb = RGBColor.from_string(colour)
        if size:
            _size(run, _MEASURES.size * size)
        if Line(text, "").right_to_left:
            run.font.rtl = True
        if language:
            tag = OxmlElement("w:lang")
            for attribute in ("w:val", "w:eastAsia", "w:bidi"):
                tag.set(qn(attribute), language)
            element.get_or_add_rPr().append(tag)


def _points(value: float) -> Any:
    from docx.shared import Pt

    return Pt(round(value * 2) / 2)


def _size(styled: Any, points: float) -> None:
    """Set the size of letters, of Arabic and other complex scripts, too."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    styled.font.size = _points(points)
    properties = styled.element.get_or_add_rPr()
    for old in properties.findall(qn("w:szCs")):
        properties.remove(old)
    size = OxmlElement("w:szCs")
    size.set(qn("w:val"), str(styled.font.size.pt * 2).removesuffix(".0"))
    properties.find(qn("w:sz")).addnext(size)


def _shade(paragraph: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for attribute, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", _TINT)):
        shade.set(qn(attribute), value)
    properties = paragraph._p.get_or_add_pPr()
    properties.append(shade)


def _bookmark(paragraph: Any, number: int) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for name in ("w:bookmarkStart", "w:bookmarkEnd"):
        mark = OxmlElement(name)
        mark.set(qn("w:id"), str(number))
        if name == "w:bookmarkStart":
            mark.set(qn("w:name"), f"source{number}")
        paragraph._p.append(mark)


def _link(paragraph: Any, *, url: str = "", anchor: str = "") -> Any:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    link = OxmlElement("w:hyperlink")
    if url:
        link.set(qn("r:id"), paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    else:
        link.set(qn("w:anchor"), anchor)
    paragraph._p.append(link)
    return link
