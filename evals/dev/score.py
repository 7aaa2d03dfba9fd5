"""Scores the extractive answerer on the questions of this folder.

    python -m evals.dev.score [--split choose|held|blind] [--misses]
    python -m evals.dev.score --gold test [--misses]

prints, for each set and language: how many answerable questions have a right sentence among the cited ones, how many
of the answerable were declined, how many of the others were answered, and whether every span is exact.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evals.dev.cases import DevCase, open_folder, open_gold, read_cases, read_gold
from rag.answerers.extractive import ExtractiveAnswerer
from rag.answers import Answer
from rag.config import read_settings
from rag.embedding import open_embedder
from rag.index import Index
from rag.pipeline import ask


@dataclass(frozen=True, slots=True)
class Scored:
    """A question with its answer.

    Attributes:
        case: The question.
        answer: What the tool said.
        right: Whether a cited span overlaps a passage that answers; False for a question without one.
        exact: Whether each cited span is exactly what stands at its place in the document.
    """

    case: DevCase
    answer: Answer
    right: bool
    exact: bool


def score(index: Index, cases: list[DevCase]) -> Iterator[Scored]:
    """Each case with its answer, in order."""
    answerer = ExtractiveAnswerer(index)
    texts = {source.id: index.document(source.id).text for source in index.sources()}  # type: ignore[union-attr]
    for case in cases:
        answer = ask(case.question, index, answerer)
        spans = [span for claim in answer.claims for span in claim.spans]
        gold = [(document, texts[document].index(quote), len(quote)) for document, quote in case.gold]
        right = any(
            span.document == document and span.start < start + length and start < span.end
            for span in spans
            for document, start, length in gold
        )
        exact = all(texts[span.document][span.start : span.end] == span.quote for span in spans)
        yield Scored(case, answer, right, exact)


def summary(name: str, scored: list[Scored]) -> str:
    """One line of figures."""
    answerable = [each for each in scored if each.case.gold]
    others = [each for each in scored if not each.case.gold]
    claims = [len(each.answer.claims) for each in scored if each.answer.claims]
    return (
        f"{name:16} right {_share([each.right for each in answerable])}"
        f"  first right {_share([_first_right(each) for each in answerable])}"
        f"  declined {_share([each.answer.status == 'unanswerable' for each in answerable])}"
        f"  answered without {_share([each.answer.status != 'unanswerable' for each in others])}"
        f"  claims {sum(claims) / max(1, len(claims)):.2f}  exact {all(each.exact for each in scored)}"
    )


def _first_right(each: Scored) -> bool:
    return any(
        span.document == document and (quote in span.quote or span.quote in quote)
        for claim in each.answer.claims[:1]
        for span in claim.spans
        for document, quote in each.case.gold
    )


def _share(values: list[bool]) -> str:
    return f"{sum(values):3}/{len(values):<3} = {sum(values) / len(values):.2f}" if values else "  0/0        "


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=["choose", "held", "blind"], help="only these questions")
    parser.add_argument("--gold", choices=["dev", "test"], help="the questions of evals/gold instead")
    parser.add_argument("--misses", action="store_true", help="print each question that went wrong")
    options = parser.parse_args()
    embedder = open_embedder(read_settings())
    everything: list[Scored] = []
    with tempfile.TemporaryDirectory() as home:
        for name in ("seeds", "news") if options.gold else ("seeds", "news", "bulletins"):
            if options.gold:
                cases = read_gold(name, options.gold)
            else:
                cases = [case for case in read_cases(name) if options.split in (None, case.split)]
            if not cases:
                continue
            opened = open_gold if options.gold else open_folder
            with opened(name, embedder, Path(home) / name) as index:
                scored = list(score(index, cases))
            everything += scored
            for language in sorted({case.language for case in cases}):
                print(summary(f"{name} {language}", [each for each in scored if each.case.language == language]))
    print(summary("all", everything))
    for each in everything if options.misses else []:
        if each.right == (not each.case.gold) or (not each.case.gold and each.answer.claims):
            print(f"{each.case.id} {each.case.question}\n    {each.answer.status}: {each.answer.text[:400]}")


if __name__ == "__main__":
    main()
