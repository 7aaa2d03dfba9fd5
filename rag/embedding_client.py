"""The embedder behind OpenAI's protocol; openai is imported when it is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from rag import tokens
from rag.documents import Span
from rag.errors import EmbeddingError
from rag.text import encodable

if TYPE_CHECKING:
    import tiktoken
    from openai import APIStatusError, OpenAI

Vectors = NDArray[np.float32]

_LONGEST_BYTES = 8_000  # OpenAI's models read 8,191 tokens, and no text has more tokens than bytes
_BATCH_TEXTS = 64
_BATCH_BYTES = 100_000
_DEFAULT_URL = "https://api.openai.com/v1"
_KEY_HINT = "Set RAG_EMBEDDER_API_KEY to the server's key, or use the embedded model: RAG_EMBEDDER=minilm"
_URL_HINT = "Start the server or set RAG_EMBEDDER_BASE_URL to it, or use the embedded model: RAG_EMBEDDER=minilm"
_MODEL_HINT = "Check the model in RAG_EMBEDDER and the address in RAG_EMBEDDER_BASE_URL."
_AGAIN_HINT = "Try again in a while; what is already indexed is kept."


class OpenAIEmbedder:
    """A model behind OpenAI's embeddings protocol: OpenAI itself, or llama.cpp, Ollama, vLLM, LM Studio and others.

    Passages and sentences are embedded one by one, in batches; texts are cut at 8,000 bytes, and a text without a
    visible character is not sent but gets the first axis. Failures that may pass are retried twice by the client.
    Instances may be shared by threads.

    Tokens are counted exactly when the model's ranks file is already in tiktoken's cache (``TIKTOKEN_CACHE_DIR``), and
    as UTF-8 bytes otherwise, which no byte-level tokenizer exceeds; the budget allows for that. Nothing is downloaded.

    Attributes:
        name: "openai/" and the model; the server is not part of it.
    """

    def __init__(
        self, model: str, base_url: str | None = None, api_key: str | None = None, *, timeout_s: float = 60
    ) -> None:
        """Connects to nothing.

        Args:
            model: As the server calls it.
            base_url: Of the server, with the version ("http://127.0.0.1:8080/v1"); by default
                ``OPENAI_BASE_URL`` or OpenAI itself.
            api_key: ``OPENAI_API_KEY`` by default; a server that needs none gets "not-needed".
            timeout_s: How long the server may be silent.

        Raises:
            EmbeddingError: The key has characters that cannot be sent.
        """
        if api_key is not None and not re.fullmatch(r"[!-~]+", api_key):
            raise EmbeddingError("The key of the embedding server has characters that cannot be sent.", _KEY_HINT)
        self.name = f"openai/{model}"
        self._model = model
        self._base_url = base_url
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._dimensions: int | None = None

    @property
    def dimensions(self) -> int:
        """Length of every vector; asks the server when nothing has been embedded yet."""
        if self._dimensions is None:
            self._request(["dimensions"])
        assert self._dimensions is not None  # noqa: S101
        return self._dimensions

    @property
    def budget_tokens(self) -> int:
        """128 tokens when they can be counted; else 512 bytes, which are about as many."""
        return 512 if self._encoding is None else 128

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text or, when they cannot be counted, its UTF-8 bytes: never too few."""
        if self._encoding is None:
            return [len(encodable(text).encode()) for text in texts]
        return [len(ids) for ids in self._encoding.encode_ordinary_batch([encodable(text) for text in texts])]

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of passages and of the sentences in them, as ``Embedder`` describes.

        Raises:
            EmbeddingError: The server refused, failed or answered with something else than vectors.
        """
        inner = [[span.of(text) for span in spans] for text, spans in zip(texts, sentences, strict=True)]
        different = list(dict.fromkeys([*texts, *(sentence for group in inner for sentence in group)]))
        place = {text: number for number, text in enumerate(different)}
        vectors = self._embed(different)
        return vectors[[place[text] for text in texts]], [vectors[[place[s] for s in group]] for group in inner]

    def embed_question(self, text: str) -> Vectors:
        """The question's vector: ``(dimensions,)``, float32, unit length.

        Raises:
            EmbeddingError: As ``embed_passages``.
        """
        vector: Vectors = self._embed([text])[0]
        return vector

    def _embed(self, texts: list[str]) -> Vectors:
        """A unit vector for each text, in order."""
        cut = [encodable(text).encode()[:_LONGEST_BYTES].decode(errors="ignore") for text in texts]
        visible = [number for number, text in enumerate(cut) if text.strip()]
        batches = list(_batches(visible, [len(text.encode()) for text in cut]))
        answers = [self._request([cut[number] for number in batch]) for batch in batches]
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        vectors[:, 0] = 1
        for batch, answer in zip(batches, answers, strict=True):
            vectors[batch] = answer
        return vectors

    def _request(self, texts: list[str]) -> Vectors:
        """Vectors of one batch; the first one fixes the dimensions."""
        import openai

        client = self._client
        try:
            response: Any = client.embeddings.create(model=self._model, input=texts, encoding_format="float")
            items = _in_order(response)
        except openai.APIError as error:
            raise self._translated(error) from error
        except Exception as error:  # a body cut off or not JSON raises what the HTTP library raises
            message = f"The embedding server at {self._where} gave an answer that cannot be read."
            raise EmbeddingError(message, _MODEL_HINT, retryable=True) from error
        vectors = self._checked(items, len(texts))
        self._dimensions = vectors.shape[1]
        return vectors

    def _checked(self, items: list[Any], count: int) -> Vectors:
        """The vectors scaled to unit length, once they are as many as the texts, of one length, finite and not zero."""
        try:
            with np.errstate(over="ignore"):
                vectors = np.array(items, np.float32)
        except (TypeError, ValueError) as error:
            raise self._wrong("vectors of unequal length or without numbers") from error
        if vectors.ndim != 2 or vectors.shape[0] != count or vectors.shape[1] == 0:
            raise self._wrong(f"an array of shape {vectors.shape} for {count} texts")
        if self._dimensions not in {None, vectors.shape[1]}:
            raise self._wrong(f"vectors of {vectors.shape[1]} dimensions after some of {self._dimensions}")
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise self._wrong("vectors that are zero or not finite")
        unit: Vectors = (vectors / lengths).astype(np.float32)
        return unit

    def _wrong(self, what: str) -> EmbeddingError:
        return EmbeddingError(
            f"The embedding server at {self._where} gave {what} (model {self._model!r}).", _MODEL_HINT
        )

    def _translated(self, error: Exception) -> EmbeddingError:
        """What an openai error means to a reader; a key is never part of it."""
        import openai

        place = f"The embedding server at {self._where}"
        if isinstance(error, openai.APITimeoutError):
            return EmbeddingError(f"{place} was silent for {self._timeout_s:g} s.", _AGAIN_HINT, retryable=True)
        if isinstance(error, openai.APIConnectionError):
            return EmbeddingError(f"{place} cannot be reached or broke off.", _URL_HINT, retryable=True)
        if isinstance(error, openai.APIStatusError):
            return self._refused(place, error)
        return EmbeddingError(f"{place} gave an answer that cannot be read.", _MODEL_HINT, retryable=True)

    def _refused(self, place: str, error: APIStatusError) -> EmbeddingError:
        status = error.status_code
        if status in {401, 403}:
            return EmbeddingError(f"{place} refused the key (HTTP {status}).", _KEY_HINT)
        if status == 429 and error.code == "insufficient_quota":
            return EmbeddingError(f"{place} says that the key's quota is used up (HTTP 429).", _KEY_HINT)
        if status == 429:
            return EmbeddingError(f"{place} asks to slow down (HTTP 429).", _AGAIN_HINT, retryable=True)
        message = f"{place} answered HTTP {status} for model {self._model!r}: {self._redacted(error.message)!r}."
        passing = status in {408, 409} or status >= 500
        return EmbeddingError(message, _AGAIN_HINT if passing else _MODEL_HINT, retryable=passing)

    def _redacted(self, text: str) -> str:
        return text.replace(self._client.api_key, "[key]")[:200]

    @property
    def _where(self) -> str:
        """The server's address without user, password or query."""
        parts = urlsplit(str(self._client.base_url))
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"

    @cached_property
    def _client(self) -> OpenAI:
        import openai

        try:
            try:
                return openai.OpenAI(base_url=self._base_url, api_key=self._api_key, timeout=self._timeout_s)
            except openai.OpenAIError:  # no key here nor in OPENAI_API_KEY
                return openai.OpenAI(base_url=self._base_url, api_key="not-needed", timeout=self._timeout_s)
        except Exception as error:
            raise EmbeddingError("The address of the embedding server cannot be used.", _URL_HINT) from error

    @cached_property
    def _encoding(self) -> tiktoken.Encoding | None:
        """What counts tokens; a server of another kind hardly has a model of these names."""
        return tokens.encoding_of(f"openai:{self._model}") if self._model.startswith("text-embedding-") else None


def _in_order(response: Any) -> list[Any]:
    """The embeddings of a response in the order of the texts, as servers may answer in any."""
    return [item.embedding for item in sorted(response.data, key=lambda item: item.index or 0)]


def _batches(numbers: Sequence[int], sizes: Sequence[int]) -> Iterator[list[int]]:
    """The numbers in order, in groups that one request may carry."""
    batch: list[int] = []
    size = 0
    for number in numbers:
        if batch and (len(batch) == _BATCH_TEXTS or size + sizes[number] > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(number)
        size += sizes[number]
    if batch:
        yield batch
