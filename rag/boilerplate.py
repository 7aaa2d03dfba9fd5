"""The parts of a text that are the site's and not the article's: menus, other stories, share bars, comment forms.

Rules over whole lines that hold for many sites and languages. A false mark hides evidence, so a rule needs the phrase
itself, or a short line at an edge of the page with running text beside it; when the marks would cover most of the
document, there are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from rag import phrases
from rag.documents import Span
from rag.lines import Line, read

_MOST = 0.6
_LINK_LIST_DAYS = 60
_MUCH_TEXT = 40  # words
_FRONT_MATTER = re.compile(r"(?:[\w-]+:(?:\s|$)|\s*-\s|\s|#)")
_TRIM = " \t\u00a0:.!*…›»>→←|-–—[](){}\"'"


def mark(text: str) -> list[Span]:
    """The boilerplate of the text, in order, never overlapping; each span covers whole lines.

    "Written by …" and "By …" stay: they are metadata and can be cited. A text without running text has none.
    """
    lines = read(text)
    marked = [False] * len(lines)
    for rule in _RULES:
        rule(lines, marked)
    if _covers_most(lines, marked):
        marked = [False] * len(lines)
    _front_matter(lines, marked)
    return list(_merged(text, lines, marked))


def _covers_most(lines: Sequence[Line], marked: Sequence[bool]) -> bool:
    """Whether the marks hide most of the running text."""
    prose = [
        (line.span.end - line.span.start, hidden) for line, hidden in zip(lines, marked, strict=True) if line.is_prose
    ]
    hidden = sum(length for length, is_hidden in prose if is_hidden)
    return not prose or hidden > _MOST * sum(length for length, _ in prose)


def _merged(text: str, lines: Sequence[Line], marked: Sequence[bool]) -> Iterator[Span]:
    current: Span | None = None
    for line, hidden in zip(lines, marked, strict=True):
        if not hidden:
            if current is not None:
                yield current
            current = None
        else:
            current = Span(current.start if current else line.span.start, line.span.end)
    if current is not None:
        yield current


def _says(line: Line, pattern: re.Pattern[str]) -> bool:
    return len(line.text) <= 120 and pattern.fullmatch(line.folded.strip(_TRIM)) is not None


def _body(lines: Sequence[Line], marked: Sequence[bool]) -> tuple[int, int]:
    """The first line of running text and one past the last; both are the number of lines when there is none."""
    prose = [
        number for number, line in enumerate(lines) if line.is_prose and not marked[number] and not line.is_dateline
    ]
    return (prose[0], prose[-1] + 1) if prose else (len(lines), len(lines))


def _fixed_phrases(lines: Sequence[Line], marked: list[bool]) -> None:
    for number, line in enumerate(lines):
        marked[number] = (
            _says(line, phrases.LABEL)
            or bool(phrases.IMAGE_FILE.fullmatch(line.folded))
            or _is_credit(line)
            or (line.word_count <= 25 and bool(phrases.POINTER.match(line.folded)))
            or (line.word_count <= 25 and bool(phrases.COPYRIGHT.match(line.folded)))
            or (line.word_count <= 20 and bool(phrases.NEWSLETTER.match(line.folded.lstrip(_TRIM))))
        )


def _is_credit(line: Line) -> bool:
    if line.word_count > 15 or not (line.text[0].isupper() or line.text[0] in "(["):
        return False
    return bool(phrases.IMAGE_CREDIT.match(line.folded.lstrip("([")) and not line.is_prose) and (
        ":" in line.text or line.word_count <= 8
    )


def _comment_form(lines: Sequence[Line], marked: list[bool]) -> None:
    """A comment form from its heading on: to the end, or as far as its own lines go when much running text follows."""
    near_end = _body(lines, marked)[1] - 3
    form_end = 0
    for number, line in enumerate(lines):
        if number < form_end:
            continue
        if _says(line, phrases.FORM_HEADING) and any(
            phrases.FORM_LINE.match(following.folded) for following in lines[number + 1 : number + 6]
        ):
            form_end = _end_of_form(lines, number)
            marked[number:form_end] = [True] * (form_end - number)
        elif number >= near_end and 4 <= line.word_count <= 60 and phrases.FORM_LINE.match(line.folded):
            marked[number] = True


def _end_of_form(lines: Sequence[Line], heading: int) -> int:
    end = heading + 1
    while end < len(lines) and _belongs_to_form(lines[end]):
        end += 1
    rest = 0
    for line in lines[end:]:
        rest += line.word_count if line.is_prose else 0
        if rest >= _MUCH_TEXT:
            return end
    return len(lines)


def _belongs_to_form(line: Line) -> bool:
    return bool(phrases.FORM_LINE.match(line.folded)) or (line.word_count <= 4 and not line.ends_sentence)


def _consent(lines: Sequence[Line], marked: list[bool]) -> None:
    """Cookie notices, unless the document itself is about cookies or privacy."""
    notices = {n for n, line in enumerate(lines) if line.word_count <= 80 and phrases.COOKIES.match(line.folded)}
    others = (line for number, line in enumerate(lines) if number not in notices and not marked[number])
    if not notices or any(line.is_prose and phrases.CONSENT_TOPIC.search(line.folded) for line in others):
        return
    for number in notices:
        marked[number] = True
        for beside in (*range(number - 3, number), *range(number + 1, number + 4)):
            if 0 <= beside < len(lines) and _says(lines[beside], phrases.CONSENT_BUTTON):
                marked[beside] = True


def _related(lines: Sequence[Line], marked: list[bool]) -> None:
    """Headings over other stories with the headlines below them."""
    last = _body(lines, marked)[1]
    for number, line in enumerate(lines):
        if not _says(line, phrases.RELATED):
            continue
        marked[number] = True
        for position in range(number + 1, min(len(lines), number + 13)):
            item = lines[position]
            new_block = item.after_blank and position > number + 1 and number < last
            if new_block or item.is_prose or (item.ends_sentence and not item.text.endswith("?")):
                break
            marked[position] = True


def _link_lists(lines: Sequence[Line], marked: list[bool]) -> None:
    """Other stories above the article: two or more headlines, each with its date, all of about the same time."""
    start, end = _title_line(lines, marked), _body(lines, marked)[0]
    if end == len(lines):
        return
    # The line after the title may be its own date; dates stand below their headlines or above them.
    layouts = [_pairs(lines, start + after, end, date_first) for date_first in (False, True) for after in (1, 2)]
    pairs = max(layouts, key=len)
    if len(pairs) >= 2 and _same_time([lines[date] for _, date in pairs]):
        for number in (number for pair in pairs for number in pair):
            marked[number] = True


def _pairs(lines: Sequence[Line], first: int, end: int, date_first: bool) -> list[tuple[int, int]]:
    """Adjoining headline and date lines from `first` on, as (headline, date)."""
    pairs = []
    for number in range(first, end - 1, 2):
        headline, date = (number + 1, number) if date_first else (number, number + 1)
        other = lines[headline]
        if not lines[date].is_dateline or other.is_dateline or other.is_prose or not 3 <= other.word_count <= 30:
            break
        pairs.append((headline, date))
    return pairs


def _same_time(lines: Sequence[Line]) -> bool:
    """Whether the dates are close together, as those of the latest stories are and those of a chronicle are not."""
    dates = [line.date for line in lines if line.date is not None]
    return not dates or (max(dates) - min(dates)).days <= _LINK_LIST_DAYS


def _title_line(lines: Sequence[Line], marked: Sequence[bool]) -> int:
    """The first line above the running text that reads like a headline; else the first that is not marked."""
    end = _body(lines, marked)[0]
    open_lines = [number for number in range(end) if not marked[number]]
    return next((number for number in open_lines if _is_headline(lines[number])), open_lines[0] if open_lines else 0)


def _is_headline(line: Line) -> bool:
    return 4 <= line.word_count <= 30 and not line.is_dateline and line.text[-1] not in ".,;:" and not line.is_markup


def _edges(lines: Sequence[Line], marked: list[bool]) -> None:
    """Menus: short lines above the headline, and below the article those that come with a site's own entries."""
    first, last = _body(lines, marked)
    words = sum(line.word_count for number, line in enumerate(lines) if line.is_prose and not marked[number])
    if first == len(lines) or words < _MUCH_TEXT:
        return
    title = _title_line(lines, marked)
    if title < first and _is_headline(lines[title]):
        for number in range(title):
            marked[number] = marked[number] or _is_menu_entry(lines[number])
    for number in (*range(first), *range(last, len(lines))):
        marked[number] = marked[number] or _is_edge_line(lines[number])
    tail = range(last, len(lines))
    entries = [number for number in tail if _is_menu_entry(lines[number])]
    if sum(_says(lines[number], phrases.SITE) or _says(lines[number], phrases.SOCIAL) for number in entries) >= 2:
        for number in entries:
            marked[number] = True


