r"""Score extractive briefings: what the page proves, what of what it has to say it says, and how it reads.

    python -m evals.score_briefs [--split dev|test] [--json FILE]

For each topic of ``evals/briefs/must_say.jsonl``:

- support: the share of its sentences that are verified against their spans; 1.0 is promised.
- recall: the share of what the page must say that one of its quotations covers, at least by half; "printed" counts only
  what the one page of the PDF has room for.
- spread: the share of the story's documents that the page cites.
- duplicates: pairs of statements (bottom line, facts, agreements) that share three quarters of their words.
- pages: of the PDF, where the extra is installed; 1 is promised.
- words: the median length of a statement; long: the share of those over 35 words.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag.briefing_contract import placed_spans
from rag.briefings import Briefing
from rag.config import Settings
from rag.desk import Order
from rag.documents import Filter
from rag.errors import UsageError
from rag.opening import sync
from rag.text import fold, words
from rag.workspace import Workspace

ROOT = Path(__file__).parent.parent
TOPICS = ROOT / "evals" / "briefs" / "must_say.jsonl"
DAY = dt.date(2026, 11, 21)
_SHOWN = 24
"""So many characters of a text, white space aside, tell that it is printed."""

_LONG = 35
_DUPLICATE = 0.75


@dataclass(frozen=True, slots=True)
class Scored:
    """A page's figures; pages is None where no PDF can be made."""

    topic: str
    split: str
    sentences: int
    support: float
    recall: float
    recall_printed: float
    spread: float
    duplicates: int
    pages: int | None
    words: float
    long: float
    missed: list[str] = field(default_factory=list)


def read_topics(split: str | None) -> list[dict[str, Any]]:
    """The topics of a split, or all."""
    topics = [json.loads(line) for line in TOPICS.read_text("utf-8").splitlines()]
    return [topic for topic in topics if split in (None, topic["split"])]


def score(topic: dict[str, Any], page: Briefing) -> Scored:
    """The figures of one page."""
    paper = _paper(page)
    printed = None if paper is None else "".join(_letters(text) for text in paper)
    shown = _shown(page)
    placed = [(place, span.document, span.start, span.end) for place, span, _ in placed_spans(page)]
    there = [each for each in placed if printed is None or _letters(shown[each[0]])[:_SHOWN] in printed]
    missed = [must["text"] for must in topic["must"] if not _says(placed, must["spans"])]
    missed_there = sum(not _says(there, must["spans"]) for must in topic["must"])
    texts = list(_texts(page))
    lengths = [len(words(text)) for text in texts] or [0]
    cited = {source.document for source in page.sources}
    wanted = set(topic["documents"]) or cited
    return Scored(
        topic=topic["id"],
        split=topic["split"],
        sentences=page.coverage.sentences,
        support=page.coverage.verified / max(1, page.coverage.sentences),
        recall=1 - len(missed) / len(topic["must"]),
        recall_printed=1 - missed_there / len(topic["must"]),
        spread=len(cited & {_named(name) for name in wanted}) / len(wanted),
        duplicates=sum(_repeats(one, other) for one, other in itertools.combinations(texts, 2)),
        pages=None if paper is None else len(paper),
        words=statistics.median(lengths),
        long=sum(length > _LONG for length in lengths) / len(lengths),
        missed=missed,
    )


def _named(document: str) -> str:
    """A document's id in the index of its folder."""
    return document.removeprefix("evals/gold/")


def _says(placed: Sequence[tuple[str, str, int, int]], spans: Sequence[dict[str, Any]]) -> bool:
    return any(
        name == _named(span["document"])
        and 2 * (min(end, span["end"]) - max(start, span["start"])) >= span["end"] - span["start"]
        for span in spans
        for _, name, start, end in placed
    )


def _texts(page: Briefing) -> Iterator[str]:
    bottom = page.bottom_line.statements if page.bottom_line else ()
    for statement in (*bottom, *page.facts, *page.agreements):
        yield statement.text


def _repeats(one: str, other: str) -> bool:
    first, second = ({fold(span.of(text)) for span in words(text)} for text in (one, other))
    return len(first & second) >= _DUPLICATE * min(len(first), len(second))


def _shown(page: Briefing) -> dict[str, str]:
    """The text that stands at each place of a page."""
    bottom = page.bottom_line.statements if page.bottom_line else ()
    shown = {f"bottom line {number}": one.text for number, one in enumerate(bottom, start=1)}
    shown |= {f"fact {number}": one.text for number, one in enumerate(page.facts, start=1)}
    shown |= {f"event {number}": one.statement.text for number, one in enumerate(page.timeline, start=1)}
    shown |= {f"actor {number}": f"{one.name}{one.role.text}" for number, one in enumerate(page.actors, start=1)}
    shown |= {f"agreement {number}": one.text for number, one in enumerate(page.agreements, start=1)}
    for number, each in enumerate(page.disagreements, start=1):
        sides = enumerate(each.positions, start=1)
        shown |= {f"disagreement {number}, position {side}": position.text for side, position in sides}
    shown |= {f"gap {number}": one.text for number, one in enumerate(page.gaps, start=1)}
    return shown | {f"saying {number}": one.quotation.quote for number, one in enumerate(page.sayings, start=1)}


def _letters(text: str) -> str:
    return "".join(character for character in fold(text) if character.isalnum())


def _paper(page: Briefing) -> list[str] | None:
    """The text of each page of the PDF; None where none can be made."""
    try:
        import pypdfium2

        from rag import pages

        document = pypdfium2.PdfDocument(pages.render(page, "pdf").content)
    except (ImportError, UsageError):
        return None
    return [sheet.get_textpage().get_text_range() for sheet in document]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=["dev", "test"])
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--missed", action="store_true", help="name what the pages do not say")
    options = parser.parse_args()
    topics = read_topics(options.split)
    scored = []
    with tempfile.TemporaryDirectory() as folder:
        for corpus in dict.fromkeys(topic["corpus"] for topic in topics):
            settings = Settings(home=Path(folder) / corpus.replace("/", "-"), corpus=str(ROOT / corpus))
            sync(settings, [ROOT / corpus])
            with Workspace.open(settings, tell=lambda _: None) as workspace:
                for topic in (each for each in topics if each["corpus"] == corpus):
                    wanted = Filter(tuple(_named(name) for name in topic["documents"]))
                    scored.append(score(topic, workspace.brief(Order(topic["topic"], None, DAY, wanted))))
    print(f"{'topic':12} {'split':5} sentences support recall printed spread duplicates pages words long")
    for one in scored:
        print(
            f"{one.topic:12} {one.split:5} {one.sentences:9} {one.support:7.2f} {one.recall:6.2f}"
            f" {one.recall_printed:7.2f} {one.spread:6.2f} {one.duplicates:10} {one.pages or '-':>5}"
            f" {one.words:5.0f} {one.long:4.2f}"
        )
        if options.missed:
            print("".join(f"    not said: {text}\n" for text in one.missed), end="")
    for split in dict.fromkeys(one.split for one in scored):
        of = [one for one in scored if one.split == split]
        print(f"{split}: recall {statistics.mean(one.recall for one in of):.3f} over {len(of)} topics")
    if options.json:
        rows = [{name: getattr(one, name) for name in one.__slots__} for one in scored]
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
