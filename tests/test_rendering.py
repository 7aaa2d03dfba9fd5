"""Answers as text, Markdown and JSON; hostile documents can't reach the terminal."""

from __future__ import annotations

import datetime as dt
import importlib.resources
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from rag.answers import Answer, Attribution, Claim, Conflict, Position, Quotation
from rag.documents import Chunk, DocumentDate, Hit, Source, Span
from rag.rendering import (
    Look,
    SourceNote,
    answer_object,
    dump,
    hit_object,
    render_claim,
    render_explanation,
    render_hits,
    render_markdown,
    render_sources,
    render_text,
)
from rag.rendering.contract import answer_schema, schema_text
from rag.rendering.display import clip, safe_name, safe_text, wrap
from rag.rendering.markdown import code, escape

SHA256 = "0" * 64
TERMINAL = Look(width=60, colour=True, links=True)


def _quotation(
    quote: str = "Xiaomi is fifth.", document: str = "seeds/003.txt", start: int = 10, **more: Any
) -> Quotation:
    more = {"language": "en", "title": "A pact", **more}
    return Quotation(document, SHA256, start, start + len(quote), quote, **more)


def _answer(*claims: Claim, **more: Any) -> Answer:
    return Answer(question="Which rank?", language="en", status=more.pop("status", "answered"), claims=claims, **more)


def _claim(quote: str = "Xiaomi is fifth.", **more: Any) -> Claim:
    return Claim(quote, (_quotation(quote, **more),), origins=1)


def full_answer() -> Answer:
    """An answer that uses every field of the contract."""
    first, second = _quotation(), _quotation("Il est quatrième.", "seeds/000.txt", 7, language="fr", title=None)
    third = _quotation("Page one.", "seeds/b.pdf", 0, page=1)
    return _answer(
        Claim("It ranks fifth.", (first, second), 1, Attribution("Wang Xiang", "opinion")),
        Claim("Page one.", (third,), 1),
        status="conflicting",
        conflicts=(Conflict("rank", "scope", (Position("fifth", (first,)), Position("fourth", (second,)))),),
        missing=("the price",),
        withheld=1,
        timings={"retrieve": 0.0123456789},
    )


def check_contract(value: dict[str, Any]) -> None:
    """Validate against the published schema, and allow no field that it does not know."""
    text = importlib.resources.files("rag").joinpath("schemas/answer-1.json").read_text("utf-8")
    schema = json.loads(text)
    for part in (schema, *schema["$defs"].values()):
        part["additionalProperties"] = False
    jsonschema.Draft202012Validator(schema).validate(value)


def test_published_schema_is_the_one_of_the_types() -> None:
    """The schema in the package is derived from the types in rag.answers, byte for byte."""
    published = importlib.resources.files("rag").joinpath("schemas/answer-1.json").read_text("utf-8")
    assert published == schema_text(), "write rag.rendering.contract.schema_text() to rag/schemas/answer-1.json"
    jsonschema.Draft202012Validator.check_schema(answer_schema())


@pytest.mark.parametrize(
    "given",
    [
        full_answer(),
        _answer(status="unanswerable", nearest=(_quotation(),), missing=("the rank",)),
        _answer(_claim(), model="server:m"),
        _answer(replace(_claim(), answer=Span(3, 8))),
    ],
)
def test_answers_keep_the_contract(given: Answer) -> None:
    """Every kind of answer is valid against the schema, without fields that it does not describe."""
    check_contract(json.loads(dump(answer_object(given))))
    check_contract({"id": 7, **answer_object(given)})


def test_key_order_is_stable_and_unknowns_are_left_out() -> None:
    """Keys come in the order of the contract; title, page and attribution only appear when known."""
    value = answer_object(full_answer())
    assert list(value) == [
        "schema", "question", "language", "status", "direct", "text", "claims", "conflicts", "missing", "nearest",
        "withheld", "model", "usage", "timings",
    ]  # fmt: skip
    assert list(value["claims"][0]["spans"][1]) == ["document", "sha256", "start", "end", "quote", "language"]
    assert value["claims"][1]["spans"][0]["page"] == 1
    assert "attribution" not in value["claims"][1]
    assert value["timings"] == {"retrieve": 0.012346}


