"""Gold questions as drafts, with exact spans, for a person to accept, correct or reject (``rag.gold_review``).

Drafts come from rules (``rag.draft_rules``) or from a model that is named (``rag.model_drafts``). Nothing else decides
what gold is than the person: a draft may be clumsy, but where it says that its answer stands, there it stands.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rag import loaders, scanning
from rag.documents import Document, Span
from rag.draft_rules import Candidate, candidates
from rag.errors import DocumentError, UsageError
from rag.gold import GoldModel, GoldQuestion, GoldSpan, Nugget
from rag.scanning import Failure
from rag.text import fold, words

TWIN_SHARE = 3
"""There is at most one draft without answer for so many with one."""

# Roles to ask for when no document names them, and the words that would show that one does.
_OTHER_ROLES = {
    "en": ("treasurer", "head of security", "legal counsel"),
    "fr": ("trésorier", "responsable de la sécurité", "conseiller juridique"),
    "id": ("bendahara", "kepala keamanan", "penasihat hukum"),
}
_ROLE_FORMS = {
    "en": "Who is the {role} {about}?",
    "fr": "Qui est le {role} {about} ?",
    "id": "Siapa {role} {about}?",
}
_OF = {"en": "of ", "fr": "de ", "id": ""}
# What one may ask about a person, and the words of any language that would show that a document says it.
_ATTRIBUTES = (
    (
        frozenset(
            [
                "born",
                "birth",
                "birthplace",
                "native",
                "née",
                "né",
                "naissance",
                "natif",
                "native",
                "lahir",
                "kelahiran",
                "asal",
            ]
        ),
        {"en": "Where was {name} born?", "fr": "Où est né(e) {name} ?", "id": "Di mana {name} lahir?"},
    ),
    (
        frozenset(
            [
                "studied",
                "university",
                "college",
                "school",
                "degree",
                "étudié",
                "études",
                "université",
                "école",
                "kuliah",
                "lulusan",
                "belajar",
            ]
        ),
        {"en": "Where did {name} study?", "fr": "Où {name} a-t-il étudié ?", "id": "Di mana {name} kuliah?"},
    ),
)


class Draft(GoldModel):
    """A gold question that nobody has accepted yet.

    Attributes:
        question: As it would stand in the gold file.
        made_by: "rule:<rule>", "twin:<rule>" or "model:<server>:<model>".
        answer: Where the short answer stands; None when the documents should not answer the question.
        context: What a person needs to see, around the answer or around what suggested the question.
    """

    question: GoldQuestion
    made_by: str
    answer: GoldSpan | None
    context: GoldSpan


@dataclass(slots=True)
class Tally:
    """What became of the work.

    Attributes:
        drafts: How many were made, by maker.
        dropped: How many were not fit to be drafts, by reason.
        failures: Files that could not be read.
    """

    drafts: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)


def read_documents(paths: Sequence[Path], tally: Tally) -> list[Document]:
    """The documents below some paths, with the ids that an index of the same paths gives them.

    Raises:
        UsageError: A path does not exist, or no document can be read.
    """
    roots, _ = scanning.resolve_roots(paths, [])
    found = scanning.scan(roots)
    tally.failures += found.failures
    documents = []
    for file in found.files.values():
        try:
            documents.append(loaders.load(file.path, file.name))
        except DocumentError as error:
            tally.failures.append(Failure(file.name, error.message, error.hint))
    if not documents:
        raise UsageError("There is no document to draft questions from.", "Name a folder with .txt or .md files.")
    return documents


def draft_by_rules(documents: Sequence[Document], most: int, tally: Tally) -> Iterator[Draft]:
    """Drafts from the sentences of each document, at most so many of each, and after each third one a near miss.

    A sentence that several documents have is drafted from once, with all its places as alternatives.
    """
    desk = Desk(documents, tally)
    for document in documents:
        made = (
            (span, candidate)
            for span, language in sentences_of(document)
            for candidate in candidates(span.of(document.text), language)
        )
        drafts = (desk.draft(document, span, candidate, f"rule:{candidate.rule}") for span, candidate in made)
        for draft, candidate in itertools.islice((each for each in drafts if each is not None), most):
            yield draft
            if twin := desk.twin(draft, candidate):
                yield twin


def write_drafts(path: Path, drafts: Iterable[Draft]) -> int:
    """Writes drafts one by one to a file that appears when they end, or when making them fails; how many there are.

    Raises:
        UsageError: The file is there already, or cannot be written.
    """
    if path.exists():
        raise UsageError(f"{str(path)!r} is there already.", "Name another file, or review its drafts first.")
    partial = path.with_name(f".{path.name}.part")
    written = 0
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            for draft in drafts:
                written += 1
                file.write(draft.model_dump_json(exclude_defaults=True) + "\n")
    except OSError as error:
        raise UsageError(f"Cannot write {str(path)!r}: {error.strerror}.", "Name a file elsewhere.") from error
    finally:
        if written:
            partial.replace(path)
        else:
            partial.unlink(missing_ok=True)
    return written


def read_drafts(path: Path) -> list[Draft]:
    """The drafts of a file, in order.

    Raises:
        UsageError: It cannot be read, or a line is no draft.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise UsageError(f"Cannot read {str(path)!r}: {error.strerror}.", _HOW) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{str(path)!r} is not UTF-8.", _HOW) from error
    drafts = []
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            if line.strip():
                drafts.append(Draft.model_validate_json(line))
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"])) or "it"
            raise UsageError(f"{str(path)!r}, line {number}: {place} is no part of a draft.", _HOW) from error
    if not drafts:
        raise UsageError(f"{str(path)!r} holds no draft.", _HOW)
    return drafts


