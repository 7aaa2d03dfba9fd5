"""Sentences with exact offsets, by rules.

Lines end sentences, except inside a paragraph that was wrapped at a fixed width. Within a line the marks ``. ! ? …``
and their kin end a sentence when what follows looks like the start of another one and what precedes is no abbreviation.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from rag.abbreviations import FOLLOWED_BY_NUMBER, MAY_END, NEVER_END, ORDINAL_DOT, SPEECH_VERBS, STARTERS, TIMES
from rag.documents import Span
from rag.text import fold

LONGEST = 1500
"""No sentence has more characters; longer ones are cut at a clause mark, else at a space."""

_NARROWEST, _WIDEST = 40, 110  # the widths that text is wrapped at
_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# List bullets, heading and quotation marks of Markdown: they open a line and belong to no sentence.
_MARKER = re.compile(r"\s*(?:(?:[-*+•‣◦▪·–]|#{1,6}|>|\[[ xX]\])[ \t\u00a0]+)+(?=\S)")
_RULE = re.compile(r"[\s\-–—*_=~#|:+.•·>`]*(?:```[\w+-]*\s*)?")
_NUMBERING = re.compile(r"(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})")

_STOP = re.compile(
    r"(?:(?P<wide>[。！？｡．]+)|(?P<mark>[؟۔।॥።။។։]+)|(?P<stop>[.!?…]+))"
    r"(?P<closers>(?:\[\d{1,3}\]|[\"'”’»)\]」』】》〉）*_]|[\u00a0\u202f ]»)*)"
)
_OPENERS = "\"'“”‘«»‹„([{¿¡*_—–-•「『（《 \u00a0\u202f"
_WORD_BEFORE = re.compile(r"[^\s(\[{\"“”«»‘„/—]+$")
_NEXT_WORD = re.compile(r"\w+")
_ACRONYM = re.compile(r"(?:\w\.)+\w")
# The number of what is named: "No. 5", "Fig. S1", "vol. II".
_NUMBER_OR_CODE = re.compile(r"[A-Z]{0,3}-?\d|[IVXLC]+\b")
# "Step 1. Open the lid": the number of a caption or a step, where a sentence begins.
_CAPTION = re.compile(
    r"(?:^|[.!?:)]\s+)(?:fig(?:ure|\.)?|table(?:au)?|step|scheme|chapter|section|part|box|tabel|gambar|langkah|bab|bagian"
    r"|étape|chapitre|partie|abbildung|tabelle|schritt|kapitel|paso|tabla|figura|capítulo|article|pasal)\s+\d+[a-z]?$",
    re.IGNORECASE,
)
_LETTER_AND_STOP = re.compile(r"\w\.(?!\w)")
_GLUED = re.compile(r"[A-ZÀ-Þ](?:[a-zà-ÿ]+|(?= ))(?=[\s,;:]|$)")
_SPOKEN = re.compile(rf"(?:[A-Z][\w’'.-]*\s+){{1,4}}(?:(?:has|had|a|avait)\s+)?(?:{SPEECH_VERBS})\b")
_PARTICLE = frozenset("とってはがをのにもでなよねか，、,")
_CLAUSE = re.compile(r"[;:,–—،؛、；，：](?=\s)|[，；：、]")
_TERMINAL = re.compile(r"[.!?。！？…:][\"'”’»)\]]*\s*$")
# "Plan B. We …": a letter that names a thing is no initial.
_NAMED_BY_LETTER = re.compile(
    r"(?:plan|vitamin\w*|hepatitis|grade|class|type|option|group\w*|war|figure|section)\s+\w$", re.I
)
_AFTER_TIME = re.compile(r"(?:[A-Z]{2,4}|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|on|in)\b")


class _Line(NamedTuple):
    start: int
    end: int
    text: str


class _Block(NamedTuple):
    """A line, or the lines of one wrapped paragraph.

    ``uncased`` is true where capitals tell nothing about sentences: the block has none.
    """

    text: str
    start: int
    end: int
    language: str | None
    uncased: bool


def split(text: str, language: str | None = None) -> list[Span]:
    """The sentences of the text, in order, stripped of white space, never overlapping.

    Every visible character is in a sentence, except list bullets, heading marks and the rules between paragraphs.
    A heading or a list item is a sentence of its own. Time grows linearly with the text, whatever it holds.

    Args:
        text: Any text; offsets count its code points.
        language: ISO 639-1 code, for what differs ("3. Oktober" in German); None reads it by the common rules.
    """
    return [
        piece
        for start, end in _blocks(text)
        for sentence in _in_block(text, start, end, language)
        for piece in _shortened(text, sentence)
    ]


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Where each line starts after its marker and ends; the lines of a wrapped paragraph count as one."""
    paragraphs = list(_paragraphs(text))
    wrapped = [_is_wrapped(lines) for lines in paragraphs]
    # Where most of a text is wrapped, a paragraph of capitalised names that fills its lines as well is wrapped too.
    full = sum(len(lines) > 1 and _fills(lines, _width(lines)) for lines in paragraphs)
    width = 0
    if 2 * sum(wrapped) >= full:
        width = max((_width(lines) for lines, is_one in zip(paragraphs, wrapped, strict=True) if is_one), default=0)
    for lines, is_wrapped in zip(paragraphs, wrapped, strict=True):
        if is_wrapped or (width and len(lines) > 1 and _fills(lines, width)):
            yield _after_marker(lines[0]), lines[-1].end
        else:
            yield from ((_after_marker(line), line.end) for line in lines)


