"""A document cut into chunks: runs of whole sentences within a token budget, exact slices of its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from rag.documents import Chunk, Document, Sentence, Span

NAME = "sentences/1"
"""The version of the way documents are cut; an index made by another one has to be rebuilt."""

_FULL_ENOUGH = 0.6  # A chunk this full may close at the end of a paragraph.
_TAIL = 0.2  # A last chunk smaller than this share of the budget takes sentences over from the one before it.
_HEADING_CHARACTERS = 100
_STACKED_HEADINGS = 2  # more short lines in a row are a list

_Run = tuple[int, int]


def chunk(document: Document, count_tokens: Callable[[Sequence[str]], list[int]], budget_tokens: int) -> list[Chunk]:
    """The chunks of the document, in order; every sentence is in exactly one.

    No chunk exceeds the budget unless one sentence does, which is then a chunk of its own. Chunks never reach over
    boilerplate, end with a paragraph where that leaves them well filled, and keep a heading with the text after it.

    Args:
        document: With its sentences.
        count_tokens: The embedder's; called once, with all sentences.
        budget_tokens: The most tokens a chunk should have, special tokens not counted.
    """
    if not document.sentences:
        return []
    tokens = count_tokens([sentence.span.of(document.text) for sentence in document.sentences])
    runs = (run for region in _regions(document) for run in _runs(document, region, tokens, budget_tokens))
    return [_made(document, document.sentences[start:end]) for start, end in runs]


def _regions(document: Document) -> Iterator[_Run]:
    """Runs of sentences with no boilerplate between them."""
    ends = [span.start for span in document.boilerplate]
    start = position = 0
    for number, (sentence, following) in enumerate(pairwise(document.sentences), start=1):
        while position < len(ends) and ends[position] < sentence.span.end:
            position += 1
        if position < len(ends) and ends[position] < following.span.start:
            yield start, number
            start = number
    yield start, len(document.sentences)


def _runs(document: Document, region: _Run, tokens: Sequence[int], budget: int) -> list[_Run]:
    runs: list[_Run] = []
    start, last = region[0], region[1]
    while start < last:
        end = _end_of_run(document, start, last, tokens, budget)
        runs.append((start, end))
        start = end
    if len(runs) > 1 and sum(tokens[slice(*runs[-1])]) < _TAIL * budget:
        runs[-2:] = _evened(runs[-2], runs[-1], tokens, budget)
    return runs


def _end_of_run(document: Document, start: int, last: int, tokens: Sequence[int], budget: int) -> int:
    """Where the run ends: as late as the budget allows, but at a paragraph's end where that leaves it well filled."""
    used, end, paragraph = 0, start, start
    while end < last and (end == start or used + tokens[end] <= budget):
        used += tokens[end]
        end += 1
        if used >= _FULL_ENOUGH * budget and end < last and _ends_paragraph(document, end - 1):
            paragraph = end
    if end < last and paragraph > start:
        end = paragraph
    return end - _headings_before(document, start, end) if end < last else end


def _headings_before(document: Document, start: int, end: int) -> int:
    """How many headings the run would end with, to be left to the next one; 0 for a list of short lines."""
    count = 0
    while count <= _STACKED_HEADINGS and end - count - 1 > start and _is_heading(document, end - count - 1):
        count += 1
    return count if count <= _STACKED_HEADINGS else 0


def _evened(first: _Run, second: _Run, tokens: Sequence[int], budget: int) -> list[_Run]:
    """The two runs cut anew at about half their tokens; as they are when that would break the budget."""
    start, end = first[0], second[1]
    total, used = sum(tokens[start:end]), 0
    for cut in range(start + 1, end):
        used += tokens[cut - 1]
        if 2 * used >= total:
            return [(start, cut), (cut, end)] if used <= budget and total - used <= budget else [first, second]
    return [first, second]


def _line_ends_between(document: Document, number: int) -> int:
    sentences = document.sentences
    between = document.text[sentences[number].span.end : sentences[number + 1].span.start]
    return len(between.splitlines()) - 1 if between.strip(" \t\u00a0") else 0


def _ends_paragraph(document: Document, number: int) -> bool:
    return number + 1 < len(document.sentences) and _line_ends_between(document, number) >= 1


def _is_heading(document: Document, number: int) -> bool:
    """Whether the sentence is a short line of its own, without a mark at its end."""
    span = document.sentences[number].span
    if span.end - span.start > _HEADING_CHARACTERS or not _ends_paragraph(document, number):
        return False
    alone = number == 0 or _ends_paragraph(document, number - 1)
    return alone and document.text[span.end - 1] not in ".!?。！？…,;\"'”’»)"


def _made(document: Document, sentences: Sequence[Sentence]) -> Chunk:
    span = Span(sentences[0].span.start, sentences[-1].span.end)
    characters: Counter[str | None] = Counter()
    for sentence in sentences:
        characters[sentence.language] += sentence.span.end - sentence.span.start
    return Chunk(
        document=document.source.id,
        span=span,
        text=span.of(document.text),
        sentences=tuple(sentences),
        language=characters.most_common(1)[0][0],
    )
