import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.boilerplate import mark
from rag.metadata import read

SEEDS = Path(__file__).parents[1] / "seeds"
PROSE = (
    "\n\nThe town council has agreed to build a new library on 5 May 2020, after two years of debate.\n\n"
    "Construction will begin in spring of 2022 and cost about four million, the mayor said on March 8, 2021."
)
Found = list[tuple[str, str, str | None]]


def found_in(text: str) -> tuple[str | None, str | None, Found]:
    """Title, author, and the dates as (printed, kind, ISO value)."""
    title, author, dates = read(text, mark(text))
    return title, author, [(date.span.of(text), date.kind, date.value and date.value.isoformat()) for date in dates]


@pytest.mark.parametrize(
    ("number", "title", "author", "dates"),
    [
        ("000", None, None, []),
        ("001", "Microsoft and Xiaomi are partnering to make AI-powered speakers, smartphones, and more", None, []),
        (
            "002",
            "Microsoft, Xiaomi sign collaboration pact for AI, cloud computing services",
            "Mary Jo Foley",
            [("February 23", "updated", None)],
        ),
        ("003", "Xiaomi Microsoft", None, []),
        ("004", None, None, [("24/12/2019", "updated", "2019-12-24")]),
    ],
)
def test_metadata_of_the_seeds(number: str, title: str | None, author: str | None, dates: Found) -> None:
    """What each article says about itself, and nothing else."""
    assert found_in(next(SEEDS.glob(f"{number}_*")).read_bytes().decode()) == (title, author, dates)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            "A new library by the river\nBy Jane Miller | March 3, 2021",
            ("A new library by the river", "Jane Miller", [("March 3, 2021", "published", "2021-03-03")]),
        ),
        (
            "A new library by the river\nMarch 3, 2021",
            ("A new library by the river", None, [("March 3, 2021", "published", "2021-03-03")]),
        ),
        (
            "Une bibliothèque pour la ville\nPar Jean de La Fontaine\nPublié le 3 mars 2021, mis à jour le 4 mars 2021",
            (
                "Une bibliothèque pour la ville",
                "Jean de La Fontaine",
                [("3 mars 2021", "published", "2021-03-03"), ("4 mars 2021", "updated", "2021-03-04")],
            ),
        ),
        (
            "Perpustakaan baru untuk kota\nPenulis: Siti Rahma\nDiterbitkan pada Rabu, 3 Maret 2021",
            ("Perpustakaan baru untuk kota", "Siti Rahma", [("3 Maret 2021", "published", "2021-03-03")]),
        ),
        (
            "Eine neue Bibliothek\nVon Johanna Müller und Karl Weiß\nAktualisiert am 3. März 2021",
            ("Eine neue Bibliothek", "Johanna Müller und Karl Weiß", [("3. März 2021", "updated", "2021-03-03")]),
        ),
        (
            "# A library\n\nPosted by Jane Miller on March 3, 2021",
            ("A library", "Jane Miller", [("March 3, 2021", "published", "2021-03-03")]),
        ),
        (
            "---\ntitle: 'A library'\nauthor: Jane Miller\ndate: 2021-03-03\nupdated: 2021-03-04\n---\n# Other",
            (
                "A library",
                "Jane Miller",
                [("2021-03-03", "published", "2021-03-03"), ("2021-03-04", "updated", "2021-03-04")],
            ),
        ),
        ("Title of it\n===========", ("Title of it", None, [])),
        ("Office memo\nDate: 3 March 2021", ("Office memo", None, [("3 March 2021", "unknown", "2021-03-03")])),
        ("Is it true?", ("Is it true?", None, [])),
    ],
)
def test_metadata_above_an_article(head: str, expected: tuple[str | None, str | None, Found]) -> None:
    """Headlines, bylines, datelines and front matter in several languages; dates of the prose do not count."""
    assert found_in(head + PROSE) == expected


@pytest.mark.parametrize(
    "text",
    [
        PROSE.strip(),
        "By Friday the council had agreed to all of it.\nBy far the largest library is in the south of the town.",
        "Ann: hello there\nBob: hello\nAnn: it was 5 May 2020",
        "Two roads run along the river,\nand one of them is long",
        "Par ailleurs, la bibliothèque ouvrira le 3 mars 2021, dit la maire de la ville.",
        "- a list\n- of things\n- since 3 March 2021",
        "",
        "🎉",
        "It is a truth universally acknowledged, that a single man in possession\nof a good fortune wants a wife.",
    ],
)
def test_nothing_is_invented(text: str) -> None:
    """Prose, chats, poems and lists have no title, no author and no dates of their own."""
    assert found_in(text) == (None, None, [])


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """Dates stand in order inside the text, and a title is a part of it."""
    title, _, dates = read(text, mark(text))
    assert title is None or title in text
    assert all(0 <= date.span.start < date.span.end <= len(text) for date in dates)
    assert [date.span for date in dates] == sorted(date.span for date in dates)
    assert all(date.value is None or isinstance(date.value, datetime.date) for date in dates)