def test_json_keeps_letters_and_survives_undecodable_names() -> None:
    """Non-ASCII text is written as it is, ASCII on request, and a lone surrogate as an escape that reads back."""
    assert dump("é中\U0001f600") == '"é中\U0001f600"'
    assert json.loads(dump("é中\U0001f600", ascii_only=True)) == "é中\U0001f600"
    assert dump("é中\U0001f600", ascii_only=True).isascii()
    assert json.loads(dump("a\udcff").encode().decode()) == "a\udcff"


def test_the_direct_answer_stands_first_unless_sources_disagree() -> None:
    """In bold where that can be shown, in JSON beside the text; it can neither colour the screen nor be markup."""
    claim = Claim("It ranks *fifth*\x1b[2J.", (_quotation(),), 1, answer=Span(9, 20))
    given = _answer(claim)
    assert render_text(given, {}, Look()).startswith("*fifth*\ufffd[2J\nIt ranks *fifth*\ufffd[2J. [1]\n")
    assert render_text(given, {}, TERMINAL).startswith("\x1b[1m*fifth*\ufffd[2J\x1b[0m\n")
    assert render_markdown(given, {}).startswith("**\\*fifth\\*\ufffd\\[2J**\n\nIt ranks")
    value = answer_object(given)
    assert (value["direct"], value["claims"][0]["answer"]) == ("*fifth*\x1b[2J", {"start": 9, "end": 20})
    disagreeing = replace(given, status="conflicting")
    assert render_text(disagreeing, {}, Look()).startswith("It ranks")
    assert render_markdown(disagreeing, {}).startswith("It ranks")
    assert answer_object(disagreeing)["direct"] is None


def test_text_shows_claims_then_sources() -> None:
    """The claim stands once with its number; the source has title, file with offsets, language and date."""
    notes = {"seeds/003.txt": SourceNote(dates=(DocumentDate("published", Span(0, 1), dt.date(2018, 2, 23)),))}
    assert render_text(_answer(_claim()), notes, Look()) == (
        "Xiaomi is fifth. [1]\n\nSources\n[1] A pact\n    seeds/003.txt:10-26 · English · published 2018-02-23\n"
    )


def test_text_quotes_sources_that_say_it_otherwise() -> None:
    """A quotation is printed below its source unless some claim prints exactly the same words."""
    text = render_text(full_answer(), {}, Look())
    assert "It ranks fifth. [1][2] (opinion by Wang Xiang · 2 sources, 1 origin)" in text
    assert "    “Xiaomi is fifth.”" in text
    assert "    “Il est quatrième.”" in text
    assert "“Page one.”" not in text
    assert "seeds/b.pdf:0-9 · page 1 · English" in text


def test_text_shows_conflicts_gaps_and_what_was_withheld() -> None:
    """Conflicts list their positions with numbers, and the reader learns what is missing or was left out."""
    text = render_text(full_answer(), {}, Look())
    assert "Different scopes, so both may hold: rank\n  - fifth [1]\n  - fourth [2]" in text
    assert "Not in the passages found: the price" in text
    assert "1 statement was left out: not borne out by the sources." in text


def test_unanswerable_shows_nearest_passages_as_no_answer() -> None:
    """The nearest passages are labelled and long ones are cut."""
    given = _answer(status="unanswerable", nearest=(_quotation("word " * 200),), missing=("the rank",))
    text = render_text(given, {}, Look())
    assert text.startswith(
        "The documents do not say.\n\nNot in the passages found: the rank\n\nNearest passages (not an answer)"
    )
    assert len(text) < 600
    assert "Sources" not in text


def test_untitled_documents_are_named_by_their_opening_words() -> None:
    """Without a title the opening words stand, with an ellipsis, never the file name twice."""
    given = _answer(_claim(title=None))
    assert "[1] Microsoft et Xiaomi" in render_text(given, {"seeds/003.txt": SourceNote("Microsoft et Xiaomi")}, Look())
    assert "[1] Xiaomi is fifth." in render_text(given, {}, Look())


