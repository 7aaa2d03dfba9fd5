"""Public question sets as folders that ``rag eval`` can measure: exact text files, gold questions, and a suite.

What is kept of a set, and what is not, stands in the README.md that is written into the folder.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag import import_notes, languages, quantities, sentences
from rag.documents import Span
from rag.errors import DocumentError, UsageError
from rag.gold import GoldQuestion, GoldSpan, Nugget, gold_line
from rag.import_notes import DOCUMENTS, Imported
from rag.loaders import text as loader
from rag.question_sets import QuestionSet, RawQuestion, Troubles, clean, locate
from rag.text import fold, words

Progress = Callable[[int, int, str], None]

_NO_LANGUAGE = "und"
_NO_SLUG = re.compile(r"[\W_]+")
_PLAIN_ID = re.compile(r"[A-Za-z0-9][\w.:-]{0,79}", re.ASCII)


@dataclass(slots=True)
class _Pending:
    """A chosen question of which some texts may be still to come."""

    raw: RawQuestion
    story: str | None
    language: str
    texts: set[bytes] = field(default_factory=set)
    spans: list[GoldSpan] = field(default_factory=list)
    answers: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Written:
    """A text as it was written.

    Attributes:
        digest: Of the text.
        document: Its id; None when no file could be made of it.
        text: As cleaned.
        shift: How many characters later it begins than the set's.
        language: Of the text; None when nothing tells.
    """

    digest: bytes
    document: str | None
    text: str
    shift: int
    language: str | None


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is imported: texts by digest, and for each question's key how many texts it has."""

    texts: frozenset[bytes]
    questions: dict[bytes, int]


