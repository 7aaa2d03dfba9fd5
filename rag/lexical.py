"""Words: BM25 over stems, in tantivy. The only module that imports it.

Texts are analysed here, by ``rag.text.stems`` in the passage's own language, and reach tantivy as stems with spaces
between them. Tantivy's segment files are never changed once written, so a copy of an index shares them by hard links.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import tantivy

from rag import text
from rag.errors import IndexDamagedError, StorageError
from rag.layout import REPAIR

_HEAP_BYTES = 30_000_000
_FIELD = "stems"
_FREQUENCIES = "freq"
_CHANGED_IN_PLACE = (".json", ".lock")
_FULL = ("No space left", "StorageFull", "os error 28", "File too large", "Quota")
_REFUSED = ("Permission denied", "PermissionDenied", "Read-only file system", "ReadOnlyFilesystem")


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError) as error:
        message = str(error)
        if any(sign in message for sign in _FULL):
            raise StorageError(f"The disk is full: {str(folder)!r}.", "Free some space, then repeat.") from error
        if any(sign in message for sign in _REFUSED):
            raise StorageError(f"The folder {str(folder)!r} cannot be written.", "Make it writable.") from error
        raise IndexDamagedError(f"The word index is damaged: {str(folder)!r}: {message}.", REPAIR) from error


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("key", indexed=True, fast=True)
    builder.add_text_field(_FIELD, tokenizer_name="whitespace", index_option=_FREQUENCIES)
    return builder.build()


def copy(old: Path, new: Path) -> None:
    """Makes new a copy of the word index in old; unchanging files are shared where the file system can."""
    new.mkdir()
    for path in old.iterdir():
        if path.name.endswith(".lock"):
            continue
        try:
            if path.name.endswith(_CHANGED_IN_PLACE):
                shutil.copyfile(path, new / path.name)
            else:
                os.link(path, new / path.name)
        except OSError:
            shutil.copyfile(path, new / path.name)


class Words:
    """A word index that is read. One thread at a time may use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with _translated(folder):
            if not tantivy.Index.exists(str(folder)):
                raise ValueError("there is no index in the folder")
            self._index = tantivy.Index.open(str(folder))
            self._schema = self._index.schema
            self._searcher = self._index.searcher()

    @property
    def count(self) -> int:
        """How many passages the index holds."""
        return int(self._searcher.num_docs)

    def keys(self) -> list[int]:
        """The key of every passage, in no order."""
        with _translated(self._folder):
            found = self._searcher.search(tantivy.Query.all_query(), max(1, self.count), count=False)
            return self._keys(found.hits)

    def nearest(self, stems: Sequence[str], n: int, among: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """The passages that share stems with a question, with their BM25 scores, best first.

        Args:
            stems: The question's stems; one that occurs twice counts once.
            n: At most so many.
            among: Only passages with these keys; None means all.
        """
        if not stems or self.count == 0:
            return []
        with _translated(self._folder):
            terms = [
                tantivy.Query.term_query(self._schema, _FIELD, stem, _FREQUENCIES) for stem in dict.fromkeys(stems)
            ]
            query = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
            if among is not None:
                inside = tantivy.Query.term_set_query(self._schema, "key", list(among))
                query = tantivy.Query.boolean_query(
                    [(tantivy.Occur.Must, query), (tantivy.Occur.Must, tantivy.Query.boost_query(inside, 0.0))]
                )
            hits = self._searcher.search(query, min(n, self.count), count=False).hits
            return list(zip(self._keys(hits), (float(score) for score, _ in hits), strict=True))

    def document_frequency(self, stem: str) -> int:
        """How many passages have a stem; those removed lately may still count."""
        with _translated(self._folder):
            return int(self._searcher.doc_freq(_FIELD, stem))

    def _keys(self, hits: Sequence[tuple[object, tantivy.DocAddress]]) -> list[int]:
        values = self._searcher.fast_field_values("key", [address for _, address in hits])
        return [int(key) for key in values if key is not None]


class WordsWriter:
    """A word index that is written: nothing counts until ``commit``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with _translated(folder):
            folder.mkdir(exist_ok=True)
            self._index = tantivy.Index(_schema(), str(folder))
            self._writer = self._index.writer(_HEAP_BYTES, 1)

    def add(self, passages: Iterable[tuple[int, str | None, str, str]]) -> None:
        """Adds passages: key, language, title and text."""
        with _translated(self._folder):
            for key, language, title, passage in passages:
                stems = [*text.stems(title, language), *text.stems(passage, language)]
                self._writer.add_document(tantivy.Document(key=key, **{_FIELD: " ".join(stems)}))

    def delete(self, keys: Iterable[int]) -> None:
        """Removes passages; keys that are not there do not matter."""
        with _translated(self._folder):
            for key in keys:
                self._writer.delete_documents_by_term("key", key)

    def commit(self) -> None:
        """Writes everything to disk and ends the writer."""
        with _translated(self._folder):
            self._writer.commit()
            self._writer.wait_merging_threads()


def question_stems(question: str, languages: Sequence[str | None]) -> list[str]:
    """The stems to look a question up by, each once: analysed in every given language.

    Function words of the one language that the question has most of them in are left out, unless nothing else remains.
    (A word may be one language's function word and another's noun: French "car" is "because".)

    Args:
        question: The question.
        languages: The languages of the index, the most frequent first.
    """
    found = [span.of(question) for span in text.words(question)]
    folded = [text.fold(word) for word in found]
    counts = Counter({code: sum(word in stop for word in folded) for code, stop in text.STOP_WORDS.items()})
    most = max(counts.values(), default=0)
    likely = [code for code in (*(code for code in languages if code), *counts) if counts[code] == most]
    stop_words = text.STOP_WORDS.get(likely[0], frozenset()) if likely else frozenset()
    kept = " ".join(word for word, plain in zip(found, folded, strict=True) if plain not in stop_words)
    analysed = kept or " ".join(found)
    stems = [stem for language in (languages or [None]) for stem in text.stems(analysed, language)]
    return list(dict.fromkeys(stems))
