"""Names that differ from language to language, and words that are written with a capital without being a name.

Everything is folded. A name stands for itself under all its forms: "Chine", "chinois" and "Tiongkok" are "china".
"""

from __future__ import annotations

from collections.abc import Iterator

from rag.words import lines

_ENDINGS = ("", "e", "s", "es", "n", "en", "er", "em", "a", "as")


def _names() -> Iterator[tuple[str, str]]:
    """Each form with its name, from lines "name: form, form …"; a form that ends in "~" is inflected."""
    for line in lines("names"):
        name, _, listed = line.partition(":")
        yield name, name
        for form in filter(None, map(str.strip, listed.split(","))):
            endings = _ENDINGS if form.endswith("~") else ("",)
            yield from ((form.rstrip("~") + ending, name) for ending in endings)


NAMES = dict(_names())
"""Form -> the name it stands for."""

ROLES = frozenset(word for line in lines("roles") for word in line.split())
"""Titles: translated freely, so they are not compared."""

INSTITUTIONAL = frozenset(word for line in lines("institutional") for word in line.split())
"""Words of the names of institutions, places and companies that are translated with them."""

OPENERS = frozenset(word for line in lines("openers") for word in line.split())
"""Words that often open a sentence in news and are no names."""