_HOW = "Make drafts with: rag eval draft-gold PATH --output drafts.jsonl"


def statement(question: str, answer: str | None) -> str:
    """A nugget's text for a drafted question: what an answer to it says."""
    return f'The answer to "{question}" is "{answer}".'


class Desk:
    """Turns candidates into drafts, each question once."""

    def __init__(self, documents: Sequence[Document], tally: Tally) -> None:
        self._tally = tally
        self._asked: set[tuple[str, ...]] = set()
        self._used: set[tuple[str, str, Span]] = set()
        self._twins = 0
        self._untwinned: deque[tuple[Draft, Candidate]] = deque()
        self._places: dict[str, list[GoldSpan]] = defaultdict(list)
        self._sentences_of: list[frozenset[str]] = []
        for document in documents:
            for span, _ in sentences_of(document):
                text = span.of(document.text)
                self._places[_key(text)].append(_gold_span(document, span))
                self._sentences_of.append(frozenset(_words(text)))

    def draft(
        self, document: Document, sentence: Span, candidate: Candidate, made_by: str
    ) -> tuple[Draft, Candidate] | None:
        """The draft with what it was made from; None when the question or the answer was had before."""
        text = sentence.of(document.text)
        use = (_key(text), candidate.kind, candidate.answer)
        if not self._is_new(candidate.question, known=use in self._used):
            return None
        self._used.add(use)
        answer = Span(sentence.start + candidate.answer.start, sentence.start + candidate.answer.end)
        short = answer.of(document.text)
        nugget = Nugget(
            text=statement(candidate.question, short),
            vital=True,
            answers=(" ".join(short.split()),),
            spans=tuple(self._places[_key(text)]) or (_gold_span(document, sentence),),
        )
        question = _question(document, sentence, candidate.question, candidate.kind, nugget)
        self._tally.drafts[made_by] += 1
        made = Draft(
            question=question,
            made_by=made_by,
            answer=_gold_span(document, answer),
            context=_context(document, sentence),
        )
        return made, candidate

    def unanswerable(self, near: Draft | tuple[Document, Span], asked: str, made_by: str) -> Draft | None:
        """A draft of a question that nothing here should answer, about what a draft or a sentence is about."""
        if not self._is_new(asked):
            return None
        self._tally.drafts[made_by] += 1
        if isinstance(near, Draft):
            update: dict[str, Any] = {
                "id": _identity(near.context.document, asked),
                "question": asked,
                "kind": "unanswerable",
                "near": True,
                "status": "unanswerable",
                "nuggets": (),
                "twin_of": near.question.id,
            }
            question = near.question.model_copy(update=update)
            return Draft(question=question, made_by=made_by, answer=None, context=near.context)
        document, sentence = near
        question = _question(document, sentence, asked, "unanswerable", None)
        return Draft(question=question, made_by=made_by, answer=None, context=_context(document, sentence))

    def twin(self, draft: Draft, candidate: Candidate) -> Draft | None:
        """A draft that resembles one of those so far and whose answer no sentence hints at.

        None while there are enough of them, and when nothing fits.
        """
        self._untwinned.append((draft, candidate))
        if sum(self._tally.drafts.values()) < (TWIN_SHARE + 1) * (self._twins + 1) - 1:
            return None
        while self._untwinned:
            draft, candidate = self._untwinned.popleft()
            for asked in self._absent(draft, candidate):
                if twin := self.unanswerable(draft, asked, f"twin:{candidate.rule}"):
                    self._twins += 1
                    return twin
        return None

    def _absent(self, draft: Draft, candidate: Candidate) -> Iterator[str]:
        language = draft.question.language
        short = draft.answer.quote if draft.answer else ""
        about = candidate.about
        for role in _OTHER_ROLES[language] if about else ():
            if not self._hinted(set(_words(role)), ()):
                of = "" if fold(about).startswith(_OF[language].strip() or "\0") else _OF[language]
                yield _ROLE_FORMS[language].format(role=role, about=of + about)
        for cues, forms in _ATTRIBUTES if candidate.rule in {"role", "who-said"} else ():
            name = " ".join(short.split())
            if not self._hinted({fold(cue) for cue in cues}, _words(name)[-1:]):
                yield forms[language].format(name=name)

    def _hinted(self, cues: set[str], beside: Iterable[str]) -> bool:
        """Whether a sentence with these words has one of the cues."""
        needed = set(beside)
        return any(needed <= sentence and cues & sentence for sentence in self._sentences_of)

    def _is_new(self, question: str, *, known: bool = False) -> bool:
        key = tuple(_words(question))
        if known or key in self._asked:
            self._tally.dropped["asked already"] += 1
            return False
        self._asked.add(key)
        return True

    def drop(self, reason: str) -> None:
        """Count something that is no draft."""
        self._tally.dropped[reason] += 1


