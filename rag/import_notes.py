"""What an import made, and the suite and the README.md that it writes beside documents and questions."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rag import __version__
from rag.question_sets import NEAR, QuestionSet, Troubles
from rag.rendering.display import safe_name
from rag.rendering.markdown import code, escape_inline
from rag.text import fold

DOCUMENTS = "documents"

_GOLD_OF = {
    "squad": "The gold of a question is, in every text that it was asked about, the sentence around the set's answer, "
    "since an answer here cites sentences; the set's answers are the accepted short answers. A question that the set "
    "calls impossible is unanswerable: the set says so of one text, and another one here may answer it all the same.",
    "beir": "BEIR names documents and no answers. The gold of a question is each sentence of every document judged "
    "above 0, so that citing one sentence of one of them counts as right. Measures of short answers do not apply.",
}


@dataclass(slots=True)
class Imported:
    """What an import made.

    Attributes:
        folder: Where.
        documents: How many texts were written.
        questions: How many questions.
        unanswerable: How many of them the texts do not answer, as the set says.
        repaired: How many answers stood near the place that the set gives, and once.
        changed: How many characters no text file can hold, each written as U+FFFD.
        languages: Of the questions, with how many.
        troubles: What was left out.
    """

    folder: Path
    documents: int = 0
    questions: int = 0
    unanswerable: int = 0
    repaired: int = 0
    changed: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    troubles: Troubles = field(default_factory=Troubles)


def suite(name: str) -> str:
    """A suite of this set alone, without gates; the name is that of the folder."""
    plain = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-") or "imported"
    return (
        "# rag eval --suite suite.toml\n"
        f'name = "{plain}"\n\n'
        "[[corpora]]\n"
        f'name = "{plain}"\n'
        'gold = "gold.jsonl"\n'
        f'documents = ["{DOCUMENTS}"]\n'
    )


def readme(found: QuestionSet, done: Imported, *, limit: int | None, seed: int, origin: str | None) -> str:
    """Where the folder comes from and how its gold is meant, as Markdown; no time, so that it is the same again."""
    drawn = "" if limit is None else f" Of all questions at most {limit:,} were drawn with the seed {seed}."
    unknown = (
        "Nobody said (`--origin`). Texts and questions belong to whoever published them: look up the licence before "
        "you pass this folder on."
    )
    counts = f"{done.documents:,} texts and {done.questions:,} questions, {done.unanswerable:,} of them unanswerable."
    merged = "Equal texts are one file, and equal questions one question, whose texts are alternatives."
    parts = [
        f"# {escape_inline(safe_name(done.folder.resolve().name))}",
        f"Made by `rag eval import` of spanwise {__version__}. To measure: `rag eval --suite suite.toml`",
        "## Origin and licence",
        escape_inline(safe_name(origin)) if origin else unknown,
        "\n".join(f"- {code(safe_name(file.name))}, SHA-256 `{_sha256(file)}`" for file in found.files),
        "## What is in it",
        f"{counts}{drawn} {merged}",
        _GOLD_OF[found.format],
        "\n".join(_changes(done)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _changes(done: Imported) -> Iterator[str]:
    if done.repaired:
        yield f"- {done.repaired:,} answers stood within {NEAR} characters of where the set says; they were moved."
    if done.changed:
        yield f"- {done.changed:,} characters that no text file can hold were replaced by U+FFFD."
    for reason, number in done.troubles.counts.most_common():
        yield f"- Left out, {number:,} times: {reason}."


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
