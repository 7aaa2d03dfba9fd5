"""From files to embedded passages: what is new, read and cut ahead, and embedded in even batches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rag import chunking, loaders
from rag.documents import Chunk, Span
from rag.embedding import Embedder
from rag.errors import DocumentError
from rag.scanning import Failure, File
from rag.sources import Entry
from rag.staging import Part, Prepared

_BATCH_PASSAGES = 128
_BATCH_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be done with one file.

    Attributes:
        file: The file.
        kind: "unchanged"; "staged" by a run that was killed; "moved" from a name that is gone; "new", in bytes if not
            in name; or "failed".
        entry: The document of the manifest that has the same bytes.
        prepared: The document, when it is new.
        failure: Why it failed.
    """

    file: File
    kind: Literal["unchanged", "staged", "moved", "new", "failed"]
    entry: Entry | None = None
    prepared: Prepared | None = None
    failure: Failure | None = None

    def weight(self) -> int:
        """How much text the file brought along, in characters."""
        return len(self.prepared.document.text) if self.prepared else 1


def find(
    files: Sequence[File],
    live: Mapping[str, Entry],
    staged: Mapping[str, Entry],
    gone: Mapping[str, Entry],
    embedder: Embedder,
) -> Iterator[Found]:
    """What is to be done with each file, in order.

    Args:
        files: The files.
        live: The documents that readers see, by id.
        staged: The documents that a killed run had finished.
        gone: The documents whose file no longer exists.
        embedder: Counts the tokens of passages.
    """
    by_digest: dict[tuple[str, str], list[Entry]] = {}
    for entry in gone.values():
        by_digest.setdefault((entry.sha256, entry.path.suffix), []).append(entry)
    for file in files:
        try:
            with file.path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            if file.name in live and live[file.name].sha256 == digest:
                yield Found(file, "unchanged", live[file.name])
            elif file.name in staged and staged[file.name].sha256 == digest:
                yield Found(file, "staged", staged[file.name])
            elif same := by_digest.get((digest, file.path.suffix)):
                yield Found(file, "moved", same.pop(0))
            else:
                yield Found(file, "new", prepared=_prepare(file, embedder))
        except DocumentError as error:
            yield Found(file, "failed", failure=Failure(file.name, error.message, error.hint))
        except OSError as error:
            yield Found(file, "failed", failure=Failure(file.name, f"The file cannot be read: {error.strerror}."))


def _prepare(file: File, embedder: Embedder) -> Prepared:
    document = loaders.load(file.path, file.name)
    chunks = chunking.chunk(document, embedder.count_tokens, embedder.budget_tokens)
    return Prepared(file, document, chunks)


class Batch:
    """Passages on their way through the embedder, in batches that do not depend on where documents end."""

    def __init__(self, embedder: Embedder, hand_over: Callable[[list[Part]], None]) -> None:
        self._embedder = embedder
        self._hand_over = hand_over
        self._waiting: list[tuple[Prepared, list[Chunk], bool]] = []
        self._passages = 0
        self._characters = 0

    def add(self, prepared: Prepared) -> None:
        """Takes a document; embeds and hands over every batch that fills up."""
        run: list[Chunk] = []
        for chunk in prepared.chunks:
            run.append(chunk)
            self._passages += 1
            self._characters += len(chunk.text)
            if self._passages >= _BATCH_PASSAGES or self._characters >= _BATCH_CHARACTERS:
                self._waiting.append((prepared, run, run[-1] is prepared.chunks[-1]))
                run = []
                self.flush()
        if run or not prepared.chunks:
            self._waiting.append((prepared, run, True))
            self._characters += 0 if run else len(prepared.document.text)
            if self._characters >= _BATCH_CHARACTERS:
                self.flush()

    def flush(self) -> None:
        """Embeds and hands over what waits."""
        chunks = [chunk for _, run, _ in self._waiting for chunk in run]
        vectors, inner = self._embedder.embed_passages([chunk.text for chunk in chunks], [_inside(c) for c in chunks])
        parts, done = [], 0
        for prepared, run, last in self._waiting:
            end = done + len(run)
            parts.append(Part(prepared, run, vectors[done:end], inner[done:end], last))
            done = end
        self._waiting, self._passages, self._characters = [], 0, 0
        if parts:
            self._hand_over(parts)


def _inside(chunk: Chunk) -> list[Span]:
    """The spans of a passage's sentences, counted from its own start."""
    start = chunk.span.start
    return [Span(s.span.start - start, s.span.end - start) for s in chunk.sentences]
