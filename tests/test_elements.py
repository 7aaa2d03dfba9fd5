"""HTML and SVG made of values."""

from __future__ import annotations

from html.parser import HTMLParser

import evaluated
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.elements import Markup, escape, join, tag


class Reader(HTMLParser):
    """What a browser makes of a piece of HTML: its elements with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


@given(st.text())
def test_whatever_stands_in_an_element_stays_text(text: str) -> None:
    """No text and no attribute adds an element or an attribute."""
    read = Reader(tag("p", text, title=text))
    assert [(name, list(attributes)) for name, attributes in read.elements] == [("p", ["title"])]
    assert read.text == Reader(f"<p>{escape(text)}</p>").text
    tag("p", text).encode()


def test_hostile_text_is_shown_as_it_is() -> None:
    """Markup is escaped, controls are replaced, bidirectional overrides dropped."""
    written = escape(evaluated.HOSTILE)
    assert "<" not in written
    assert '"' not in written
    assert not set("\u202e\u202c\x1b\x00\ud800") & set(written)


def test_markup_is_not_escaped_again() -> None:
    """Elements in elements stay elements, and text beside them is escaped."""
    assert tag("p", tag("b", "<"), "&", None) == "<p><b>&lt;</b>&amp;</p>"
    assert join(["<", Markup("<br>"), None]) == "&lt;<br>"


@pytest.mark.parametrize(
    ("value", "written"),
    [(True, " x"), (False, ""), (None, ""), (3, ' x="3"'), (1 / 3, ' x="0.33"'), (2.0, ' x="2"'), ('"', ' x="&quot;"')],
)
def test_attributes_are_written_by_their_type(value: str | float | bool | None, written: str) -> None:
    """A bare attribute for True, none for False and None, few decimals, quotes escaped."""
    assert tag("i", x=value) == f"<i{written}></i>"
