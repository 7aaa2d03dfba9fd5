"""How sure a bottom line is, and why: counted from origins, contradictions and gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.briefings import ConfidenceLevel, Disagreement, Gap, Statement

_MANY = 3

_WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "origins": ("it rests on 1 independent origin", "it rests on {} independent origins"),
        "of": ("of 1 read", "of {} read"),
        "contradictions": ("1 contradiction between sources", "{} contradictions between sources"),
        "scope": ("1 difference of scope or emphasis", "{} differences of scope or emphasis"),
        "gaps": ("1 matter left open", "{} matters left open"),
    },
    "fr": {
        "origins": ("elle repose sur 1 origine indépendante", "elle repose sur {} origines indépendantes"),
        "of": ("sur 1 lue", "sur {} lues"),
        "contradictions": ("1 contradiction entre les sources", "{} contradictions entre les sources"),
        "scope": ("1 différence de portée ou d’insistance", "{} différences de portée ou d’insistance"),
        "gaps": ("1 point reste ouvert", "{} points restent ouverts"),
    },
    "id": {
        "origins": ("bertumpu pada 1 asal independen", "bertumpu pada {} asal independen"),
        "of": ("dari 1 yang dibaca", "dari {} yang dibaca"),
        "contradictions": ("1 pertentangan antarsumber", "{} pertentangan antarsumber"),
        "scope": ("1 perbedaan cakupan atau penekanan", "{} perbedaan cakupan atau penekanan"),
        "gaps": ("1 hal belum terjawab", "{} hal belum terjawab"),
    },
}


def assess(
    statements: Sequence[Statement],
    disagreements: Sequence[Disagreement],
    gaps: Sequence[Gap],
    *,
    origins: int,
    language: str,
) -> tuple[ConfidenceLevel, str]:
    """How sure the statements are, and the reason as one line in English, French or Indonesian.

    High: each has three independent origins or more, and sources contradict each other on nothing. Low: none has more
    than one. Moderate otherwise.

    Args:
        statements: The bottom line; not empty.
        disagreements: Of the whole page.
        gaps: Of the whole page.
        origins: How many independent origins were read.
        language: "en", "fr" or "id".
    """
    contradictions = sum(each.kind == "contradiction" for each in disagreements)
    least, most = min(each.origins for each in statements), max(each.origins for each in statements)
    level: ConfidenceLevel = "moderate"
    if least >= _MANY and not contradictions and all(each.verified for each in statements):
        level = "high"
    elif most < 2:
        level = "low"
    words = _WORDS[language]
    said = [f"{_counted(words['origins'], most)} {_counted(words['of'], origins)}"]
    for name, count in (
        ("contradictions", contradictions),
        ("scope", len(disagreements) - contradictions),
        ("gaps", len(gaps)),
    ):
        said += [_counted(words[name], count)] if count else []
    return level, "; ".join(said)


def _counted(forms: tuple[str, str], count: int) -> str:
    return (forms[0] if count == 1 else forms[1]).format(count)
