"""Markdown is made plain without moving a character, and quotations are found."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.markup import is_heading, plain, quotations


@given(st.text(alphabet='ab*_`[]()<>#|~!^-\n "“”«»1.:/', max_size=80))
def test_nothing_moves(text: str) -> None:
    """As many characters, and the same line ends at the same places."""
    made = plain(text)
    assert len(made) == len(text)
    assert [place for place, mark in enumerate(made) if mark == "\n"] == [
        place for place, mark in enumerate(text) if mark == "\n"
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**Bold** and *thin* and `code` and ~~gone~~", "Bold and thin and code and gone"),
        ("A [link](http://a.b/c) and ![image](x.png).", "A link and ."),
        ("Said so [1], and [2.4] so [^3].", "Said so , and so ."),
        ("See https://a.b/c?d=e now", "See now"),
        ("a snake_case_word", "a snake_case_word"),
        ("<b>Bold</b> 5 < 6 > 4", "Bold 5 < 6 > 4"),
        ("One\n```\nx = 1\n```\nTwo", "One Two"),
        ("---\ntitle: x\n---\nText", "Text"),
        ("One <!-- two --> three", "One three"),
        ("| a | b |", "a b"),
    ],
)
def test_what_markdown_adds_is_left_out(text: str, words: str) -> None:
    """The words of links stay; code, images, addresses, comments and citation marks go."""
    assert " ".join(plain(text).split()) == words


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('He said "so it is" and left.', ["so it is"]),
        ("Il a dit « c’est ainsi » hier.", [" c’est ainsi "]),
        ("Er sagte „so ist es“ gestern.", ["so ist es"]),
        ("他说「这是真的的的的的」。", ["这是真的的的的的"]),
        ("“One two” and “three four”", ["One two", "three four"]),
        ('A "word" is no quotation.', []),
        ('Never "closed here', []),
        ("> Quoted by a line\nnot this", ["Quoted by a line"]),
    ],
)
def test_quotations_of_two_words_or_more_are_found(text: str, quoted: list[str]) -> None:
    """Between English, French, German and Chinese marks, and after ">"."""
    assert [span.of(text) for span in quotations(text)] == quoted


def test_headings_are_told_from_sentences() -> None:
    """With "#" or underlined."""
    text = "# One\nTwo\n===\nThree\n"
    assert [is_heading(text, text.index(word)) for word in ("One", "Two", "Three")] == [True, True, False]


@pytest.mark.parametrize("piece", ["[", "*a", '"', "<a", "```\n", "> ", "“", "[1", "<!--", "`"])
def test_time_grows_linearly(piece: str) -> None:
    """Also for text made to be slow."""
    times = []
    for count in (5_000, 20_000):
        text = piece * count
        started = time.process_time()
        list(quotations(plain(text)))
        times.append(time.process_time() - started)
    assert times[1] < 8 * times[0] + 0.3
