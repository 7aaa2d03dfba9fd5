"""A small corpus with gold questions, an answerer that knows the gold, and a suite over both."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.answers import DraftAnswer, DraftClaim, DraftConflict, DraftPosition
from rag.config import Settings
from rag.documents import Hit
from rag.evaluation import Evaluation, Options, evaluate
from rag.gold import GoldQuestion, read_gold
from rag.index import Index
from rag.scoring import METRICS
from rag.suite import Suite, read_suite
from rag.testing import HashEmbedder

DOCUMENTS = {
    "bridge.txt": "A new bridge opened in Norhaven on 4 May 2031. It took 92 million crowns to build. "
    "Speeches were given by Ada Brill. A brass band played.\n",
    "pont.txt": "Un nouveau pont a été ouvert à Norhaven le 4 mai 2031. Sa construction a coûté 92 millions de "
    "couronnes. Des discours ont été prononcés par Ada Brill.\n",
    "harbour.txt": "The harbour has 310 berths for small boats. Its crane was painted green last winter.\n",
    "gazette.txt": "Not everybody agrees. Officials count 280 berths for small boats there.\n",
    "pabrik.txt": "Pabrik itu mempekerjakan 45 orang setiap hari. Kopinya dijual sampai ke pulau seberang.\n",
    "musee.txt": "Le musée de la ville expose 17 tableaux cet automne. L'entrée est libre le dimanche.\n",
}
BOTH = ("bridge.txt", "pont.txt")


def _span(document: str, quote: str) -> dict[str, Any]:
    start = DOCUMENTS[document].index(quote)
    return {"document": f"town/{document}", "start": start, "end": start + len(quote), "quote": quote}


def _nugget(answers: Sequence[str], *spans: tuple[str, str], vital: bool = True) -> dict[str, Any]:
    found = [_span(document, quote) for document, quote in spans]
    return {"text": answers[0], "vital": vital, "answers": list(answers), "spans": found}


COST = _nugget(
    ["92 million crowns", "92 millions de couronnes"],
    ("bridge.txt", "It took 92 million crowns to build"),
    ("pont.txt", "Sa construction a coûté 92 millions de couronnes"),
)
OPENED = _nugget(
    ["4 May 2031", "4 mai 2031"],
    ("bridge.txt", "A new bridge opened in Norhaven on 4 May 2031"),
    ("pont.txt", "Un nouveau pont a été ouvert à Norhaven le 4 mai 2031"),
)
SPOKE = _nugget(
    ["Ada Brill"],
    ("bridge.txt", "Speeches were given by Ada Brill"),
    ("pont.txt", "Des discours ont été prononcés par Ada Brill"),
)
BAND = _nugget(["a brass band"], ("bridge.txt", "A brass band played"), vital=False)

GOLD: Sequence[Mapping[str, Any]] = [
    {"id": "cost", "language": "en", "question": "How much money did building the bridge take?", "kind": "number"}
    | {"nuggets": [COST], "story": "bridge"},
    {"id": "cout", "language": "fr", "question": "Combien la construction du pont a-t-elle coûté ?", "kind": "number"}
    | {"nuggets": [COST], "story": "bridge", "same_as": "cost"},
    {"id": "opened", "language": "en", "question": "When was the new bridge opened for people?", "kind": "date"}
    | {"nuggets": [OPENED, BAND], "story": "bridge"},
    {"id": "spoke", "language": "en", "question": "Who gave the speeches at the new bridge?", "kind": "who-said"}
    | {"nuggets": [SPOKE], "story": "bridge"},
    {"id": "orang", "language": "id", "question": "Berapa banyak orang yang bekerja di pabrik itu?", "kind": "number"}
    | {"nuggets": [_nugget(["45 orang"], ("pabrik.txt", "Pabrik itu mempekerjakan 45 orang setiap hari"))]},
    {"id": "tableaux", "language": "fr", "question": "Combien de tableaux le musée expose-t-il ?", "kind": "number"}
    | {"nuggets": [_nugget(["17", "17 tableaux"], ("musee.txt", "Le musée de la ville expose 17 tableaux"))]},
    {"id": "crane", "language": "en", "question": "Which colour has the crane, and who painted it?", "kind": "partial"}
    | {"nuggets": [_nugget(["green"], ("harbour.txt", "Its crane was painted green last winter"))]}
    | {"status": "partial", "split": "test"},
    {"id": "berths", "language": "en", "question": "How many berths for small boats are there?", "kind": "disagreement"}
    | {
        "nuggets": [
            _nugget(["310"], ("harbour.txt", "The harbour has 310 berths for small boats")),
            _nugget(["280"], ("gazette.txt", "Officials count 280 berths for small boats there")),
        ],
        "status": "conflicting",
        "split": "test",
    },
    {"id": "trains", "language": "en", "question": "How many trains cross the new bridge each day?", "near": True}
    | {"kind": "unanswerable", "nuggets": [], "status": "unanswerable", "story": "bridge"},
    {"id": "lune", "language": "fr", "question": "Quelle est la distance entre la Terre et la Lune ?"}
    | {"kind": "unanswerable", "nuggets": [], "status": "unanswerable", "split": "test"},
]


class Oracle:
    """Answers with the gold's sentences, in the question's language where there is one, and declines without any.

    Its sentences are recognised by how they begin, so that it follows sources that are edited later on.

    Attributes:
        name: "oracle", or as given.
        known: The gold by question.
    """

    def __init__(self, questions: Sequence[GoldQuestion], name: str = "oracle") -> None:
        self.name = name
        self.known = {question.question: question for question in questions}

    def draft(self, question: str, language: str | None, hits: Sequence[Hit]) -> DraftAnswer:
        """The gold that the hits hold."""
        gold = self.known[question]
        claims = [claim for nugget in gold.nuggets if (claim := self.claim(nugget, language, hits)) is not None]
        if not claims:
            return DraftAnswer(status="unanswerable", missing=[question], confidence=0.1)
        status = "answered" if gold.status == "conflicting" else gold.status
        conflicts = []
        if gold.status == "conflicting" and len(claims) > 1:
            sides = [DraftPosition(text=claim.text, sentences=claim.sentences) for claim in claims]
            conflicts = [DraftConflict(about=question, kind="contradiction", positions=sides)]
        return DraftAnswer(status=status, claims=claims, conflicts=conflicts, confidence=0.9)

    def claim(self, nugget: Any, language: str | None, hits: Sequence[Hit]) -> DraftClaim | None:
        """The nugget's sentence in the question's language, and those of other documents that state it."""
        cues = [span.quote[:9] for span in nugget.spans]
        found = [each for each in sentences(hits) if each[1].startswith(tuple(cues))]
        found.sort(key=lambda each: each[2] != language)
        return said(found[:1], nugget.answers) if found else None


def said(cited: Sequence[tuple[str, str, str | None]], answers: Sequence[str] = ()) -> DraftClaim:
    """A claim that is the first of some sentences, with the first of the short answers that is in it."""
    text = cited[0][1]
    short = next((answer for answer in answers if answer in text), None)
    place = None if short is None else (text.index(short), text.index(short) + len(short))
    return DraftClaim(text=text, sentences=[each[0] for each in cited], answer=place)


def sentences(hits: Sequence[Hit]) -> list[tuple[str, str, str | None]]:
    """Id, text and language of every sentence of the hits."""
    return [
        (f"{number}.{place + 1}", hit.chunk.sentence_text(place), sentence.language)
        for number, hit in enumerate(hits, start=1)
        for place, sentence in enumerate(hit.chunk.sentences)
    ]


def write_town(folder: Path, suite: str = "") -> Path:
    """The corpus, its gold and a suite, whose path comes back.

    Args:
        folder: Where to write.
        suite: TOML that follows the corpus.
    """
    (folder / "town").mkdir(parents=True, exist_ok=True)
    for name, text in DOCUMENTS.items():
        (folder / "town" / name).write_bytes(text.encode())
    lines = [json.dumps({"split": "dev", "near": False, "status": "answered", **each}) for each in GOLD]
    (folder / "gold.jsonl").write_text("\n".join(lines), "utf-8")
    path = folder / "suite.toml"
    path.write_text(
        f'name = "town"\nk = 12\n{suite}\n[[corpora]]\nname = "town"\ngold = "gold.jsonl"\ndocuments = ["town"]\n'
        'origins = [["town/bridge.txt", "town/pont.txt"]]\n',
        "utf-8",
    )
    return path


def questions(folder: Path) -> list[GoldQuestion]:
    """The gold of the corpus in a folder."""
    return read_gold(folder / "gold.jsonl")


def read(path: Path, **changes: Any) -> Suite:
    """The suite of a file, with some of its fields changed."""
    return read_suite(path, frozenset(METRICS)).model_copy(update=changes)


def measure(suite: Suite, home: Path, answering: Callable[[Index], Any], options: Options | None = None) -> Evaluation:
    """The evaluation of an answerer, with hashed vectors."""
    settings = Settings(_env_file=None, home=home)  # type: ignore[call-arg]
    return evaluate(suite, settings, options, embedder=HashEmbedder(), answering=answering)
