"""The editor's desk: a topic to a verified one-page briefing."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag import changes, confidence, datelines, outlets, proofing
from rag.briefing_contract import placed_spans
from rag.briefings import BottomLine, Briefing, SourceEntry
from rag.clauses import width
from rag.documents import Document, Filter
from rag.material import Material, gather
from rag.pipeline import detect
from rag.proofing import Proved, Rules
from rag.writers import Writer

if TYPE_CHECKING:
    from rag.index import Index

LANGUAGES = ("en", "fr", "id")
"""The languages that a page has labels in."""

_WIDEST_TITLE = 110

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What page is wanted.

    Attributes:
        topic: In any words; None for everything.
        language: Of the labels, and of the statements where sources allow, one of ``LANGUAGES``; None lets the topic,
            else the documents, decide.
        as_of: The day that the page stands for.
        filter: Which documents count.
        since: A day, or an earlier page, from which changes are counted; None for none.
        allow_unverified: Whether sentences that fail are printed, marked, rather than left out.
    """

    topic: str | None
    language: str | None
    as_of: dt.date
    filter: Filter = Filter()  # noqa: RUF009 - frozen
    since: dt.date | Briefing | None = None
    allow_unverified: bool = False


def brief(index: Index, writer: Writer, order: Order, rules: Rules, *, tell: Tell = lambda _: None) -> Briefing:
    """The page; without a bottom line when the documents say nothing about the topic.

    The same index, writer and order give the same page, a model's own whims aside.

    Args:
        index: Where the documents are.
        writer: Who writes; every sentence is checked.
        order: What is wanted.
        rules: What the writer's sentences are held to.
        tell: Is told what is being done, a few words each.

    Raises:
        ModelError: The writer's or the judge's model failed.
    """
    language = order.language or spoken(index, order.topic)
    labels = language if language in LANGUAGES else "en"
    tell("reading")
    material = gather(index, order.topic, language, order.filter)
    if not material.remarks:
        return _empty(order, material, labels, writer)
    tell(f"writing from {len(material.documents)} documents")
    draft = writer.write(material)
    tell("checking every sentence")
    proved = proofing.prove(draft, material, rules)
    page = _assembled(order, material, proved, labels)
    page = dataclasses.replace(
        page, title=_clipped(draft.title), model=writer.name, prompt=writer.prompt, usage=writer.usage
    )
    return page if order.since is None else changes.added(page, order.since, material, index)


def spoken(index: Index, topic: str | None) -> str:
    """The language that a page is best written in: the topic's, else that of most passages, else English."""
    majority = next(iter(index.languages), "en")
    if topic is None:
        return majority
    found = detect(topic, index)
    return found if found in index.languages or found in LANGUAGES else majority


def _assembled(order: Order, material: Material, proved: Proved, labels: str) -> Briefing:
    """The page without its title and who wrote it."""
    bottom = None
    if proved.bottom_line:
        level, reason = confidence.assess(
            proved.bottom_line, proved.disagreements, proved.gaps, origins=material.origins, language=labels
        )
        bottom = BottomLine(proved.bottom_line, level, reason)
    page = Briefing(
        title="",
        question=order.topic,
        language=labels,
        as_of=order.as_of,
        bottom_line=bottom,
        facts=proved.facts,
        timeline=proved.timeline,
        actors=proved.actors,
        agreements=proved.agreements,
        disagreements=proved.disagreements,
        gaps=proved.gaps,
        sayings=proved.sayings,
        considered=material.considered,
        documents=material.total,
        coverage=proved.coverage,
    )
    origins = {hit.chunk.document: hit.origin for hit in material.hits}
    sources = tuple(_sources(material, page, origins))
    return dataclasses.replace(page, sources=sources, origins=len({origins[source.document] for source in sources}))


def _clipped(title: str) -> str:
    """The title, cut after a whole word with "…" when it is too wide for two lines."""
    title = " ".join(title.split())
    if width(title) <= _WIDEST_TITLE:
        return title
    kept = title[:_WIDEST_TITLE].rsplit(" ", 1)[0]
    return f"{kept.rstrip(' ,;:–-')}…"


def _empty(order: Order, material: Material, labels: str, writer: Writer) -> Briefing:
    return Briefing(
        title=_clipped(order.topic or ""),
        question=order.topic,
        language=labels,
        as_of=order.as_of,
        bottom_line=None,
        considered=material.considered,
        documents=material.total,
        model=writer.name,
    )


def _sources(material: Material, page: Briefing, origins: Mapping[str, int]) -> Iterator[SourceEntry]:
    """The documents cited, numbered in the order in which a reader meets them."""
    documents = {document.source.id: document for document in material.documents}
    first: dict[int, int] = {}
    for number, name in enumerate(dict.fromkeys(span.document for _, span, _ in placed_spans(page)), start=1):
        original = first.setdefault(origins[name], number)
        yield _entry(documents[name], number, None if original == number else original)


def _entry(document: Document, number: int, copy_of: int | None) -> SourceEntry:
    source, own = document.source, datelines.written(document)
    return SourceEntry(
        number=number,
        document=source.id,
        sha256=source.sha256,
        title=_clipped(source.title or _opening(document)),
        language=source.language or _language(document),
        date=own.value.isoformat() if own is not None and own.value is not None else None,
        date_kind=own.kind if own is not None and own.value is not None else None,
        outlet=outlets.outlet(document),
        rests_on=outlets.rests_on(document),
        copy_of=copy_of,
    )


def _opening(document: Document) -> str:
    return document.sentences[0].span.of(document.text) if document.sentences else document.source.id


def _language(document: Document) -> str | None:
    counted = Counter(sentence.language for sentence in document.sentences)
    return counted.most_common(1)[0][0] if counted else None
