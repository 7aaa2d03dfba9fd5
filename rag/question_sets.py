"""Public question sets as one stream of texts with the questions about them: SQuAD's format and BEIR's.

SQuAD (Rajpurkar et al. 2016, https://aclanthology.org/D16-1264; 2.0: Rajpurkar et al. 2018,
https://aclanthology.org/P18-2124) has paragraphs with questions and the characters of their answers. BEIR (Thakur et
al. 2021, arXiv:2104.08663) has documents, questions and which documents answer which questions.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rag import set_files
from rag.documents import Span
from rag.errors import UsageError
from rag.set_files import Read

Format = Literal["squad", "beir"]

NEAR = 100
"""How many characters from where the set says an answer may stand, if it stands there once."""

_CORPUS, _QUERIES = "corpus.jsonl", "queries.jsonl"
_UNUSABLE = dict.fromkeys((*range(9), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F, *range(0xD800, 0xE000)), "\ufffd")
_HINT = "Name SQuAD files (JSON), or a BEIR folder with corpus.jsonl, queries.jsonl and qrels/test.tsv."


class RawAnswer(NamedTuple):
    """An answer as the set gives it; start counts code points of the text, but may be wrong."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class RawQuestion:
    """A question as the set gives it.

    Attributes:
        id: The set's, or "" where it has none.
        text: What is asked.
        answers: Empty when the text does not answer it, and in BEIR, which has none.
        answerable: Whether the text answers it.
    """

    id: str
    text: str
    answers: tuple[RawAnswer, ...] = ()
    answerable: bool = True


@dataclass(frozen=True, slots=True)
class RawText:
    """A text as the set gives it, with the questions about it.

    Attributes:
        id: The set's, or "" where it has none.
        title: What it, or the article it is from, is called; "" when nothing is.
        text: Exactly as it stands in the set.
        questions: In the set's order; in BEIR a question may come with several texts.
    """

    id: str
    title: str
    text: str
    questions: tuple[RawQuestion, ...]


@dataclass(slots=True)
class Troubles:
    """What could not be used, and why.

    Attributes:
        counts: How many, by reason.
        examples: A few of each, for a person to look at.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reason: str, what: str) -> None:
        """One more."""
        self.counts[reason] += 1
        if len(self.examples[reason]) < 3:
            self.examples[reason].append(what)


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The files of one set; reading them again gives the same."""

    format: Format
    files: tuple[Path, ...]

    @classmethod
    def of(cls, paths: Sequence[Path]) -> QuestionSet:
        """The set that some paths, among them BEIR folders, make.

        Raises:
            UsageError: A path does not exist, or they do not make a set.
        """
        files = [file for path in paths for file in _files(path)]
        beir = [file for file in files if _is(file, ".jsonl") or _is(file, ".tsv")]
        if not beir:
            return cls("squad", tuple(files))
        if len(beir) < len(files):
            raise UsageError("Files of SQuAD's and of BEIR's format were given.", "Import them one after the other.")
        return cls("beir", _beir_files(files))

    def texts(self, troubles: Troubles, told: Read | None = None) -> Iterator[RawText]:
        """Every text with its questions, in the order of the files; at any time one article is held.

        Of a BEIR set all questions and judgements are held as well.

        Raises:
            DamagedSetError: A file cannot be read to its end.
        """
        if self.format == "squad":
            for file in self.files:
                for place, article in enumerate(set_files.items(file, "data", told)):
                    yield from _article(article, f"{file.name}, article {place + 1}", troubles)
        else:
            yield from _beir_texts(self.files, troubles, told)


def clean(text: str) -> tuple[str, int]:
    """The text as a UTF-8 file can hold it, and how many characters it begins later.

    Byte order marks at the beginning are left out, as decoding a file would; lone surrogates and control characters are
    replaced one by one, so that no place changes.
    """
    begun = text.lstrip("\ufeff")
    return begun.translate(_UNUSABLE), len(text) - len(begun)


def locate(text: str, answer: RawAnswer, shift: int = 0) -> tuple[Span, bool] | None:
    """Where an answer stands without white space around it, and whether that is where the set says.

    None when it neither stands there nor once within `NEAR` characters of it.

    >>> locate("in 1950 in Nice", RawAnswer("1950", 4))
    (Span(start=3, end=7), False)
    """
    body, lead = clean(answer.text)
    wanted = body.strip()
    start = answer.start - shift + lead + len(body) - len(body.lstrip())
    if not wanted:
        return None
    if start >= 0 and text.startswith(wanted, start):
        return Span(start, start + len(wanted)), True
    first = max(0, start - NEAR)
    near = text[first : max(0, start + len(wanted) + NEAR)]
    found = near.find(wanted)
    if found < 0 or near.find(wanted, found + 1) >= 0:
        return None
    return Span(first + found, first + found + len(wanted)), False


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise UsageError(f"{str(path)!r} does not exist.", _HINT)
    if not path.is_dir():
        return [path]
    found = [file for file in sorted(path.iterdir()) if file.name.removesuffix(".gz") in {_CORPUS, _QUERIES}]
    judged = sorted(file for file in (path / "qrels").glob("*") if _is(file, ".tsv"))
    tested = [file for file in judged if file.name.startswith("test.tsv")]
    if len(found) != 2 or not judged:
        raise UsageError(f"{str(path)!r} is no BEIR folder.", _HINT)
    return found + (tested or judged)