def import_set(
    paths: Sequence[Path],
    folder: Path,
    *,
    limit: int | None = None,
    distractors: int = 0,
    seed: int = 0,
    language: str | None = None,
    origin: str | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Writes a set as a new folder with documents/, gold.jsonl, suite.toml and README.md, all of it or nothing.

    The files are read twice. What is held grows with the number of texts and questions (some 300 bytes each), not with
    their length.

    Args:
        paths: Files in SQuAD's format, or the files or the folder of one BEIR set.
        folder: To be made; an empty one will do.
        limit: At most so many questions: texts are drawn, each with all its questions, until there are enough.
        distractors: So many further texts beside those that the questions are about.
        seed: Of the draw; the same set, limit and seed give the same folder, byte for byte.
        language: Of all questions, ISO 639-1; detected one by one when None.
        origin: Where the set comes from and its licence, for the README.
        progress: Told how much of the files was read, twice, in percent.

    Raises:
        UsageError: The files make no set or cannot be read to their end, hold no question, or the folder is not empty.
    """
    found = QuestionSet.of(paths)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{str(folder)!r} exists and is not empty.", "Name a folder that is not there yet.")
    done = Imported(folder)
    choice = _chosen(found, done, limit=limit, distractors=distractors, seed=seed, progress=progress)
    if not choice.questions:
        raise UsageError("The files hold no question that can be asked.", _first_trouble(done.troubles))
    making = _new_folder(folder)
    try:
        (making / DOCUMENTS).mkdir()
        with (making / "gold.jsonl").open("w", encoding="utf-8", newline="\n") as gold:
            for question in _Writer(making, choice, language, done).questions(found, progress):
                gold.write(gold_line(question) + "\n")
        (making / "suite.toml").write_text(import_notes.suite(folder.resolve().name), "utf-8", newline="\n")
        (making / "README.md").write_text(
            import_notes.readme(found, done, limit=limit, seed=seed, origin=origin), "utf-8", newline="\n"
        )
        making.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return done


def _new_folder(folder: Path) -> Path:
    """An empty folder beside the one to be made, which it becomes when all is written."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise UsageError(f"Cannot make {str(folder)!r}: {error.strerror}.", "Name a folder elsewhere.") from error


def _chosen(
    found: QuestionSet, done: Imported, *, limit: int | None, distractors: int, seed: int, progress: Progress | None
) -> _Choice:
    """What to import; counts what cannot be used."""
    texts_of: dict[bytes, set[bytes]] = defaultdict(set)
    asked_of: dict[bytes, dict[bytes, None]] = defaultdict(dict)
    for raw in found.texts(done.troubles, _percent(progress)):
        text, shift = clean(raw.text)
        if not text.strip():
            done.troubles.add("no text", raw.id or raw.title)
            continue
        digest = _digest(text)
        keys = asked_of[digest]
        for question in raw.questions:
            if _is_usable(question, text, shift, done):
                key = _key(found, question)
                keys[key] = None
                texts_of[key].add(digest)

    def drawn(digests: Iterable[bytes]) -> list[bytes]:
        return sorted(digests, key=lambda digest: hashlib.sha256(b"%d:%b" % (seed, digest)).digest())

    chosen: Collection[bytes] = texts_of.keys() if limit is None else _first_keys(drawn(asked_of), asked_of, limit)
    taken = {digest for key in chosen for digest in texts_of[key]}
    others = (digest for digest in asked_of if digest not in taken)
    more = others if limit is None else drawn(others)[:distractors]
    return _Choice(frozenset(taken.union(more)), {key: len(texts_of[key]) for key in chosen})


def _first_keys(ordered: Iterable[bytes], asked_of: dict[bytes, dict[bytes, None]], limit: int) -> Collection[bytes]:
    keys: dict[bytes, None] = {}
    for digest in ordered:
        for key in asked_of[digest]:
            if len(keys) >= limit:
                return keys
            keys[key] = None
    return keys


def _key(found: QuestionSet, question: RawQuestion) -> bytes:
    """What makes two questions one: in BEIR the id; in SQuAD the words, so that its texts are alternatives."""
    if found.format == "beir":
        return _digest(question.id)
    return _digest(" ".join(span.of(fold(question.text)) for span in words(question.text)) or question.text)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def _is_usable(question: RawQuestion, text: str, shift: int, done: Imported) -> bool:
    """Whether an answer, if the question has some, stands in the text; counts the question otherwise."""
    if question.answers and not any(locate(text, answer, shift) for answer in question.answers):
        done.troubles.add("the answer does not stand there", f"{question.id}: {question.text[:80]}")
        return False
    return True


class _Writer:
    """Writes the chosen texts and makes the gold of the chosen questions."""

    def __init__(self, folder: Path, choice: _Choice, language: str | None, done: Imported) -> None:
        self._folder = folder
        self._choice = choice
        self._language = language
        self._done = done
        self._pending: dict[bytes, _Pending | None] = {}  # None: all of its texts were met
        self._ids: set[str] = set()

    def questions(self, found: QuestionSet, progress: Progress | None) -> Iterator[GoldQuestion]:
        """The gold questions, each as soon as the last of its texts is written."""
        documents: dict[bytes, str | None] = {}
        for raw in found.texts(Troubles(), _percent(progress)):
            text, shift = clean(raw.text)
            digest = _digest(text)
            if digest not in self._choice.texts:
                continue
            if digest not in documents:
                documents[digest] = self._write(file_name(raw.id or raw.title, digest), text)
                self._done.changed += text.count("\ufffd") - raw.text.count("\ufffd")
            written = _Written(digest, documents[digest], text, shift, languages.detect(text))
            for question in raw.questions:
                if pending := self._met(_key(found, question), question, written, raw.title):
                    yield from self._gold(pending)

    def _write(self, name: str, text: str) -> str | None:
        """The id of the document that the text was written as; None when it would not be read as the same text."""
        path = self._folder / DOCUMENTS / name
        path.write_bytes(text.encode())
        try:
            same = loader.read(path).text == text
        except DocumentError:
            same = False
        if not same:
            path.unlink()
            self._done.troubles.add("a text that would be taken for another kind of file", name)
        self._done.documents += same
        return f"{DOCUMENTS}/{name}" if same else None

    def _met(self, key: bytes, question: RawQuestion, written: _Written, title: str) -> _Pending | None:
        """The question with what the text adds to it, when this was the last of its texts."""
        expected = self._choice.questions.get(key)
        places = [place for answer in question.answers if (place := locate(written.text, answer, written.shift))]
        if expected is None or (question.answers and not places):
            return None
        if key not in self._pending:
            language = self._language or languages.of_sentence(question.text, written.language) or _NO_LANGUAGE
            story = slug(title) if title.strip() and question.answers else None
            self._pending[key] = _Pending(question, story, language)
        pending = self._pending[key]
        if pending is None or written.digest in pending.texts:
            return None
        pending.texts.add(written.digest)
        if written.document is not None and question.answerable:
            self._done.repaired += sum(not as_given for _, as_given in places)
            pending.answers.update(dict.fromkeys(span.of(written.text) for span, _ in places))
            answers = [span for span, _ in places]
            pending.spans += _gold_spans(answers, written.text, written.language, written.document)
        if len(pending.texts) < expected:
            return None
        self._pending[key] = None
        return pending

    def _gold(self, pending: _Pending) -> Iterator[GoldQuestion]:
        """The question as ours; nothing when the only texts that answer it could not be written."""
        raw, answers, asked = pending.raw, tuple(pending.answers), _one_line(pending.raw.text)
        if raw.answerable and not pending.spans:
            return
        said = f'The answer to "{asked}" is "{answers[0]}".' if answers else f'What is relevant to "{asked}".'
        nugget = Nugget(text=said, vital=True, answers=answers, spans=tuple(pending.spans))
        self._done.questions += 1
        self._done.unanswerable += not pending.spans
        self._done.languages[pending.language] += 1
        yield GoldQuestion(
            id=self._identity(raw),
            split="test",
            language=pending.language,
            question=asked,
            kind=_kind(answers, pending.language) if pending.spans else "unanswerable",
            near=not pending.spans,
            status="answered" if pending.spans else "unanswerable",
            nuggets=(nugget,) if pending.spans else (),
            story=pending.story,
        )

    def _identity(self, raw: RawQuestion) -> str:
        """An id that no other question has and that can stand anywhere."""
        digest = hashlib.sha256(raw.text.encode("utf-8", "surrogatepass")).hexdigest()
        identity = raw.id if _PLAIN_ID.fullmatch(raw.id) else f"q-{digest[:12]}"
        while identity in self._ids:
            digest = hashlib.sha256(digest.encode()).hexdigest()
            identity = f"{identity[:67]}-{digest[:12]}"
        self._ids.add(identity)
        return identity


def _gold_spans(answers: Sequence[Span], text: str, language: str | None, document: str) -> Iterator[GoldSpan]:
    """The sentences around the answers, the shortest of those that overlap; without answers every sentence."""
    taken = around = sentences.split(text, language)
    if answers:
        taken = []
        for span in sorted((_around(span, around) for span in answers), key=lambda span: (span.end - span.start, span)):
            if not any(span.overlaps(other) for other in taken):
                taken.append(span)
    for span in sorted(taken):
        yield GoldSpan(document=document, start=span.start, end=span.end, quote=span.of(text))


def _around(answer: Span, around: Sequence[Span]) -> Span:
    """From the beginning of the first sentence with a part of the answer to the end of the last."""
    held = [*(sentence for sentence in around if sentence.overlaps(answer)), answer]
    return Span(min(span.start for span in held), max(span.end for span in held))


def _kind(answers: Sequence[str], language: str) -> str:
    """What sort of answer it is: "date" or "number" when the first is that and at most a word more, or "fact"."""
    if not answers:
        return "fact"
    bare = answers[0].strip(" .,;:()")
    for quantity in quantities.find(bare, language)[:1]:
        if quantity.span.start == 0 and len(words(bare[quantity.span.end :])) <= 1:
            return "date" if quantity.kind in {"date", "year"} else "number"
    return "fact"


def slug(text: str) -> str:
    r"""The text as a part of a file name that no system objects to: letters, digits and hyphens, at most 40.

    >>> slug("../../etc/passwd"), slug("Été 2018: l’IA\0"), slug("CON")
    ('etc-passwd', 'été-2018-l-ia', 'con')
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    return _NO_SLUG.sub("-", unicodedata.normalize("NFC", plain)).strip("-")[:40].strip("-")


def file_name(name: str, digest: bytes) -> str:
    """The name of a text's file: readable, and another for every text, also where case does not count."""
    return f"{slug(name) or 'text'}-{digest.hex()[:16]}.txt"


def _one_line(text: str) -> str:
    return " ".join(clean(text)[0].split())


def _percent(progress: Progress | None) -> Callable[[int, int, str], None] | None:
    if progress is None:
        return None
    return lambda read, size, name: progress(100 * read // max(size, 1), 100, name)


def _first_trouble(troubles: Troubles) -> str:
    if not troubles.counts:
        return "SQuAD's format has data[].paragraphs[].qas[]; BEIR's has qrels with scores above 0."
    reason, examples = next(iter(troubles.examples.items()))
    return f"The first that could not be used: {reason} ({examples[0]})"
