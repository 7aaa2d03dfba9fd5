"""What a source is: the kind of its publisher and whom it names as its own source, judged from its own words."""

from __future__ import annotations

import re

from rag import clauses, datelines, markers
from rag.answers import Quotation
from rag.briefings import Outlet
from rag.clauses import TABLES
from rag.documents import Document, Span
from rag.text import fold

_WIDEST_REST = 80
_HEAD = 600
_END = re.compile(r"[,;:.!?()\"“”«»\n，。；：？！、]|$| (?:that|which|who|qui|que|yang|jika|bahwa|dass) ")
_OWN = re.compile(r"press release|communique|siaran pers|situs|website|\bsite\b|pressemitteilung|comunicado")
_NAMES = re.compile(r"[A-ZÀ-ÖØ-Þ]")

_PRESS = re.compile(
    r"^\W*(?:press release|for immediate release|news release|communique de presse|siaran pers|pressemitteilung"
    r"|comunicado de prensa)\b|\b(?:media contacts?|press contact|contacts? presse|kontak media)\b",
    re.MULTILINE,
)
_BLOG = re.compile(
    r"\b(?:leave a (?:reply|comment)|post a comment|about the author|a propos de l'auteur|tentang penulis|akismet"
    r"|my blog|laisser un commentaire|tinggalkan (?:balasan|komentar)|filed under"
    r"|in my opinion|i think|a mon avis|menurut saya|mon blog)\b"
)
_TRADE = re.compile(
    r"\b(?:contributing editor|trade (?:press|journal|magazine)|business weekly|industry (?:news|week)|technology news"
    r"|tech news|analyst|notebook|revue professionnelle|magazine)\b"
)
_OFFICIAL = re.compile(
    r"^\W*(?:official (?:gazette|journal|notice)|journal officiel|government of|gouvernement|ministry of|ministere d"
    r"|kementerian|pemerintah)\b",
    re.MULTILINE,
)


def outlet(document: Document) -> Outlet:
    """What kind of publisher wrote a document; "unknown" when its words do not tell."""
    text = fold(document.text)
    head = text[:_HEAD]
    if _PRESS.search(head):
        return "press-release"
    if _OFFICIAL.search(head[: _HEAD // 4]):
        return "official"
    if _TRADE.search(head):
        return "trade"
    if _BLOG.search(text):
        return "blog"
    named = document.source.author is not None or datelines.dateline(document) is not None
    return "news" if named else "unknown"


def rests_on(document: Document) -> Quotation | None:
    """Whom a document names as its own source: "according to TechCrunch"; None when it names nobody."""
    for sentence in document.sentences:
        text = sentence.span.of(document.text)
        for match in markers.find(TABLES["source"], fold(text), sentence.language):
            stop = _END.search(text, match.end() + 1)
            end = stop.start() if stop else len(text)
            span = Span(match.start(), end)
            printed = span.of(text)
            named = _NAMES.search(text[match.end() : end]) or _OWN.search(fold(printed))
            if named and clauses.width(printed) <= _WIDEST_REST:
                return quotation(document, Span(sentence.span.start + span.start, sentence.span.start + span.end))
    return None


def quotation(document: Document, span: Span) -> Quotation:
    """Some characters of a document as evidence, in the language of their sentence."""
    language = next(
        (each.language for each in document.sentences if each.span.overlaps(span)), document.source.language
    )
    return Quotation(
        document=document.source.id,
        sha256=document.source.sha256,
        start=span.start,
        end=span.end,
        quote=span.of(document.text),
        language=language,
        title=document.source.title,
    )