def test_terminals_get_links_and_colour_and_pipes_get_neither() -> None:
    """OSC 8 links point at the file; a pipe receives no escape at all."""
    notes = {"seeds/003.txt": SourceNote(path=Path("/data/se eds/003.txt"))}
    shown = render_text(_answer(_claim()), notes, TERMINAL)
    assert "\x1b]8;;file:///data/se%20eds/003.txt\x1b\\seeds/003.txt:10-26\x1b]8;;\x1b\\" in shown
    assert "\x1b[1mSources\x1b[0m" in shown
    assert "\x1b" not in render_text(_answer(_claim()), notes, Look())


HOSTILE = (
    "plain\x1b[2J\x1b]8;;https://evil.example\x07click\x1b]8;;\x07"
    "\x9b31m\x00\u202egnihton\u2066\r\nSources\u2028[9] fake"
)


@pytest.mark.parametrize("look", [Look(), TERMINAL])
def test_documents_cannot_write_escapes_or_forge_lines(look: Look) -> None:
    """Whatever stands in a document, a title, a name or a speaker: only our own escapes and lines come out."""
    spans = (_quotation(HOSTILE, HOSTILE, title=HOSTILE),)
    hostile = Claim(HOSTILE, spans, 1, Attribution(HOSTILE, "fact"))
    conflict = Conflict(HOSTILE, "contradiction", (Position(HOSTILE, spans), Position("b", spans)))
    given = _answer(hostile, conflicts=(conflict,), missing=(HOSTILE,), nearest=spans)
    notes = {HOSTILE: SourceNote(path=Path("/x/\x1b]0;owned\x07"))}
    text = render_text(given, notes, look)
    for ours in (r"\x1b\[(?:0|1|2|1;33)m", r"\x1b]8;;file:///x/%1B%5D0%3Bowned%07\x1b\\", r"\x1b]8;;\x1b\\"):
        text = re.sub(ours, "", text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066\u2067]", text)
    assert sum(line == "Sources" for line in text.split("\n")) == 1
    assert not any(line.startswith("[9]") for line in render_text(given, notes, Look()).split("\n"))


@given(st.text())
def test_safe_text_is_one_printable_line(text: str) -> None:
    """No text yields a control character, a line end or a lone surrogate."""
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066\u2067]", safe_text(text))
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", safe_name(text))


def test_right_to_left_text_is_isolated() -> None:
    """Hebrew can't move the citation number that follows it."""
    assert safe_text("שלום עולם") == "\u2068שלום עולם\u2069"
    assert clip(safe_text("שלום עולם " * 40), 50).endswith("…\u2069")


@given(st.text(alphabet=st.sampled_from("ab é中文。，😀 \u0301"), max_size=200), st.integers(16, 60))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    """No line is wider than the terminal, and the characters are all there in order."""
    lines = wrap(text, width).split("\n")
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_chinese_breaks_anywhere_but_before_closing_marks() -> None:
    """Wide text without spaces fills the lines, and no line starts with a full stop."""
    lines = wrap("微软和小米签署了一份谅解备忘录。" * 4, 32).split("\n")
    assert all(24 < cell_len(line) <= 32 for line in lines[:-1])
    assert not any(line.startswith("。") for line in lines)


def test_pipes_get_one_line_per_paragraph() -> None:
    """Without a width nothing is wrapped, however long."""
    assert wrap("word " * 100, None).count("\n") == 0


@pytest.mark.parametrize("look", [Look(), TERMINAL])
def test_an_answer_can_be_printed_in_parts(look: Look) -> None:
    """Claims as they come, and then the rest, are the text of the whole answer; so are claims with their sources."""
    whole = full_answer()
    parts = [render_claim(claim, whole.claims[: number + 1], look) for number, claim in enumerate(whole.claims)]
    assert render_text(whole, {}, look).startswith("\n\n".join(parts) + "\n\n")
    for claims in (whole.claims, whole.claims[1:]):
        parts = [render_claim(claim, claims[: number + 1], look) for number, claim in enumerate(claims)]
        broken_off = "\n\n".join([*parts, render_sources(claims, {}, look)])
        assert broken_off == render_text(_answer(*claims), {}, look)


