"""Every deliberate error of the package, as one tree.

    RagError                    exit code 1
    ├── UsageError              2   the command, a setting or the question itself is wrong
    │   └── QuestionError           an empty or oversized question
    ├── NoIndexError            4   there is nothing to search yet
    ├── DocumentError           1   one file cannot be read; the others go on
    ├── IndexLockedError        1   another process is writing (retryable)
    ├── IndexMismatchError      1   the index was made by another embedder or chunker
    ├── IndexDamagedError       1   the index cannot be read and must be rebuilt
    ├── HistoryDamagedError     1   the questions of the past cannot be read
    ├── StorageError            1   the disk is full, or the folder cannot be written
    │   └── VectorServerError       the Chroma server of RAG_CHROMA_URL failed (retryable)
    ├── EmbeddingError          1   the embedding model or its server failed
    └── ModelError              1   the language model or its server failed
        ├── ContextOverflowError    what was sent is longer than the model can read
        ├── ModelOutputError        it answered, and the answer cannot be used
        ├── ModelLimitError         the time, tokens or cost allowed for a question are used up
        └── RecordingError          a recorded answer is missing, or was recorded for something else

A quote that is not found, an abstention and an empty retrieval are values, never errors.
"""

from __future__ import annotations


class RagError(Exception):
    """What happened, with the value that caused it, and what to do about it.

    Attributes:
        message: One sentence that says what happened, ending in a full stop.
        hint: What to do next, with the exact command where there is one; None when nothing helps.
        retryable: Whether the same call may succeed later without any change.
        exit_code: The exit code of a command that ends with this error.
    """

    exit_code = 1
    retryable = False

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RagError):
    """The command line, a setting or an input is wrong; nothing was done."""

    exit_code = 2


class QuestionError(UsageError):
    """The question cannot be asked: it is empty, has no words or is too long."""


class NoIndexError(RagError):
    """There is no index to search, and nothing to make one from."""

    exit_code = 4


class DocumentError(RagError):
    """One file cannot be read as a document; the other files are not affected."""


class IndexLockedError(RagError):
    """Another process is writing the index."""

    retryable = True


class IndexMismatchError(RagError):
    """The index was made by another embedder or chunker than the one now configured."""


class IndexDamagedError(RagError):
    """A part of the index is missing or unreadable."""


class HistoryDamagedError(RagError):
    """The file with the questions of the past is damaged, or is none."""


class StorageError(RagError):
    """The index cannot be written: the disk is full or the folder is read-only."""


class VectorServerError(StorageError):
    """The Chroma server named by RAG_CHROMA_URL does not answer, or refused."""

    retryable = True


class EmbeddingError(RagError):
    """The embedding model cannot be loaded, or its server refused or failed."""

    def __init__(self, message: str, hint: str | None = None, *, retryable: bool = False) -> None:
        super().__init__(message, hint)
        self.retryable = retryable


class ModelError(RagError):
    """The language model or its server refused, failed or cannot be reached."""

    def __init__(self, message: str, hint: str | None = None, *, retryable: bool = False) -> None:
        super().__init__(message, hint)
        self.retryable = retryable


class ContextOverflowError(ModelError):
    """What was sent is longer than the model, or its server as it was started, can read."""


class ModelOutputError(ModelError):
    """The model answered, and the answer cannot be used: refused, cut short, filtered, empty or in the wrong form."""


class ModelLimitError(ModelError):
    """The time, the tokens or the cost allowed for a question do not suffice; nothing more was sent."""


class RecordingError(ModelError):
    """A request has no recorded answer, or the recordings cannot be read or written."""
