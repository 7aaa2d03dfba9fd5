"""HTML and SVG made of values: elements whose text and attributes are escaped, whatever they contain."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

# What HTML forbids as text, what could not be encoded, and what reorders the text beside it (UAX #9).
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_VOID = frozenset({"br", "hr", "input", "meta"})


class Markup(str):
    """Text that is markup already, and is not escaped again. Only ``tag``, ``join`` and fixed text make it."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | float | bool | None) -> Markup:
    """An element; children that are no Markup are escaped, None is left out.

    Args:
        name: Of the element.
        children: What stands in it.
        attributes: "_" in a name stands for "-", one at its end for nothing; True is a bare attribute, None and False
            are none.

    >>> tag("p", "a < b", tag("br"), class_="note", aria_hidden="true")
    '<p class="note" aria-hidden="true">a &lt; b<br></p>'
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    opening = f"<{name}{written}>"
    return Markup(opening if name in _VOID else f"{opening}{join(children)}</{name}>")


def join(parts: Iterable[str | None]) -> Markup:
    """The parts one after the other, those that are no Markup escaped."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts if part is not None))


def escape(text: str) -> Markup:
    r"""The text as HTML shows it: markup escaped, bidirectional controls dropped, forbidden characters U+FFFD.

    >>> escape("<b>\x1b")
    '&lt;b&gt;�'
    """
    return Markup(html.escape(_FORBIDDEN.sub("\ufffd", _BIDI_CONTROLS.sub("", text))))


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(_text(value))}"'


def _text(value: str | float) -> str:
    """Numbers with at most two decimals: pixels need no more."""
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
