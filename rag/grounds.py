"""What a suite is measured on: its corpora, indexed and open for questions."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from rag import __version__, opening, syncing
from rag.answerers import Answerer
from rag.answerers.extractive import ExtractiveAnswerer
from rag.cases import Library, Reference
from rag.config import Settings
from rag.documents import Span
from rag.embedding import Embedder, Vectors, open_embedder
from rag.errors import UsageError
from rag.gold import GoldQuestion, read_gold
from rag.index import Index
from rag.opening import Progress, Tell
from rag.reader import Reader
from rag.scrutiny import similarity_by
from rag.speakers import Speakers
from rag.suite import Corpus, Suite
from rag.trials import Task, documents_digest, package_digest, trial_key
from rag.workspace import Workspace

FOLDER = "evals"
"""Below RAG_HOME: the indexes of corpora that bring their own documents, and the trials that were kept."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A corpus, ready to be asked.

    Attributes:
        corpus: Its description in the suite.
        workspace: Answers over its documents.
        references: Its questions, by id, in the order of the gold.
        library: Its documents.
        tasks: Its questions, with the keys of their trials.
    """

    corpus: Corpus
    workspace: Workspace
    references: Mapping[str, Reference]
    library: Library
    tasks: Sequence[Task]


class RememberingEmbedder:
    """An embedder that embeds no passage twice, for the many copies of a corpus that differ in a few documents.

    Attributes:
        name: The other embedder's, and so is everything else.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[tuple[str, tuple[Span, ...]], tuple[Vectors, Vectors]] = {}
        self.name = embedder.name
        self.dimensions = embedder.dimensions
        self.budget_tokens = embedder.budget_tokens
        self.count_tokens = embedder.count_tokens
        self.embed_question = embedder.embed_question

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of passages and of the sentences in them, as ``rag.embedding.Embedder`` describes."""
        keys = [(text, tuple(spans)) for text, spans in zip(texts, sentences, strict=True)]
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        if new:
            rows, inner = self._embedder.embed_passages([text for text, _ in new], [spans for _, spans in new])
            self._known.update(zip(new, zip(rows, inner, strict=True), strict=True))
        rows = np.array([self._known[key][0] for key in keys], np.float32).reshape(len(keys), self.dimensions)
        return rows, [self._known[key][1] for key in keys]


class Bench:
    """The parts that answer, opened once for all corpora; a context manager.

    Attributes:
        system: What is measured: answerer, prompt, judge, embedder, k, the package's version and digest; once a corpus
            was opened, the digests of its documents and gold, too.
    """

    def __init__(
        self,
        suite: Suite,
        settings: Settings,
        *,
        embedder: Embedder | None = None,
        answering: Callable[[Index], Answerer] | None = None,
    ) -> None:
        """Opens the models.

        Args:
            suite: Says how many passages are retrieved.
            settings: Name the model, if any, and where indexes are.
            embedder: That of the settings when None.
            answering: Makes what answers over an index; what the settings say when None.

        Raises:
            UsageError: The settings name a model that cannot be used.
            ModelError: A key is missing, or recordings cannot be read.
        """
        self.settings = settings
        self._held = ExitStack()
        self._embedder = embedder or open_embedder(settings)
        self._remembering = RememberingEmbedder(self._embedder)
        self._speakers = None if answering is not None else Speakers.open(settings)
        if self._speakers is not None:
            self._held.enter_context(self._speakers)
        self._answering = answering or self._spoken_by()
        judge = None if self._speakers is None else self._speakers.judge_spec
        self.system: dict[str, str] = {
            "judge": judge.name if judge is not None else "",
            "embedder": self._embedder.name,
            "k": str(suite.k or settings.k),
            "version": __version__,
            "code": package_digest(),
        }

    def _spoken_by(self) -> Callable[[Index], Answerer]:
        """What makes the answerer of the settings."""
        if self._speakers is not None:
            answerer = self._speakers.answerer(similarity_by(self._embedder))
            return lambda index: answerer
        reader = Reader(threads=self.settings.threads)
        return lambda index: ExtractiveAnswerer(index, reader, similarity=similarity_by(index.embedder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    @contextmanager
    def ground(self, suite: Suite, corpus: Corpus, *, tell: Tell, progress: Progress) -> Iterator[Ground]:
        """A corpus, its documents indexed first.

        The documents that the suite names get an index of their own below RAG_HOME; without any, the index in RAG_HOME
        is brought up to date, or made from RAG_CORPUS, as ``rag index`` would.

        Raises:
            UsageError: The gold cannot be read or does not fit the documents, or a folder does not exist.
            NoIndexError: There is no index, and nothing to make one from.
        """
        gold = suite.beside(corpus.gold)
        questions = [each for each in read_gold(gold) if not suite.splits or each.split in suite.splits]
        if not questions:
            raise UsageError(f"{str(gold)!r} has no question of the splits {suite.splits!r}.", "Correct splits.")
        paths = [suite.beside(path) for path in corpus.documents]
        settings = self.settings
        if paths:
            home = settings.home / FOLDER / f"{suite.name}-{corpus.name}-{_digest(*map(str, paths))[:8]}"
            settings = self._apart(home)
        self._sync(settings, paths, tell, progress)
        with self._opened(settings) as opened:
            library = Library.of(opened.index, questions, corpus.origins)
            documents = documents_digest(opened.index)
            self.system |= {"answerer": opened.answerer.name, "prompt": getattr(opened.answerer, "prompt", None) or ""}
            self.system[f"documents {corpus.name}"] = documents
            self.system[f"gold {corpus.name}"] = _digest(gold.read_text("utf-8"))[:16]
            yield Ground(
                corpus,
                opened,
                {question.id: Reference(question, library) for question in questions},
                library,
                [self._task(question, corpus.name, documents) for question in questions],
            )

    @contextmanager
    def copy(self, ground: Ground, texts: Mapping[str, str | None]) -> Iterator[tuple[Workspace, list[Task]]]:
        """A workspace over a copy of a corpus in which some documents are others, or gone, and its questions."""
        with tempfile.TemporaryDirectory(prefix="rag-eval-") as name:
            folder = Path(name) / "documents"
            kept = {document: text for document, text in {**ground.library.texts, **texts}.items() if text is not None}
            for document, text in kept.items():
                path = folder / document
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
            settings = self._apart(Path(name) / "home")
            syncing.sync(settings, self._remembering, sorted(folder.iterdir()))
            with self._opened(settings) as opened:
                documents = documents_digest(opened.index)
                yield opened, [self._task(task.question, task.corpus, documents) for task in ground.tasks]

    def _apart(self, home: Path) -> Settings:
        """The settings of an index that nobody else sees: in this folder, its vectors too."""
        return self.settings.model_copy(update={"home": home, "chroma_url": None})

    def _task(self, question: GoldQuestion, corpus: str, documents: str) -> Task:
        steady = {name: value for name, value in self.system.items() if " " not in name}
        return Task(question, corpus, trial_key(question, steady, documents))

    def _sync(self, settings: Settings, paths: Sequence[Path], tell: Tell, progress: Progress) -> None:
        missing = next((path for path in paths if not path.exists()), None)
        if missing is not None:
            raise UsageError(f"The suite's documents {str(missing)!r} do not exist.", "Correct documents in the suite.")
        report = opening.sync(settings, paths, progress=progress, embedder=self._embedder)
        for failure in report.failed:
            tell(f"Not indexed: {failure.name}: {failure.message}")

    @contextmanager
    def _opened(self, settings: Settings) -> Iterator[Workspace]:
        with Index.open(settings, self._embedder) as index:
            yield Workspace(settings, index, self._answering(index), speakers=self._speakers)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogateescape")).hexdigest()
