"""Sheet -> one HTML file: no script, no request, readable on a screen, and one A4 page when printed.

Whatever documents contain is escaped, and a content security policy allows nothing but the page's own style sheet. On
the screen everything is shown, the quoted sources too; in print the lines that ``rag.pages.estimate`` finds too many
are left out and counted at the foot.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path

from rag.answers import Quotation
from rag.pages.cleaning import clean
from rag.pages.estimate import WIDE_SECTIONS, Measures, fitting_order, in_columns, printed
from rag.pages.sheet import Line, Section, Sheet, SourceLine

# The print rules of briefing.css: 771 points are there, and the estimate has always been 40 too high or more.
_PRINT = Measures(width=499, height=785, size=9.0, leading=1.3, between=2.5, gap=8, columns=2, events=4)
_GAUGE = ("○○○", "●○○", "●●○", "●●●")
_QUOTE, _HOVER = 2000, 300


def html(sheet: Sheet) -> tuple[str, int]:
    """The whole briefing as an HTML document, and the lowest order of the lines that are printed on paper."""
    order = fitting_order(sheet, _PRINT)
    return _Writer(sheet, order).document(), order


@cache
def _style() -> str:
    return Path(__file__).with_name("briefing.css").read_text(encoding="utf-8")


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


class _Writer:
    """One document: the sheet, and the lowest order of the lines that are printed."""

    def __init__(self, sheet: Sheet, order: int) -> None:
        self._sheet = sheet
        self._order = order
        self._paths = {source.number: source.document for source in sheet.sources}

    def document(self) -> str:
        """The document."""
        sheet, style = self._sheet, _style()
        return (
            f'<!doctype html>\n<html lang="{escape(sheet.labels.language)}">\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(style)}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(sheet.title)}</title>\n<style>{style}</style>\n<main>\n{self._main()}\n</main>\n</html>\n"
        )

    def _main(self) -> str:
        sheet = self._sheet
        wide = [section for section in sheet.sections if section.name in WIDE_SECTIONS]
        narrow = [section for section in sheet.sections if section.name not in WIDE_SECTIONS]
        parts = [self._head(), self._bottom_line(), *map(self._section, wide)]
        if narrow:
            parts.append(self._columns(narrow))
        return "\n".join([*parts, self._sources(), self._footer()])

    def _head(self) -> str:
        sheet = self._sheet
        about = " · ".join(map(escape, sheet.facts))
        if sheet.coverage:
            kind, sign = ("good", "✓ ") if sheet.complete else ("alert", "")
            about += f' · <span class="{kind}">{sign}{escape(sheet.coverage)}</span>'
        question = f'<p class="question" dir="auto">{escape(sheet.question)}</p>\n' if sheet.question else ""
        return f'<h1 dir="auto">{escape(sheet.title)}</h1>\n{question}<p class="about">{about}</p>'

    def _bottom_line(self) -> str:
        sheet = self._sheet
        said = "\n".join(
            f'<div class="said"{_directions(line)}>{escape(line.text)}{self._marks(line)}{_remarks(line)}'
            f"{self._evidence(line)}</div>"
            for line in sheet.bottom_line
        )
        sure = ""
        if sheet.confidence:
            reason = f" <small>— {escape(sheet.reason)}</small>" if sheet.reason else ""
            gauge = f'<span class="gauge" aria-hidden="true">{_GAUGE[sheet.level]}</span>'
            sure = f'\n<p class="sure">{gauge} <strong>{escape(sheet.confidence)}</strong>{reason}</p>'
        heading = escape(sheet.labels.headings["bottom_line"])
        return f'<section class="bottom">\n<h2>{heading}</h2>\n{said}{sure}\n</section>'

    def _columns(self, sections: Sequence[Section]) -> str:
        _, right = in_columns(printed(sections, self._order), _PRINT)
        right_names = {section.name for section in right}
        sides = ([one for one in sections if (one.name in right_names) == side] for side in (False, True))
        return "\n".join(
            [
                '<div class="columns">',
                *("<div>\n" + "\n".join(map(self._section, side)) + "\n</div>" for side in sides),
                "</div>",
            ]
        )

    def _section(self, section: Section) -> str:
        kind = {"timeline": "timeline", "sayings": "sayings", "changes": "list facts", "facts": "list facts"}
        gone = not printed([section], self._order)
        lines = "\n".join(map(self._line, section.lines, [section.name] * len(section.lines)))
        listed = "ol" if section.name == "timeline" else "ul"
        return (
            f"<section{_screen(gone)}>\n<h2>{escape(section.heading)}</h2>\n"
            f'<{listed} class="{kind.get(section.name, "list")}">\n{lines}\n</{listed}>\n</section>'
        )

    def _line(self, line: Line, name: str) -> str:
        gone = line.order is not None and line.order < self._order
        joint = "" if name == "timeline" else ": " if line.parts else " — "
        if line.lead and line.lead[-1] in "?!:？！":
            joint = " "
        lead = f"<strong>{escape(line.lead)}</strong>{joint}" if line.lead else ""
        parts = " ↔ ".join(
            f"<span{_directions(part)}>{escape(part.text)}</span>{self._marks(part)}" for part in line.parts
        )
        told = f"{lead}{escape(line.text)}{self._marks(line)}{parts}{_remarks(line, signed=name == 'sayings')}"
        told += self._evidence(line)
        if name in {"facts", "changes"}:
            support = f'<small dir="ltr">{escape(line.support)}</small>' if line.support else ""
            told = f"<div>{told}</div>{support}"
        return f"<li{_directions(line)}{_screen(gone)}>{told}</li>"

    def _marks(self, line: Line) -> str:
        quotes: dict[int, str] = {}
        paths = {document: number for number, document in self._paths.items()}
        for span in line.spans:
            quotes.setdefault(paths.get(span.document, 0), clean(span.quote, _HOVER))
        links = (self._mark(number, quotes) for number in line.marks)
        return f"<sup>{','.join(links)}</sup>" if line.marks else ""

    def _mark(self, number: int, quotes: Mapping[int, str]) -> str:
        label = escape(self._sheet.labels.say("cites", number=number))
        title = f' title="{escape(quotes[number])}"' if number in quotes else ""
        return f'<a href="#source-{number}" aria-label="{label}"{title}>{number}</a>'

    def _evidence(self, line: Line) -> str:
        spans = [span for one in (line, *line.parts) for span in one.spans]
        if not spans:
            return ""
        quotes = "".join(map(_quote, spans))
        label = escape(self._sheet.labels.words["evidence"])
        return f' <details><summary title="{label}" aria-label="{label}">❝</summary>{quotes}</details>'

    def _sources(self) -> str:
        if not self._sheet.sources:
            return ""
        heading = escape(self._sheet.labels.headings["sources"])
        return "\n".join(
            ["<section>", f"<h2>{heading}</h2>", '<ol class="sources">', *self._entries(), "</ol>", "</section>"]
        )

    def _entries(self) -> Iterator[str]:
        for source in self._sheet.sources:
            gone = source.order is not None and source.order < self._order
            title = f'<cite lang="{escape(source.language)}" dir="auto">{escape(source.title)}</cite>'
            told = " · ".join([title, *map(escape, source.descriptor), _where(source)])
            yield f'<li id="source-{source.number}"{_screen(gone)}><span>[{source.number}]</span><div>{told}</div></li>'

    def _footer(self) -> str:
        left_out = self._sheet.left_out[self._order]
        told = f'<span class="paper">{escape(left_out)} </span>' if left_out else ""
        return f"<footer>{told}{escape(' · '.join(self._sheet.footer))}</footer>"


def _where(source: SourceLine) -> str:
    name = f"<bdi>{escape(source.document)}</bdi>"
    return f'<a href="{escape(source.url)}">{name}</a>' if source.url else name


def _quote(span: Quotation) -> str:
    language = f' lang="{escape(span.language)}"' if span.language else ""
    where = f"{clean(span.document, 200)}:{span.start}-{span.end}"
    quote = f"{escape(clean(span.quote, _QUOTE))} <small><bdi>{escape(where)}</bdi></small>"
    return f'<blockquote{language} dir="auto">{quote}</blockquote>'


def _remarks(line: Line, *, signed: bool = False) -> str:
    told = ", ".join(map(escape, line.remarks))
    remark = f" <small>{f'— {told}' if signed else f'({told})'}</small>" if told else ""
    return f'{remark}<span class="warning">{escape(line.warning)}</span>' if line.warning else remark


def _directions(line: Line) -> str:
    direction = ' dir="rtl"' if line.right_to_left else ""
    return f' lang="{escape(line.language)}"{direction}'


def _screen(gone: bool) -> str:
    return ' class="screen"' if gone else ""
