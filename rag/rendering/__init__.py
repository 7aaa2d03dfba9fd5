"""Answers and passages as text for a terminal, as Markdown and as JSON.

A renderer is a function from values to a string; it reads no file and prints nothing. What a document or a file name
contains is data: it can't move the cursor, colour the screen or forge a link.
"""

from __future__ import annotations

from rag.contracts import dump
from rag.rendering.citations import SourceNote, answer_quotations
from rag.rendering.contract import answer_object, hit_object
from rag.rendering.markdown import render_markdown
from rag.rendering.terminal import (
    Look,
    render_claim,
    render_direct,
    render_explanation,
    render_hits,
    render_sources,
    render_text,
)

__all__ = [
    "Look",
    "SourceNote",
    "answer_object",
    "answer_quotations",
    "dump",
    "hit_object",
    "render_claim",
    "render_direct",
    "render_explanation",
    "render_hits",
    "render_markdown",
    "render_sources",
    "render_text",
]