def _paragraphs(text: str) -> Iterator[list[_Line]]:
    """Runs of lines that stand right below one another; a list item or a heading begins a new one."""
    paragraph: list[_Line] = []
    for match in _LINE.finditer(text):
        line = _Line(match.start(), match.end(), match.group())
        starts_anew = bool(_MARKER.match(line.text)) or not line.text.strip()
        if paragraph and (starts_anew or text[paragraph[-1].end : line.start] not in {"\n", "\r", "\r\n"}):
            yield paragraph
            paragraph = []
        if not _RULE.fullmatch(line.text):
            paragraph.append(line)
    if paragraph:
        yield paragraph


def _after_marker(line: _Line) -> int:
    marker = _MARKER.match(line.text)
    return line.start + (marker.end() if marker else 0)


def _width(lines: list[_Line]) -> int:
    return max(len(line.text.rstrip()) for line in lines)


def _is_wrapped(lines: list[_Line]) -> bool:
    """Whether the lines are one paragraph wrapped at a fixed width.

    Then no line had room for the first word of the next one, and some line breaks off in mid-sentence.
    """
    if len(lines) < 2 or not _fills(lines, _width(lines)):
        return False
    return any(_breaks_off(line, following) for line, following in itertools.pairwise(lines))


def _fills(lines: list[_Line], width: int) -> bool:
    """Whether every line but the last is as full as a line of the given width can be."""
    if _width(lines) > width + 5:
        return False
    width = max(width, _width(lines))
    if not _NARROWEST <= width <= _WIDEST:
        return False
    pairs = itertools.pairwise(lines)
    return all(len(line.text.rstrip()) + 1 + len(_first_word(following)) > width for line, following in pairs)


def _breaks_off(line: _Line, following: _Line) -> bool:
    first = _first_word(following)
    goes_on = first[0].islower() and not first[1:2].isupper()  # not iPhone
    return goes_on and not _TERMINAL.search(line.text[-12:])


def _first_word(line: _Line) -> str:
    return line.text.split(maxsplit=1)[0]


def _in_block(text: str, start: int, end: int, language: str | None) -> Iterator[Span]:
    sample = text[start : min(end, start + 4000)]
    block = _Block(text, start, end, language, sample == sample.lower())
    begin, held = start, None
    for match in _STOP.finditer(text, start, end):
        if not _ends(block, match):
            continue
        span = _stripped(text, begin, match.end())
        # Marks without a word ("...") stay with the sentence that follows.
        if span is not None and _has_word(span.of(text)):
            if held is not None:
                yield held
            held, begin = span, match.end()
    rest = _stripped(text, begin, end)
    if rest is not None and held is not None and not _has_word(rest.of(text)):
        held, rest = Span(held.start, rest.end), None  # at the end they stay with the one before
    yield from (span for span in (held, rest) if span is not None)


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text[:LONGEST]))


