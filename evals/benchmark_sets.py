"""Writes the parts of public question sets that nothing here was fitted on, in SQuAD's format, for ``rag eval import``.

    python -m evals.benchmark_sets PATH_TO_DATA/qa FOLDER

The parts are those that training/fit_extractive.py only looks at. evals/benchmarks.md has the figures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.question_sets import QuestionSet, read_facqa, read_squad


def parts(data: Path) -> Iterator[tuple[QuestionSet, int, int]]:
    """Each set with the texts that count: those whose number leaves the remainder when divided by the other number."""
    yield read_squad(data / "squad2-sample.en.json.gz", "squad2-en", "en"), 1, 2
    yield read_squad(data / "tydiqa-goldp.en.dev.json.gz", "tydi-en", "en", (1, 2)), 0, 1
    yield read_squad(data / "piaf-even.fr.json.gz", "piaf-fr", "fr", (3, 4)), 0, 1
    yield read_facqa(data / "facqa.id.valid.csv.gz", "facqa-id"), 1, 2
    yield read_squad(data / "xquad.es.json.gz", "xquad-es", "es"), 0, 1


def squad(found: QuestionSet, remainder: int, number: int) -> dict[str, Any]:
    """The part in SQuAD's format, each text a paragraph of an article that is named by its number.

    Where all are of one article, as in a sample without titles, none is named: each text is a cluster of its own.
    """
    articles = []
    several = len({article(name) for name in found.texts}) > 1
    for place, (name, text) in enumerate(found.texts.items()):
        if place % number == remainder:
            cases = [case for case in found.cases if case.about == name]
            asked = [
                {
                    "id": f"{found.name}-{place:04d}-{position}",
                    "question": case.question,
                    "is_impossible": not case.answers,
                    "answers": [{"text": span.of(text), "answer_start": span.start} for _, span in case.answers],
                }
                for position, case in enumerate(cases)
            ]
            title = article(name) if several else ""
            articles.append({"title": title, "paragraphs": [{"context": text, "qas": asked}]})
    return {"version": found.name, "data": articles}


def article(name: str) -> str:
    """The number of the article that a text is of; "" where texts have no articles."""
    number, hyphen, _ = Path(name).stem.partition("-")
    return number if hyphen else ""


def main() -> None:
    """Writes a file for each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with the public sets")
    parser.add_argument("folder", type=Path, help="where to write")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for found, remainder, number in parts(options.data):
        path = options.folder / f"{found.name}.json"
        path.write_text(json.dumps(squad(found, remainder, number), ensure_ascii=False), "utf-8")
        print(path)


if __name__ == "__main__":
    main()
