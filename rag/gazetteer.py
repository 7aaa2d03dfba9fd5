"""Names that differ from language to language, and words that are written with a capital without being a name.

Everything is folded. A name stands for itself under all its forms: "Chine", "chinois" and "Tiongkok" are "china".
"""

from __future__ import annotations

from rag.words import lines

_ENDINGS = ("", "e", "s", "es", "n", "en", "er", "em", "a", "as")


def _read() -> tuple[dict[str, str], set[str]]:
    """Each form with its name, and the forms that are names only with a capital.

    A line is "name: form, form …"; a form that ends in "~" is an adjective or the like, which is inflected and may be
    written small. The places are those of Unicode CLDR (territories and the cities of time zones) in our six
    languages; one that the first list has under another name goes by that.
    """
    found: dict[str, str] = {}
    inflected: set[str] = set()
    for line in (*lines("names"), *lines("places")):
        name, _, listed = line.partition(":")
        forms = [name, *filter(None, map(str.strip, listed.split(",")))]
        name = next((found[form] for form in forms if form in found), name)
        for form in forms:
            inflections = [form.rstrip("~") + ending for ending in _ENDINGS] if form.endswith("~") else []
            inflected.update(inflections)
            for each in inflections or [form]:
                found.setdefault(each, name)
    return found, {form for form in found if form.isalpha() and form not in inflected}


NAMES, CAPITALISED = _read()
"""Form -> the name it stands for; and the forms of one word that count only with a capital ("Turkey", "Réunion")."""

ROLES = frozenset(word for line in lines("roles") for word in line.split())
"""Titles: translated freely, so they are not compared."""

INSTITUTIONAL = frozenset(word for line in lines("institutional") for word in line.split())
"""Words of the names of institutions, places and companies that are translated with them."""

OPENERS = frozenset(word for line in lines("openers") for word in line.split())
"""Words that often open a sentence in news and are no names."""