def _is_menu_entry(line: Line) -> bool:
    plain = not line.is_markup and not line.ends_sentence and not re.search(r"[\d:=@]", line.text)
    return plain and line.word_count <= 3 and len(line.text) <= 40


def _is_edge_line(line: Line) -> bool:
    if line.is_markup:
        return False
    lone_sign = len(line.text) == 1 and not line.text.isdigit() and line.text < "\u0e00"
    crumbs = phrases.BREADCRUMB.fullmatch(line.text)  # not folded: that would make quotes of the separators
    is_breadcrumb = crumbs and (crumbs["more"] or phrases.BREADCRUMB_HOME.match(line.text))
    return lone_sign or (bool(is_breadcrumb) and not line.ends_sentence and not re.search(r"\d", line.text))


def _share_bars(lines: Sequence[Line], marked: list[bool]) -> None:
    """Lines that share or follow; a single word needs a second one beside it."""
    bars = [_says(line, phrases.SHARE) or _says(line, phrases.SOCIAL) for line in lines]
    for number, line in enumerate(lines):
        beside = any(bars[other] for other in (number - 1, number + 1) if 0 <= other < len(lines))
        explicit = line.word_count >= 3 and _says(line, phrases.SHARE)
        if bars[number] and (beside or explicit or _says(line, re.compile("tweet|share|bagikan|partager"))):
            marked[number] = True


def _front_matter(lines: Sequence[Line], marked: list[bool]) -> None:
    """The block between "---" lines at the top of a Markdown file."""
    if not lines or lines[0].text != "---" or lines[0].span.start != 0:
        return
    for number, line in enumerate(lines[1:80], start=1):
        if line.text in {"---", "..."}:
            marked[: number + 1] = [True] * (number + 1)
            return
        if not _FRONT_MATTER.match(line.text):
            return


_RULES: tuple[Callable[[Sequence[Line], list[bool]], None], ...] = (
    _fixed_phrases,
    _comment_form,
    _consent,
    _share_bars,
    _related,
    _link_lists,
    _edges,
)
