"""Briefings written by hand, to lay out: over the seeds in three languages, a Chinese and an Arabic one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rag.answers import Attribution, Position, Quotation
from rag.briefings import (
    Actor,
    BottomLine,
    Briefing,
    Coverage,
    Disagreement,
    DisagreementKind,
    Event,
    Gap,
    Outlet,
    Saying,
    SourceEntry,
    Statement,
    StatementKind,
)

FILES = (
    "seeds/000_f7d27ef32518b9f8.txt", "seeds/001_8b6beadbf58827be.txt", "seeds/002_a42e3a94e18620be.txt",
    "seeds/003_ab6f8b3dd4b1febe.txt", "seeds/004_595bc8e74cc28870.txt",
)  # fmt: skip
LANGUAGES = ("fr", "en", "en", "en", "id")
AS_OF = dt.date(2026, 11, 20)


def quotation(number: int, quote: str, language: str | None = None) -> Quotation:
    """A quotation from the numbered file, in its language."""
    return Quotation(FILES[number - 1], f"{number}" * 64, 0, len(quote), quote, language or LANGUAGES[number - 1])


def statement(
    text: str, *numbers: int, origins: int = 0, kind: StatementKind = "reported", speaker: str = ""
) -> Statement:
    """A statement that the numbered files bear out."""
    spans = tuple(quotation(number, text) for number in numbers)
    said = Attribution(speaker, "statement") if speaker else None
    return Statement(text, kind, spans, origins or len(numbers), said)


def event(date: str, key: str, text: str, *numbers: int) -> Event:
    """A dated event."""
    return Event(date, key, "printed", statement(text, *numbers))


def actor(name: str, role: str, *numbers: int, also: Sequence[str] = ()) -> Actor:
    """A name and a role."""
    return Actor(name, statement(role, *numbers), tuple(also))


def conflict(about: str, kind: DisagreementKind, *sides: tuple[str, tuple[int, ...]]) -> Disagreement:
    """A matter with its positions."""
    positions = tuple(Position(text, tuple(quotation(n, text) for n in numbers)) for text, numbers in sides)
    return Disagreement(about, kind, positions)


def source(
    number: int, title: str, outlet: Outlet, *, rests_on: str = "", copy_of: int | None = None, date: str = ""
) -> SourceEntry:
    """An entry of the list of sources."""
    return SourceEntry(
        number, FILES[number - 1], f"{number}" * 64, title, LANGUAGES[number - 1], date or None,
        "updated" if date else None, outlet, quotation(number, rests_on) if rests_on else None, copy_of,
    )  # fmt: skip


SOURCES = (
    source(1, "Microsoft et Xiaomi ont signé un protocole d’accord (MoU) pour travailler en étroite …", "news"),
    source(2, "Microsoft and Xiaomi are partnering to make AI-powered speakers, smartphones, and more", "blog", copy_of=1),
    source(3, "Microsoft, Xiaomi sign collaboration pact for AI, cloud computing services", "trade",
           rests_on="according to a statement that Microsoft provided to TechCrunch"),
    source(4, "Xiaomi Microsoft", "blog", rests_on="said in a statement"),
    source(5, "Setelah menandatangani MoU, Microsoft dan Xiaomi mengumumkan jika keduanya akan …", "blog",
           rests_on="Microsoft, melalui situs web resminya", date="2019-12-24"),
)  # fmt: skip

SAYINGS = (
    Saying(quotation(3, "We have signed a Strategic MoU today with @Microsoft to collaborate in cloud support, AI and "
                        "laptop-type devices."), "Wang Xiang"),
    Saying(quotation(4, "Microsoft’s unique strengths and experience in AI, as well as our products like Azure, will "
                        "enable Xiaomi to develop more cutting-edge technology for everyone around the world"),
           "Harry Shum"),
    Saying(quotation(1, "technologies de pointe de Microsoft dans le cloud computing et l’IA"), "Xiaomi"),
)  # fmt: skip

ENGLISH = Briefing(
    title="Microsoft–Xiaomi: the February memorandum",
    question="What did Microsoft and Xiaomi agree, and what is firm?",
    language="en",
    as_of=AS_OF,
    bottom_line=BottomLine(
        (
            statement("Microsoft and Xiaomi signed a memorandum on cloud, AI and laptop-type devices.", 1, 3, 5),
            statement("It is not legally binding, and no source gives financial terms.", 1, 2, 4),
        ),
        "moderate",
        "core terms in 4 independent origins; details rest on one statement by Microsoft and on blogs",
    ),
    facts=(
        statement("Xiaomi will use Microsoft Azure for data storage, compute and other services.", 3, 4, 5),
        statement("Microsoft will help market Xiaomi laptops and laptop-type devices.", 3, 4, 5),
        statement("Putting Cortana into the Mi AI speaker is under discussion, not agreed.", 1, 3, 5),
        statement("AI areas named: computer vision, speech, natural language processing, text input, knowledge graph "
                  "and search.", 3, 5),
        statement("Xiaomi bought and licensed 1,500 patents from Microsoft in 2016.", 3),
        statement("Xiaomi sold 92.4 million phones in the year before the deal.", 1, 2, origins=1),
        statement("The same week, Xiaomi signed an AI partnership with Naver.", 3),
        statement("A report on Xiaomi’s IPO put its value at US$100 billion.", 5),
    ),
    timeline=(
        event("2015", "2015", "Agreement to test Windows 10 on Xiaomi devices", 1, 4),
        event("2015", "2015", "Azure powers Mi Cloud", 5),
        event("2016", "2016", "1,500 patents bought; Office and Skype preinstalled", 3, 4, 5),
        event("February 23", "--02-23", "Wang Xiang announces the memorandum", 3),
    ),
    actors=(
        actor("Wang Xiang", "Global Senior Vice President and Head of International Business at Xiaomi", 3, 4),
        actor("Harry Shum", "executive vice president of Microsoft’s Artificial Intelligence and Research Group", 4),
        actor("Xiaomi", "Chinese phone vendor", 3, 4, also=["小米"]),
        actor("Naver", "South Korean search giant", 3),
    ),
    agreements=(
        statement("A memorandum was signed; Azure, laptops and AI services are in its scope.", 1, 3, 4, 5, origins=4),
        statement("The deal is a memorandum and not legally binding.", 1, 2, 4, origins=2),
    ),
    disagreements=(
        conflict("How firm is Cortana in speakers?", "emphasis", ("under discussion", (1, 3, 5)),
                 ("“the main objective of this agreement”", (4,))),
        conflict("What was the first deal, in 2015?", "scope", ("tests of Windows 10", (1, 4)),
                 ("Azure for Mi Cloud", (5,))),
        conflict("Xiaomi’s rank among phone makers", "scope", ("fifth in the world", (1, 2)),
                 ("fourth in China", (3,))),
    ),
    gaps=(
        Gap("Whether any money changes hands.", "stated", (quotation(1, "clauses financières"), quotation(4, "finances"))),
        Gap("Dates, products or volumes for anything that is planned.", "absent"),
        Gap("The year of the memorandum: no article states it.", "absent"),
    ),
    sayings=SAYINGS,
    sources=SOURCES,
    origins=4,
    considered=5,
    documents=5,
    coverage=Coverage(23, 23),
)  # fmt: skip
