"""Words that change what a sentence vouches for: negation, hedges of several strengths, and who said it."""

from __future__ import annotations

import functools
import re

from rag.units import whole_words
from rag.words import Table, tables

_TABLES = tables("markers")

LANGUAGES = frozenset({"en", "fr", "id", "de", "es", "zh"})
"""The languages whose markers are known; a text in any other is not judged by them."""

_NOT_NEGATION = _TABLES["not_negation"]
_ONLY_FR = re.compile(r"\b(?:ne|n') ?(?:(?!pas|jamais|plus|rien|aucun)\w+ ){0,3}?qu(?:e\b|')")
_PAS_FR = re.compile(r"\b(?:un|le|ce|premier|grand|petit|des|les|chaque|au|dernier) pas\b")

NEGATION = _TABLES["negation"]
"""Words that negate."""

LEXICAL = _TABLES["lexical"]
"""Words that carry a negation in their meaning."""

POSSIBLE = _TABLES["possible"]
FORECAST = _TABLES["forecast"]
INTENDED = _TABLES["intended"]
FUTURE = _TABLES["future"]
CERTAIN_FUTURE = _TABLES["certain_future"]
"""The part of the words for the future that mean nothing else."""
CONDITIONAL_FR = re.compile(r"\b(?!serait-il)\w+(?:er|ir|dr|tr|vr|ur|oi|au|se|fe)ai(?:t|ent)\b")
"""The French conditional, on text with its accents: what is only said to be so, or would be."""
_NOT_CONDITIONAL_FR = re.compile(r"\w*érait|\w*ntrait|(?:por|re|ex|at|dis|abs)?trait")

REPORTED = _TABLES["reported"]
"""Words by which a source reports what somebody says."""

ALSO_REPORTS = _TABLES["also_reports"]
"""Words that also show in a claim that somebody says it; a source that uses them states the thing itself."""


DENIAL = _TABLES["denial"]
"""Verbs by which a source denies what stands beside them, as firmly as with a negation."""

ABLE = _TABLES["able"]
"""Words that may be hedges; enough in a claim, not asked of one."""


@functools.cache
def _compiled(pattern: str, language: str) -> re.Pattern[str]:
    # Indonesian hangs "it" and "his" on the word: membantahnya.
    return whole_words(
        f"(?:{pattern})(?:nya)?" if language == "id" else pattern
    )  # at the first use: compiling all of them takes 90 ms


def find(table: Table, folded: str, language: str | None) -> list[re.Match[str]]:
    """Where the folded text has a word of the table, in order; none in a language that the table lacks.

    Where the language is unknown, the tables of English, French and Indonesian count.
    """
    codes = ("en", "fr", "id") if language is None else (language,) if language in table else ()
    found = [match for code in codes for match in _compiled(table[code], code).finditer(folded)]
    return sorted(found, key=lambda match: match.start())


def negations(folded: str, language: str | None) -> list[re.Match[str]]:
    """Where folded text negates; "not only", "ne … que" and the like are no negation."""
    for match in find(_NOT_NEGATION, folded, language):
        folded = _blanked(folded, match)
    if language in {"fr", None}:
        for pattern in (_ONLY_FR, _PAS_FR):
            for match in pattern.finditer(folded):
                folded = _blanked(folded, match)
    return find(NEGATION, folded, language)


def _blanked(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + "\0" * len(match.group()) + text[match.end() :]


def is_conditional_fr(text: str) -> bool:
    """Whether French text, accents kept, has a verb in the conditional."""
    return any(not _NOT_CONDITIONAL_FR.fullmatch(match.group()) for match in CONDITIONAL_FR.finditer(text.lower()))
