"""Changes to the manifest: documents are staged as they are read, then published together as one generation."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rag.documents import Chunk, Document
from rag.embedding import Vectors
from rag.origins import fingerprint
from rag.packing import pack_dates, pack_sentences
from rag.scanning import File, Root
from rag.sources import Entry, Sources


@dataclass(slots=True)
class Prepared:
    """A document that was read and cut, on its way into the manifest.

    Attributes:
        file: Where it comes from.
        document: The document.
        chunks: Its passages.
        content: The row it gets; None until its first passages are staged.
    """

    file: File
    document: Document
    chunks: list[Chunk]
    content: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A run of passages of one document, with their vectors.

    Attributes:
        prepared: The document.
        chunks: The passages, in order.
        vectors: ``(len(chunks), dimensions)``.
        sentence_vectors: One array for each passage.
        last: Whether the document ends here.
    """

    prepared: Prepared
    chunks: Sequence[Chunk]
    vectors: Vectors
    sentence_vectors: Sequence[Vectors]
    last: bool


@dataclass(slots=True)
class Plan:
    """What the next generation changes.

    Attributes:
        staged: Rows of documents from a killed run that are still right.
        moves: Files whose text is indexed already under a name that is gone, and that text's row.
        dead: Rows of documents that are replaced or gone.
        touched: Documents whose file has the same bytes but another time.
        failures: Files that could not be read, so that they are not taken for news until they change.
    """

    staged: list[int] = field(default_factory=list)
    moves: list[tuple[File, int]] = field(default_factory=list)
    dead: list[int] = field(default_factory=list)
    touched: list[tuple[Entry, File]] = field(default_factory=list)
    failures: list[File] = field(default_factory=list)


def recover(sources: Sources) -> None:
    """Undoes what a killed run left half done, and removes what no reader needs any more."""
    values = {"generation": sources.generation()}
    with sources.transaction():
        sources.execute("UPDATE documents SET died = NULL WHERE died > :generation", values)
        sources.execute("UPDATE documents SET born = NULL WHERE born > :generation", values)
        sources.execute("DELETE FROM documents WHERE died <= :generation", values)
        # A rename that was not published: its text belongs to the old name again.
        sources.execute(
            """DELETE FROM documents WHERE born IS NULL
               AND content IN (SELECT content FROM documents WHERE born IS NOT NULL)"""
        )
        sources.execute("DELETE FROM contents WHERE id NOT IN (SELECT content FROM documents)")
        sources.execute("DELETE FROM days WHERE content NOT IN (SELECT id FROM contents)")
        sources.execute(
            "DELETE FROM vectors WHERE key IN (SELECT key FROM passages WHERE content NOT IN (SELECT id FROM contents))"
        )
        sources.execute("DELETE FROM passages WHERE content NOT IN (SELECT id FROM contents)")


def set_roots(sources: Sources, roots: Sequence[Root]) -> None:
    """Remembers which folders and files are indexed."""
    with sources.transaction():
        sources.execute("DELETE FROM roots")
        sources.execute_many(
            "INSERT INTO roots (label, path, folder) VALUES (?, ?, ?)",
            [(root.label, os.fsencode(root.path), root.folder) for root in roots],
        )


def stage(sources: Sources, parts: Iterable[Part]) -> list[int]:
    """The keys of the passages of some parts, in order, once they are on disk; readers do not see them yet."""
    keys: list[int] = []
    with sources.transaction():
        for part in parts:
            prepared = part.prepared
            if prepared.content is None:
                prepared.content = _insert_content(sources, prepared.document)
            keys += _insert_passages(sources, prepared.content, part)
            if part.last:
                sources.execute("DELETE FROM documents WHERE born IS NULL AND name = ?", (prepared.file.name,))
                _insert_document(sources, prepared.file, prepared.content, None)
    return keys


def _insert_content(sources: Sources, document: Document) -> int:
    source = document.source
    content = sources.insert(
        "contents",
        sha256=source.sha256,
        language=source.language,
        title=source.title,
        author=source.author,
        dates=pack_dates(source.dates),
        encoding=source.encoding,
        fingerprint=fingerprint(document),
        boilerplate=json.dumps([(span.start, span.end) for span in document.boilerplate]),
        sentences=pack_sentences(document.sentences),
        text=document.text,
    )
    days = {date.value.isoformat() for date in source.dates if date.value}
    sources.execute_many("INSERT INTO days (content, day) VALUES (?, ?)", [(content, day) for day in sorted(days)])
    return content


def _insert_passages(sources: Sources, content: int, part: Part) -> list[int]:
    keys = []
    for chunk, vector, inner in zip(part.chunks, part.vectors, part.sentence_vectors, strict=True):
        key = sources.insert(
            "passages",
            content=content,
            language=chunk.language,
            start=chunk.span.start,
            end=chunk.span.end,
            sentences=pack_sentences(chunk.sentences),
            text=chunk.text,
            sentence_vectors=np.asarray(inner, np.float16).tobytes(),
        )
        sources.insert("vectors", key=key, vector=np.asarray(vector, np.float32).tobytes())
        keys.append(key)
    return keys


def _insert_document(sources: Sources, file: File, content: int, born: int | None) -> None:
    sources.insert(
        "documents",
        name=file.name,
        root=file.root,
        path=os.fsencode(file.path),
        size=file.size,
        mtime_ns=file.mtime_ns,
        content=content,
        born=born,
    )


def mark(sources: Sources, plan: Plan, generation: int) -> None:
    """Gives the rows of the coming generation their number; readers of the present one still see no change."""
    with sources.transaction():
        staged = json.dumps(plan.staged)
        sources.execute(
            "UPDATE documents SET born = :g WHERE born IS NULL AND id IN (SELECT value FROM json_each(:ids))",
            {"g": generation, "ids": staged},
        )
        sources.execute("DELETE FROM documents WHERE born IS NULL")
        for file, content in plan.moves:
            _insert_document(sources, file, content, generation)
        sources.execute(
            "UPDATE documents SET died = :g WHERE id IN (SELECT value FROM json_each(:ids))",
            {"g": generation, "ids": json.dumps(plan.dead)},
        )


def note(sources: Sources, plan: Plan, below: Sequence[str]) -> None:
    """Remembers files that were touched and files that failed, in place of earlier failures below the same roots."""
    with sources.transaction():
        sources.execute_many(
            "UPDATE documents SET size = ?, mtime_ns = ?, path = ?, root = ? WHERE id = ?",
            [(f.size, f.mtime_ns, os.fsencode(f.path), f.root, entry.row) for entry, f in plan.touched],
        )
        sources.execute(
            """DELETE FROM failures WHERE EXISTS (SELECT 1 FROM json_each(?) j
               WHERE name = j.value OR substr(name, 1, length(j.value) + 1) = j.value || '/')""",
            (json.dumps(list(below)),),
        )
        sources.execute_many(
            "INSERT OR REPLACE INTO failures (name, size, mtime_ns) VALUES (?, ?, ?)",
            [(file.name, file.size, file.mtime_ns) for file in plan.failures],
        )


def staged_names(sources: Sources) -> dict[str, Entry]:
    """The documents that a killed run had finished, by id."""
    return {entry.name: entry for entry in sources.entries(None)}
