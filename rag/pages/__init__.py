"""A briefing laid out: one A4 page as PDF, HTML or DOCX, and the same content as Markdown and for a terminal.

A format is a function from a ``Sheet``, the words and the order of worth of a page, to a file's content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from rag.briefings import Briefing
from rag.errors import UsageError
from rag.pages.sheet import Sheet
from rag.pages.wording import sheet_of
from rag.rendering.display import count
from rag.rendering.terminal import Look

Format = Literal["pdf", "html", "markdown", "docx", "text"]

_ENDINGS: Mapping[str, Format] = {
    ".pdf": "pdf", ".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown", ".docx": "docx",
    ".txt": "text",
}  # fmt: skip
_NO_LINKS: Mapping[str, str] = MappingProxyType({})

__all__ = ["Format", "Page", "format_of", "render"]


@dataclass(frozen=True, slots=True)
class Page:
    """A file.

    Attributes:
        content: Its bytes, the same for the same briefing.
        left_out: What the page says does not fit on it; "" when everything does.
        warnings: What a reader has to be told besides, one line each.
    """

    content: bytes
    left_out: str = ""
    warnings: tuple[str, ...] = ()


def format_of(name: str) -> Format:
    """The format that a file name asks for by its ending.

    >>> format_of("brief.PDF")
    'pdf'

    Raises:
        UsageError: The ending names no format.
    """
    ending = Path(name).suffix.lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    raise UsageError(f"No format is known for {name!r}.", f"Use one of these endings: {', '.join(_ENDINGS)}, .json")


def render(
    briefing: Briefing,
    format: Format,  # noqa: A002
    *,
    links: Mapping[str, str] = _NO_LINKS,
    look: Look = Look(),  # noqa: B008
) -> Page:
    """The briefing as a file of this format.

    PDF, HTML (in print) and DOCX are one page: what is worth least is left out and counted at its foot. HTML on a
    screen, Markdown and text have everything.

    Args:
        briefing: What to print.
        format: One of "pdf", "html", "markdown", "docx" and "text".
        links: By id of a document, where its file is: an absolute or relative URL.
        look: For "text": what the place of output can show.

    Raises:
        UsageError: The format needs a package that is not installed.
        RagError: The page cannot be set.
    """
    return _RENDERERS[format](sheet_of(briefing, links), look)


def _pdf(sheet: Sheet, _: Look) -> Page:
    from rag.pages.typst import typeset

    page = typeset(sheet)
    return Page(page.content, sheet.left_out[page.order], _unseen(page.missing))


def _unseen(characters: Sequence[str]) -> tuple[str, ...]:
    """What to say of characters that no font draws; nothing when there are none."""
    if not characters:
        return ()
    shown = ", ".join(f"U+{ord(character):04X}" for character in characters[:8])
    more = ", …" if len(characters) > 8 else ""
    told = f"{count(len(characters), 'character')} without a font, printed as □: {shown}{more}."
    return (f"{told} Install a font that has them, e.g. one of the Noto fonts.",)


def _html(sheet: Sheet, _: Look) -> Page:
    from rag.pages.html import html

    content, order = html(sheet)
    return Page(content.encode(), sheet.left_out[order])


def _docx(sheet: Sheet, _: Look) -> Page:
    from rag.pages.docx import docx

    content, order = docx(sheet)
    return Page(content, sheet.left_out[order])


def _markdown(sheet: Sheet, _: Look) -> Page:
    from rag.pages.markdown import markdown

    return Page(markdown(sheet).encode())


def _text(sheet: Sheet, look: Look) -> Page:
    from rag.pages.terminal import terminal

    return Page(terminal(sheet, look).encode())


_RENDERERS: Mapping[Format, Callable[[Sheet, Look], Page]] = {
    "pdf": _pdf, "html": _html, "docx": _docx, "markdown": _markdown, "text": _text,
}  # fmt: skip