def sentences_of(document: Document) -> Iterator[tuple[Span, str | None]]:
    """Where the sentences outside boilerplate stand, with their languages."""
    for sentence in document.sentences:
        yield sentence.span, sentence.language


def _question(document: Document, sentence: Span, asked: str, kind: str, nugget: Nugget | None) -> GoldQuestion:
    language = next((each.language for each in document.sentences if each.span == sentence), None)
    return GoldQuestion(
        id=_identity(document.source.id, asked),
        split="dev" if hashlib.sha256(document.source.id.encode()).digest()[0] % 2 else "test",
        language=language or document.source.language or "und",
        question=asked,
        kind=kind,
        near=nugget is None,
        status="unanswerable" if nugget is None else "answered",
        nuggets=() if nugget is None else (nugget,),
    )


def _identity(document: str, question: str) -> str:
    digest = hashlib.sha256(f"{document}\n{question}".encode("utf-8", "replace")).hexdigest()
    return f"d-{digest[:12]}"


def _context(document: Document, sentence: Span) -> GoldSpan:
    """From the sentence before to the one after, boilerplate between them included."""
    spans = [each.span for each in document.sentences]
    place = spans.index(sentence)
    first, last = spans[max(0, place - 1)], spans[min(len(spans) - 1, place + 1)]
    return _gold_span(document, Span(first.start, last.end))


def _gold_span(document: Document, span: Span) -> GoldSpan:
    return GoldSpan(document=document.source.id, start=span.start, end=span.end, quote=span.of(document.text))


def _key(text: str) -> str:
    return " ".join(fold(text).split())


def _words(text: str) -> list[str]:
    folded = fold(text)
    return [span.of(folded) for span in words(folded)]