def _is(file: Path, ending: str) -> bool:
    return file.name.lower().removesuffix(".gz").endswith(ending)


def _beir_files(files: Sequence[Path]) -> tuple[Path, ...]:
    """Corpus, queries, then judgements."""
    corpora = [file for file in files if file.name.startswith("corpus")]
    queries = [file for file in files if file.name.startswith("queries")]
    judged = [file for file in files if _is(file, ".tsv")]
    if len(corpora) != 1 or len(queries) != 1 or not judged or len(files) != 2 + len(judged):
        raise UsageError("The files do not make one BEIR set.", _HINT)
    return (*corpora, *queries, *judged)


def _article(article: Any, place: str, troubles: Troubles) -> Iterator[RawText]:
    paragraphs = _of_type(article, "paragraphs", list)
    if paragraphs is None:
        troubles.add("no article", place)
        return
    title = _of_type(article, "title", str) or ""
    for number, paragraph in enumerate(paragraphs, start=1):
        here = f"{place}, paragraph {number}"
        context, asked = _of_type(paragraph, "context", str), _of_type(paragraph, "qas", list)
        if context is None or asked is None:
            troubles.add("no paragraph", here)
            continue
        questions = (_squad_question(each, here, troubles) for each in asked)
        yield RawText("", title, context, tuple(question for question in questions if question is not None))


def _squad_question(given: Any, place: str, troubles: Troubles) -> RawQuestion | None:
    text, answers = _of_type(given, "question", str), _of_type(given, "answers", list)
    impossible = isinstance(given, dict) and given.get("is_impossible") is True
    identity = given.get("id", "") if isinstance(given, dict) else ""
    if text is None or not text.strip() or (answers is None and not impossible):
        troubles.add("no question", f"{place}: {str(identity)[:80]}")
        return None
    found = [] if impossible else [_answer(each) for each in answers or ()]
    if None in found:
        troubles.add("no answer", f"{place}: {text[:80]}")
        return None
    kept = tuple(answer for answer in found if answer is not None)
    return RawQuestion(str(identity), text.strip(), kept, answerable=bool(kept))


def _answer(given: Any) -> RawAnswer | None:
    text, start = _of_type(given, "text", str), _of_type(given, "answer_start", int)
    return RawAnswer(text, start) if text and text.strip() and start is not None else None


def _of_type(given: Any, key: str, kind: type) -> Any:
    """The value under a key of a JSON object; None when it is not there or of another type."""
    value = given.get(key) if isinstance(given, dict) else None
    return value if type(value) is kind else None


def _beir_texts(files: Sequence[Path], troubles: Troubles, told: Read | None) -> Iterator[RawText]:
    corpus, queries, *judged = files
    asked = dict(_queries(queries, troubles))
    about: dict[str, list[RawQuestion]] = defaultdict(list)
    for query, document in _judgements(judged, troubles):
        if query in asked:
            about[document].append(asked[query])
        else:
            troubles.add("a judgement of a question that is not there", query)
    for record in _records(corpus, troubles, told):
        identity, text = record["_id"], _of_type(record, "text", str)
        title = _of_type(record, "title", str) or ""
        if text is None or not (title + text).strip():
            troubles.add("no text", identity)
            continue
        whole = f"{title}\n\n{text}" if title.strip() else text
        yield RawText(identity, title, whole, tuple(about.pop(identity, ())))
    for document in about:
        troubles.add("a judgement of a text that is not there", document)


def _queries(file: Path, troubles: Troubles) -> Iterator[tuple[str, RawQuestion]]:
    for record in _records(file, troubles, None):
        text = _of_type(record, "text", str)
        if text is None or not text.strip():
            troubles.add("no question", record["_id"])
        else:
            yield record["_id"], RawQuestion(record["_id"], text.strip())


def _records(file: Path, troubles: Troubles, told: Read | None) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(set_files.lines(file, told), start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict) and isinstance(record.get("_id"), str | int):
            yield {**record, "_id": str(record["_id"])}
        else:
            troubles.add("no record", f"{file.name}, line {number}")


def _judgements(files: Iterable[Path], troubles: Troubles) -> Iterator[tuple[str, str]]:
    """Question and document of each judgement above 0, each pair once."""
    given: dict[tuple[str, str], None] = {}
    for file in files:
        for number, line in enumerate(set_files.lines(file), start=1):
            try:
                query, *_, document, judged = line.split("\t")
                score = float(judged)
            except ValueError:
                if number > 1:  # the first line names the columns
                    troubles.add("no judgement", f"{file.name}, line {number}")
                continue
            if score > 0:
                given[query, document] = None
    return iter(given)
