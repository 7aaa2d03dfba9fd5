"""The scores of an earlier run, kept in a small file, and the differences from them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import StorageError, UsageError
from rag.rendering import dump
from rag.results import Comparison, Item
from rag.scoring import METRICS
from rag.significance import (
    bootstrap_interval,
    detectable_difference,
    holm_adjusted,
    mcnemar_test,
    sign_flip_test,
)

SCHEMA = "evaluation-baseline/1"


@dataclass(frozen=True, slots=True)
class Baseline:
    """What an earlier run measured.

    Attributes:
        system: As ``Report.system``.
        scores: For each question the value of each metric.
    """

    system: Mapping[str, str]
    scores: Mapping[str, Mapping[str, float | None]]


def write_baseline(path: Path, items: Sequence[Item], system: Mapping[str, str]) -> None:
    """Write the scores of a run: JSON lines, the system and the metrics' names first, then a question a line.

    Raises:
        StorageError: The file cannot be written.
    """
    names = [name for name in METRICS if any(item.scores.get(name) is not None for item in items)]
    head = {"schema": SCHEMA, "system": dict(system), "metrics": names}
    rows = [{"id": item.id, "scores": [_short(item.scores.get(name)) for name in names]} for item in items]
    try:
        path.write_text("".join(f"{dump(row)}\n" for row in (head, *rows)), "utf-8")
    except OSError as error:
        raise StorageError(f"Cannot write {str(path)!r}: {error.strerror}.", "Name another file.") from error


def _short(value: float | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == int(value) else round(value, 4)


def read_baseline(path: Path) -> Baseline:
    """The baseline of a file.

    Raises:
        UsageError: It cannot be read, or is none.
    """
    remedy = "Make one: rag eval --update-baseline"
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"The baseline {str(path)!r} cannot be read: {reason}.", remedy) from error
    number = 1
    try:
        head = json.loads(lines[0])
        if head["schema"] != SCHEMA:
            raise ValueError(head["schema"])
        scores: dict[str, Mapping[str, float | None]] = {}
        for line in lines[1:]:
            number += 1
            if line.strip():
                row = json.loads(line)
                scores[row["id"]] = dict(zip(head["metrics"], row["scores"], strict=True))
        return Baseline(head["system"], scores)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError(f"Line {number} of {str(path)!r} is not that of a baseline.", remedy) from error


def compare(
    items: Sequence[Item], baseline: Baseline, names: Iterable[str], *, seed: int = 0
) -> tuple[Comparison, ...]:
    """The difference of each metric from the baseline, over the questions that have a value in both.

    Args:
        items: The questions of this run.
        baseline: The earlier run.
        names: Which metrics; p values are adjusted for their number.
        seed: Of bootstrap and permutation.
    """
    found = [each for name in names if (each := _compared(name, items, baseline, seed)) is not None]
    adjusted = holm_adjusted([each.p for each in found])
    return tuple(dataclasses.replace(each, p_adjusted=p) for each, p in zip(found, adjusted, strict=True))


def _compared(name: str, items: Sequence[Item], baseline: Baseline, seed: int) -> Comparison | None:
    pairs = [
        (before, now, item.cluster)
        for item in items
        if (before := baseline.scores.get(item.id, {}).get(name)) is not None
        and (now := _short(item.scores.get(name))) is not None
    ]
    if not pairs:
        return None
    differences = [round(now - before, 6) for before, now, _ in pairs]
    clusters = [cluster for _, _, cluster in pairs]
    yes_no = METRICS[name].yes_no
    if yes_no:
        p: float | None = mcnemar_test(sum(each > 0 for each in differences), sum(each < 0 for each in differences))
    else:
        p = sign_flip_test(differences, clusters, seed=seed)
    return Comparison(
        metric=name,
        baseline=round(sum(before for before, _, _ in pairs) / len(pairs), 6),
        value=round(sum(now for _, now, _ in pairs) / len(pairs), 6),
        difference=round(sum(differences) / len(pairs), 6),
        interval=bootstrap_interval(differences, clusters, seed=seed),
        p=1.0 if p is None else p,
        p_adjusted=1.0,
        test="mcnemar" if yes_no else "sign-flip",
        paired=len(pairs),
        detectable=detectable_difference(differences, clusters),
    )