@pytest.mark.parametrize(("render", "note"), [(render_text, "Note: "), (render_markdown, "**Note:** ")])
def test_a_fallback_is_told(render: Any, note: str) -> None:
    """First, when another answerer gave it all; before the sources, when it only completed what was shown."""
    more = () if render is render_markdown else (Look(),)
    replaced = render(_answer(_claim(), fallback="extractive answered: *down*\x1b"), {}, *more)
    assert replaced.startswith(f"{note}extractive answered: ")
    assert "\x1b" not in replaced
    completed = render(_answer(_claim(), model="a:b", fallback="extractive completed it"), {}, *more)
    assert completed.index("Xiaomi is fifth.") < completed.index(note) < completed.index("Sources")


def test_markdown_escapes_what_would_mean_something() -> None:
    """Headings, lists, links, HTML and emphasis of a document stay plain text."""
    assert escape("# a") == r"\# a"
    assert escape("12) a") == r"12\) a"
    assert escape("<b>*x*</b> [y](z) `c` | ~~d~~ & a_b") == r"\<b\>\*x\*\</b\> \[y\](z) \`c\` \| \~\~d\~\~ \& a\_b"
    assert code("`") == "`` ` ``"


def test_markdown_has_paragraphs_sources_and_quotations() -> None:
    """The Markdown form carries the same facts as the text."""
    text = render_markdown(full_answer(), {})
    assert "It ranks fifth. \\[1\\]\\[2\\] (opinion by Wang Xiang · 2 sources, 1 origin)" in text
    assert "1. **A pact**  \n   `seeds/003.txt:10-26` · English\n\n   > Xiaomi is fifth.\n" in text
    assert "*1 statement was left out: not borne out by the sources.*" in text
    assert "**Different scopes, so both may hold:** rank\n\n- fifth \\[1\\]\n- fourth \\[2\\]" in text
    withheld = render_markdown(_answer(status="unanswerable", withheld=2), {})
    assert withheld.startswith("**No answer is borne out by the documents.**\n\n*2 statements were left out")
    nothing = _answer(status="unanswerable", nearest=(_quotation(),))
    assert render_markdown(nothing, {}).startswith(
        "**The documents do not say.**\n\n## Nearest passages (not an answer)"
    )


def _hit(rank: int = 1, **more: Any) -> Hit:
    chunk = Chunk("seeds/003.txt", Span(0, 40), "Xiaomi is fifth. It sells mobile phones.", (), "en")
    fields = {
        "score": 0.0325, "dense_rank": 1, "dense_score": 0.5, "lexical_rank": 2, "lexical_score": 7.25,
        "sentence_scores": (), "origin": 1,
    }  # fmt: skip
    return Hit(chunk, Source("seeds/003.txt", SHA256, "en", "A pact"), rank, **{**fields, **more})


def test_hits_show_scores_and_both_ranks() -> None:
    """A passage shows where it is, why it was found and what it says; a missing rank is said."""
    text = render_hits([_hit(), _hit(2, lexical_rank=None, lexical_score=None)], {}, Look())
    assert "1.  A pact\n    seeds/003.txt:0-40 · English\n" in text
    assert "score 0.0325 · meaning 1 (cosine 0.500) · words 2 (BM25 7.25) · origin 1" in text
    assert "words no match" in text
    assert render_hits([], {}, Look()) == ""


def test_hit_objects_have_the_batch_fields() -> None:
    """The JSON of a hit has the promised fields, null where a ranking lacks the passage."""
    value = hit_object(_hit(dense_rank=None, dense_score=None))
    assert {"document", "start", "end", "text", "language", "score", "rank", "dense_rank", "lexical_rank"} <= set(value)
    assert value["dense_rank"] is None
    assert value["lexical_rank"] == 2


def test_explanation_tells_which_passages_are_cited() -> None:
    """Each passage has its line, marked with the numbers of the quotations inside it."""
    lines = render_explanation(_answer(_claim(), replace(_claim(), spans=(_quotation(start=99),))), [_hit()]).split(
        "\n"
    )
    assert lines[0].split() == ["rank", "score", "meaning", "cosine", "words", "BM25", "origin", "cited", "passage"]
    assert lines[1].split() == ["1", "0.0325", "1", "0.500", "2", "7.25", "1", "[1]", "seeds/003.txt:0-40"]