def _stripped(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if start < end else None


def _ends(block: _Block, match: re.Match[str]) -> bool:
    """Whether the sentence ends after the mark that matched."""
    text, after = block.text, match.end()
    if after >= block.end:
        return False  # the block's end ends it
    if match["mark"]:
        return True
    if match["wide"]:
        return not (match["closers"] and text[after] in _PARTICLE)
    if not text[after].isspace():
        return _ends_glued(block, match)
    return _starts_sentence(block, after) and not _goes_on(block, match)


def _ends_glued(block: _Block, match: re.Match[str]) -> bool:
    """Whether a mark without a space after it ends a sentence: "program.More", or before Chinese or Japanese."""
    text, after = block.text, match.end()
    if "\u3041" <= text[after] <= "\u9fff":
        return match["stop"][-1] in "!?"
    word = _WORD_BEFORE.search(_before(block, match))
    if word is None or match["closers"] or len(match["stop"]) > 1 or not _GLUED.match(text, after):
        return False
    return len(word.group()) >= 3 and word.group().isalpha() and word.group()[1:].islower()


def _before(block: _Block, match: re.Match[str]) -> str:
    return block.text[max(block.start, match.start() - 40) : match.start()]


def _starts_sentence(block: _Block, position: int) -> bool:
    text, limit = block.text, min(block.end, position + 40)
    while position < limit and (text[position].isspace() or text[position] in _OPENERS):
        position += 1
    if position >= limit:
        return True
    character = text[position]
    if character.islower():
        return block.uncased or text[position + 1 : position + 2].isupper()  # iPhone, eBay
    return character.isalnum() or character not in ",;:.!?)]}%/"


def _goes_on(block: _Block, match: re.Match[str]) -> bool:
    """Whether the sentence goes on after a mark that is followed by what could be a new one."""
    following = block.text[match.end() : min(block.end, match.end() + 80)].lstrip()
    before = _before(block, match)
    if set('"”’»') & set(match["closers"]) and _SPOKEN.match(following):
        return True  # …products!" Xiang tweeted.
    if match["stop"] != ".":
        return match["stop"] == "!" and before.endswith("Yahoo")
    word = _WORD_BEFORE.search(before.rstrip())
    if word is None or match["closers"].strip("*_"):
        return False
    at_start = len(before) == match.start() - block.start and before.strip() == word.group()
    if (at_start and _NUMBERING.fullmatch(word.group())) or _CAPTION.search(before.rstrip()):
        return True  # 1. Foo
    return _is_abbreviation(word.group().lstrip("'’"), before, following, block.language)


def _is_abbreviation(word: str, before: str, following: str, language: str | None) -> bool:
    """Whether the full stop after the word belongs to it and `following` continues the sentence."""
    key = re.split("['’]", word)[-1].lower()
    is_spaced = len(word) == 1 and _LETTER_AND_STOP.match(following)  # z. B., p. m.
    is_monsieur = word in {"M", "Me"} and language in {"fr", None}
    is_ordinal = word.isdigit() and len(word) <= 2 and language in ORDINAL_DOT and not following[:1].isdigit()
    if is_spaced or is_monsieur or is_ordinal or key in NEVER_END:
        return True
    if key in FOLLOWED_BY_NUMBER:
        return bool(_NUMBER_OR_CODE.match(following))
    if key in TIMES:
        return bool(_AFTER_TIME.match(following))
    is_initial = len(word) == 1 and word.isupper() and not _NAMED_BY_LETTER.search(before[-16:])
    may_end = is_initial or key in MAY_END or bool(_ACRONYM.fullmatch(word))
    return may_end and not _starts_with_function_word(following)


def _starts_with_function_word(following: str) -> bool:
    first = _NEXT_WORD.match(following.lstrip(_OPENERS))
    if first is None or (len(first.group()) == 1 and following[first.end() : first.end() + 1] not in {"'", "’"}):
        return False
    return fold(first.group()) in STARTERS


def _shortened(text: str, span: Span) -> Iterator[Span]:
    start = span.start
    while span.end - start > LONGEST:
        cut = _cut(text, start)
        piece = _stripped(text, start, cut)
        if piece is not None:
            yield piece
        start = cut
    piece = _stripped(text, start, span.end)
    if piece is not None:
        yield piece


def _cut(text: str, start: int) -> int:
    """Where to cut what is too long: after the last clause mark, or space, in its second half; else anywhere."""
    half, limit = start + LONGEST // 2, start + LONGEST
    marks = [match.end() for match in _CLAUSE.finditer(text, half, limit - 1)]
    if marks:
        return marks[-1]
    spaces = [position for position in range(half, limit) if text[position].isspace()]
    return spaces[-1] if spaces else limit
