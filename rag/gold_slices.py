"""How the questions of a gold set are spread over splits, languages and kinds, and where they are too few."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rag.gold import GoldQuestion

SPLITS = ("dev", "test")
"""The splits of a set that things are tuned on and measured with."""

SMALLEST_SPLIT = 0.4
"""The share of the questions that each split holds at least."""

SMALLEST_PAIR = 1 / 3
"""A pair of question language and source language holds at least this share of the mean pair."""

SMALLEST_NEAR = 0.5
"""The share of the unanswerable questions that are near the topic of the documents."""

_PAIRS = "question -> source"


@dataclass(frozen=True, slots=True)
class Slices:
    """The number of questions of each row and split, table by table."""

    tables: Mapping[str, Counter[tuple[str, str]]]

    @classmethod
    def of(cls, questions: Iterable[GoldQuestion], languages: Mapping[str, str | None]) -> Slices:
        """The slices that the questions fall into; a question with sources in two languages counts in two pairs.

        Args:
            questions: Of one set.
            languages: The language of each document; what is not in it or None is in no pair.
        """
        tables: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for question in questions:
            tables["split"]["all", question.split] += 1
            tables["language"][question.language, question.split] += 1
            tables["kind"][question.kind, question.split] += 1
            tables["status"][question.status, question.split] += 1
            if not question.answerable:
                tables["unanswerable"]["near" if question.near else "far", question.split] += 1
            for source in {languages.get(span.document) for span in question.spans()} - {None}:
                tables[_PAIRS][f"{question.language} -> {source}", question.split] += 1
        return cls(tables)

    def unbalanced(self) -> Iterator[str]:
        """Slices that are too small to say anything about."""
        everything = self._totals("split")["all"]
        for split in SPLITS:
            if (count := self.tables["split"]["all", split]) < SMALLEST_SPLIT * everything:
                yield f"the {split} split has {count} of {everything} questions"
        held = [split for split in SPLITS if self.tables["split"]["all", split]]
        for table in ("language", "kind", "status"):
            for row, split in itertools.product(sorted(self._totals(table)), held):
                if not self.tables[table][row, split]:
                    yield f"the {split} split has no question with {table} {row}"
        near = self._totals("unanswerable")
        if near["near"] < SMALLEST_NEAR * near.total():
            yield f"{near['near']} of {near.total()} unanswerable questions are near the topic"
        yield from self._unbalanced_pairs()

    def _unbalanced_pairs(self) -> Iterator[str]:
        pairs = self._totals(_PAIRS)
        asked, sources = ({pair.split(" -> ")[end] for pair in pairs} for end in (0, 1))
        mean = pairs.total() / max(1, len(asked) * len(sources))
        for pair in map(" -> ".join, itertools.product(sorted(asked), sorted(sources))):
            if pairs[pair] < SMALLEST_PAIR * mean:
                yield f"{pairs[pair]} questions ask {pair}, the mean pair has {mean:.0f}"

    def _totals(self, table: str) -> Counter[str]:
        totals: Counter[str] = Counter()
        for (row, _), count in self.tables.get(table, Counter()).items():
            totals[row] += count
        return totals

    def __str__(self) -> str:
        splits = sorted({split for _, split in self.tables.get("split", ())})
        lines = [f"{'':28}" + "".join(f"{split:>8}" for split in (*splits, "all"))]
        for table, counts in self.tables.items():
            for row, total in sorted(self._totals(table).items()):
                numbers = (*(counts[row, split] for split in splits), total)
                lines.append(f"{f'{table}: {row}':28}" + "".join(f"{number:8}" for number in numbers))
        return "\n".join(lines)
