"""Briefing -> Sheet: the words of a page, whatever its format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.answers import Attribution, Quotation
from rag.briefings import Actor, Briefing, Change, Coverage, Disagreement, Event, Gap, Saying, SourceEntry, Statement
from rag.pages.cleaning import clean
from rag.pages.labels import Labels, labels_of
from rag.pages.room import in_order
from rag.pages.sheet import Line, Section, Sheet, SourceLine
from rag.rendering.display import safe_name

# Longer texts end with "…". With these limits a title, a question, the bottom line and its reason always fit on a page.
_TITLE, _QUESTION, _BOTTOM_LINE, _REASON, _TEXT, _NAME, _RESTS_ON, _PATH = 120, 240, 300, 240, 520, 60, 90, 90
_MOST_NAMES = 3
_LEVELS = {"high": 3, "moderate": 2, "low": 1}
_MARKS = {
    "ar": ("«", "»"), "de": ("„", "“"), "fa": ("«", "»"), "fr": ("«\u202f", "\u202f»"), "it": ("«", "»"),
    "ja": ("「", "」"), "ru": ("«", "»"), "uk": ("«", "»"),
}  # fmt: skip
_QUOTATION_MARKS = ("“", "”")
_BROUGHT_ALONG = "“”„«»「」\"\u202f\u00a0 "


def sheet_of(briefing: Briefing, links: Mapping[str, str]) -> Sheet:
    """The page of the briefing; links tells where each document is (id -> URL)."""
    labels = labels_of(briefing.language)
    writer = _Writer(labels, {entry.document: entry.number for entry in briefing.sources})
    bottom = briefing.bottom_line
    stated = bottom.statements if bottom else ()
    lines = tuple(writer.statement(one, limit=_BOTTOM_LINE) for one in stated[:3])
    sections, sources, left_out = in_order(
        writer.sections(briefing, stated[3:]), lines, [writer.source(one, links) for one in briefing.sources], labels
    )
    return Sheet(
        labels=labels,
        title=clean(briefing.title, _TITLE) or labels.words["title"],
        question=labels.say("question", question=clean(briefing.question, _QUESTION)) if briefing.question else "",
        facts=_facts(briefing, labels),
        coverage=_coverage(briefing.coverage, labels),
        complete=briefing.coverage.verified == briefing.coverage.sentences,
        bottom_line=lines or (Line(labels.words["silent"], labels.language),),
        confidence=labels.say("confidence", level=labels.confidence[bottom.confidence]) if bottom else "",
        level=_LEVELS[bottom.confidence] if bottom else 0,
        reason=clean(bottom.reason, _REASON) if bottom else "",
        sections=sections,
        sources=sources,
        footer=_footer(briefing, labels),
        left_out=left_out,
        date=briefing.as_of.isoformat(),
    )


def _facts(briefing: Briefing, labels: Labels) -> tuple[str, ...]:
    day = labels.say("as_of", date=labels.day(briefing.as_of))
    if not briefing.sources:
        return (day,)
    sources, origins = labels.count(len(briefing.sources), "sources"), labels.count(briefing.origins, "origins")
    return day, labels.say("basis", sources=sources, origins=origins)


def _coverage(coverage: Coverage, labels: Labels) -> str:
    if not coverage.sentences:
        return ""
    word = "verified" if coverage.verified == coverage.sentences else "partly"
    verified, sentences = labels.number(coverage.verified), labels.number(coverage.sentences)
    told = labels.say(word, verified=verified, sentences=sentences)
    return f"{told} ({labels.say('withheld', count=coverage.withheld)})" if coverage.withheld else told


def _footer(briefing: Briefing, labels: Labels) -> tuple[str, ...]:
    documents = labels.count(briefing.documents, "documents")
    considered = labels.number(briefing.considered)
    every = briefing.considered == briefing.documents
    read = labels.say("all_considered" if every else "considered", considered=considered, documents=documents)
    return read, labels.say("written_by", model=clean(briefing.model, _NAME))


@dataclass(frozen=True, slots=True)
class _Writer:
    """Lines of one page: its labels, and the numbers of its sources by document id."""

    labels: Labels
    numbers: Mapping[str, int]

    def sections(self, briefing: Briefing, more: Sequence[Statement]) -> list[Section]:
        """The sections that have something to say, in the order of the page; more stands before the facts."""
        told = {
            "changes": [self.change(one) for one in briefing.changes],
            "facts": [self.statement(one) for one in (*more, *briefing.facts)],
            "timeline": [self.event(one) for one in briefing.timeline],
            "agreements": [self.statement(one) for one in briefing.agreements],
            "disagreements": [self.disagreement(one) for one in briefing.disagreements],
            "actors": [self.actor(one) for one in briefing.actors],
            "gaps": [self.gap(one) for one in briefing.gaps],
            "sayings": [self.saying(one) for one in briefing.sayings],
        }
        since = clean(self.labels.date(briefing.since or "…"), _NAME)
        headings = {name: self.labels.headings[name].replace("{since}", since) for name in told}
        return [Section(name, headings[name], tuple(lines)) for name, lines in told.items() if lines]

    def statement(self, one: Statement, *, lead: str = "", remarks: Sequence[str] = (), limit: int = _TEXT) -> Line:
        """A statement with what has to be said of it: who said it, that it is inferred, that it is not verified."""
        words = self.labels.words
        told = [self.attribution(one.attribution), words["inferred"] if one.kind == "inferred" else "", *remarks]
        return Line(
            text=clean(one.text, limit),
            language=self._language(one.text, one.spans),
            lead=lead,
            marks=self._marks(one.spans),
            remarks=tuple(remark for remark in told if remark),
            support=self.labels.say("independent", count=self.labels.number(one.origins)) if one.origins > 1 else "",
            warning="" if one.verified else words["unverified"],
            spans=one.spans,
        )

    def attribution(self, said: Attribution | None) -> str:
        """Who said it, "according to Wang Xiang"; "" when nobody is named."""
        return self.labels.said[said.kind].format(speaker=clean(said.speaker, _NAME)) if said else ""

    def event(self, one: Event) -> Line:
        """What happened, led by its date in the form of the page's language; how it was counted when it was."""
        printed = clean(one.date, _NAME)
        counted = self.labels.say("from_last", printed=printed) if one.basis == "relative" else ""
        date = clean(self.labels.date(one.sort_key), _NAME) or printed
        return self.statement(one.statement, lead=date, remarks=[counted])

    def actor(self, one: Actor) -> Line:
        """Who somebody is, led by the names."""
        names = [clean(name, _NAME) for name in (one.name, *one.also)][:_MOST_NAMES]
        return self.statement(one.role, lead=" / ".join(dict.fromkeys(names)))

    def disagreement(self, one: Disagreement) -> Line:
        """The matter and the positions."""
        positions = tuple(
            Line(
                clean(position.text, _TEXT // 2),
                self._language(position.text, position.spans),
                marks=self._marks(position.spans),
                spans=position.spans,
            )
            for position in one.positions
        )
        kind = self.labels.disagreements[one.kind]
        return Line("", self.labels.language, lead=clean(one.about, _TEXT // 2), remarks=(kind,), parts=positions)

    def gap(self, one: Gap) -> Line:
        """What is not known, and whether a source says so or none covers it."""
        remarks = (self.labels.words["absent"],) if one.basis == "absent" else ()
        text, language = clean(one.text, _TEXT), self._language(one.text, one.spans)
        return Line(text, language, marks=self._marks(one.spans), remarks=remarks, spans=one.spans)

    def saying(self, one: Saying) -> Line:
        """Somebody's own words in the quotation marks of their language."""
        quotation = one.quotation
        language = quotation.language or self.labels.language
        words = self.quoted(quotation.quote, language, _TEXT)
        speaker = (clean(one.speaker, _NAME),) if one.speaker else ()
        return Line(words, language, marks=self._marks([quotation]), remarks=speaker, spans=(quotation,))

    def change(self, one: Change) -> Line:
        """What is different now, and what was said before."""
        before = self.labels.say("before", text=clean(one.before, _TEXT // 2)) if one.before else ""
        return self.statement(one.statement, lead=self.labels.changes[one.kind], remarks=[before])

    def source(self, one: SourceEntry, links: Mapping[str, str]) -> SourceLine:
        """A source with its title and descriptor."""
        labels = self.labels
        date = labels.date(one.date) if one.date else ""
        quote = one.rests_on
        told = (
            labels.outlets[one.outlet],
            labels.language_name(one.language),
            labels.dated.get(one.date_kind or "unknown", "{date}").format(date=clean(date, _NAME)) if date else "",
            labels.say("copy_of", number=one.copy_of) if one.copy_of else "",
            labels.say("rests_on", quote=self.quoted(quote.quote, quote.language, _RESTS_ON)) if quote else "",
        )
        return SourceLine(
            number=one.number,
            document=_tail(clean(safe_name(one.document), 1000)),
            url=links.get(one.document, ""),
            title=clean(one.title, _TITLE) or _tail(clean(safe_name(one.document), 1000)),
            language=one.language or labels.language,
            descriptor=tuple(part for part in told if part),
        )

    def quoted(self, quote: str, language: str | None, limit: int) -> str:
        """The words in the quotation marks of their language, without those that they bring along."""
        opening, closing = _MARKS.get(language or self.labels.language, _QUOTATION_MARKS)
        return f"{opening}{clean(quote, limit).strip(_BROUGHT_ALONG)}{closing}"

    def _marks(self, spans: Iterable[Quotation]) -> tuple[int, ...]:
        known = {self.numbers[span.document] for span in spans if span.document in self.numbers}
        return tuple(sorted(known))

    def _language(self, text: str, spans: Sequence[Quotation]) -> str:
        """That of the source when the text is its own words, else that of the page."""
        for span in spans:
            if span.language and text in span.quote:
                return span.language
        return self.labels.language


def _tail(path: str) -> str:
    """The end of a long path, which tells files apart."""
    return path if len(path) <= _PATH else f"…{path[-_PATH:]}"
