"""What the sections of the page are made of: headings, tables, pills, lists of facts, parts that fold away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag.elements import Markup, join, tag


def section(title: str, lead: str | None, *parts: Markup | None) -> Markup:
    """A section under a heading that links can point at; lead is the sentence below the heading."""
    said = tag("p", lead, class_="soft") if lead else None
    return tag("section", tag("h2", title), said, *parts, id=title.lower().replace(" ", "-"))


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Markup]],
    *,
    numbers: Sequence[int] = (),
    look: str | None = None,
) -> Markup:
    """A table that can be scrolled sideways on a narrow screen.

    Args:
        caption: What it shows.
        heads: Of the columns.
        rows: Cells, each a ``td`` or ``th`` already.
        numbers: Which columns hold numbers, and have their head to the right.
        look: A class of the table.
    """
    top = join(
        tag("th", head, scope="col", class_="number" if column in numbers else None)
        for column, head in enumerate(heads)
    )
    body = join(tag("tr", join(row)) for row in rows)
    whole = tag("table", tag("caption", caption), tag("thead", tag("tr", top)), tag("tbody", body), class_=look)
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)


def number(*parts: str | None) -> Markup:
    """A cell with a number."""
    return tag("td", *parts, class_="number")


def pill(words: str, kind: str) -> Markup:
    """A word or two on a coloured ground; the colour never says more than the words."""
    return tag("span", words, class_=f"pill {kind.replace(' ', '-')}")


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Names with their values."""
    return tag(
        "dl", join(join([tag("dt", name), tag("dd", value, dir="auto")]) for name, value in pairs), class_="facts"
    )


def folded(title: str, *parts: Markup, shut: bool = True) -> Markup:
    """A part that is opened by its title."""
    return tag("details", tag("summary", title), *parts, class_="more", open=not shut)
