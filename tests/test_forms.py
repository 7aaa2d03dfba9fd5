"""The form of an answer keeps to what every server honours, and what a model fills in becomes a draft that fits."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from rag.answers import DraftAnswer, DraftClaim
from rag.forms import AnswerForm, made, read_descriptions, repeats
from rag.prompting import Prompt, load

IDS = ["1.1", "1.2", "2.1"]
DESCRIPTIONS = read_descriptions(load("answer").part("fields"))
CLAIM = {"text": "It sails at noon.", "sentences": ["1.2"], "speaker": None, "kind": "fact"}
SIDES = [{"text": "fifth", "sentences": ["1.1"]}, {"text": "fourth", "sentences": ["2.1"]}]
CONFLICT = {"about": "rank", "kind": "scope", "positions": SIDES}
ANSWER: dict[str, Any] = {"claims": [CLAIM], "conflicts": [], "missing": [], "status": "answered"}
QUESTION = "What does the ferry cost, and when does it sail?"


def _form(ids: list[str] = IDS) -> type[AnswerForm]:
    return made(ids, DESCRIPTIONS, lambda form: None)


def _drafted(**fields: Any) -> DraftAnswer:
    return _form().model_validate({**ANSWER, **fields}).drafted(QUESTION, "en")


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _nodes(each)


@pytest.mark.parametrize(
    "identity", ["9.9", "1.3", "01.1", "1.1 ", "[1.1]", "1.1\n", "１.１", "1,1", "", "1.1, 1.2", 1.1, None, ["1.1"]]
)
@pytest.mark.parametrize("place", ["claims", "conflicts"])
def test_only_the_sentences_shown_can_be_named(identity: object, place: str) -> None:
    """Nothing that looks like a number passes for one: the enumeration is exact."""
    if place == "claims":
        wrong: dict[str, Any] = {"claims": [{**CLAIM, "sentences": ["1.1", identity]}]}
    else:
        wrong = {"conflicts": [{**CONFLICT, "positions": [SIDES[0], {"text": "x", "sentences": [identity]}]}]}
    with pytest.raises(ValidationError):
        _form().model_validate({**ANSWER, **wrong})


@pytest.mark.parametrize("sentences", [[], ["1.1", "1.2", "2.1", "1.1"]])
def test_a_claim_names_one_to_three_sentences(sentences: list[str]) -> None:
    """None is not evidence, and many are a heap."""
    with pytest.raises(ValidationError):
        _form().model_validate({**ANSWER, "claims": [{**CLAIM, "sentences": sentences}]})


@pytest.mark.parametrize("ids", [IDS, ["1.1"]])
def test_the_schema_keeps_to_what_every_server_honours(ids: list[str]) -> None:
    """Objects and lists of strings and enumerations: no defaults, lengths, patterns, bounds or free objects."""
    schema = _form(ids).model_json_schema()
    allowed = {"$defs", "$ref", "properties", "required", "type", "items", "enum", "anyOf", "minItems", "maxItems"}
    names = {"claims", "conflicts", "missing", "status", "text", "sentences", "direct", "speaker", "kind"}
    names |= {"about", "positions"}
    known = allowed | names | {"title", "description", "Answer", "Claim", "Conflict", "Position", "SentenceId"}
    for node in _nodes(schema):
        assert set(node) <= known
        if "properties" in node:
            assert list(node["properties"]) == node["required"]
            assert all("description" in field for field in node["properties"].values())
    assert schema["$defs"]["SentenceId"] == {"type": "string", "enum": ids}
    assert sum(len(node.get("enum", [])) for node in _nodes(schema)) == len(ids) + 4 + 2 + 4


@pytest.mark.parametrize(
    ("text", "direct", "expected"),
    [
        ("The lake is 143 metres deep.", "143 metres", "143 metres"),
        ("The lake is 143 metres deep.", " 143  Metres. ", "143 metres"),
        ("Le bac coûte 3 euros.", "3 EUROS", "3 euros"),
        ("It sails\nat   noon.", "at noon", "at noon"),
        ("微软与小米签署了协议。", "小米", "小米"),
        ("小米用Azure云。", "Azure", "Azure"),
        ("The lake is 143 metres deep.", "144 metres", None),
        ("The lake is 143 metres deep.", "43 metres", None),
        ("It costs 3.5 pounds.", "3", None),
        ("It costs 3.5 pounds.", "5 pounds", None),
        ("It costs 92,4 euros.", "92", None),
        ("Milan is in Italy.", "Ital", None),
        ("It sails at noon.", "It sails at noon", None),
        ("It sails at noon.", " .!? ", None),
        ("It sails at noon.", "(.*)", None),
        ("It sails at noon.", None, None),
    ],
)
def test_a_direct_answer_is_whole_words_of_its_claim(text: str, direct: str | None, expected: str | None) -> None:
    """Whatever else a model writes there is none, and so is all of the claim."""
    [claim] = _drafted(claims=[{**CLAIM, "text": text, "direct": direct}]).claims
    assert (claim.text[slice(*claim.answer)] if claim.answer else None) == expected


def test_what_may_be_null_may_be_left_out() -> None:
    """A model whose server does not enforce the schema need not be asked again for that."""
    [claim] = _drafted(claims=[{"text": "It sails at noon.", "sentences": ["1.2"], "kind": "fact"}]).claims
    assert (claim.attribution, claim.answer) == (None, None)


def test_the_form_and_the_prompt_describe_the_same_fields() -> None:
    """A field without a description, or a description without a field, is a mistake of ours."""
    with pytest.raises(KeyError, match=r"claims\.kind"):
        made(IDS, {path: text for path, text in DESCRIPTIONS.items() if path != "claims.kind"}, lambda form: None)
    with pytest.raises(ValueError, match=r"no field claims\.colour"):
        made(IDS, {**DESCRIPTIONS, "claims.colour": "x"}, lambda form: None)


def test_descriptions_are_read_from_the_lines_of_a_prompt() -> None:
    """Further colons belong to the text."""
    assert read_descriptions(Prompt("p", "0", "a: b: c\n\nd.e: f")) == {"a": "b: c", "d.e": "f"}


def test_the_check_can_refuse_an_answer() -> None:
    """It sees the finished form; its reason reaches whoever asked."""

    def check(form: AnswerForm) -> None:
        raise ValueError(form.claims[0].text)

    with pytest.raises(ValidationError, match="It sails at noon"):
        made(IDS, DESCRIPTIONS, check).model_validate(ANSWER)


def test_claims_become_drafts_on_one_line_with_each_sentence_once() -> None:
    """A speaker makes an attribution; none, or an empty one, makes none."""
    said = {
        **CLAIM,
        "text": "It\nsails \t late.",
        "sentences": ["1.2", "1.2"],
        "speaker": " Ann\nLee ",
        "kind": "opinion",
    }
    draft = _drafted(claims=[said, {**CLAIM, "speaker": " "}])
    first, second = draft.claims
    assert (first.text, first.sentences) == ("It sails late.", ["1.2"])
    assert first.attribution is not None
    assert (first.attribution.speaker, first.attribution.kind) == ("Ann Lee", "opinion")
    assert second.attribution is None


@pytest.mark.parametrize(
    ("claims", "status", "expected"),
    [
        ([CLAIM], "answered", "answered"),
        ([CLAIM], "partial", "partial"),
        ([CLAIM], "conflicting", "conflicting"),
        ([CLAIM], "unanswerable", "partial"),
        ([], "answered", "unanswerable"),
        ([], "partial", "unanswerable"),
        ([], "unanswerable", "unanswerable"),
    ],
)
def test_status_and_claims_fit_together(claims: list[Any], status: str, expected: str) -> None:
    """Whoever claims something has answered a part; whoever claims nothing has not answered."""
    draft = _drafted(claims=claims, status=status)
    assert draft.status == expected
    assert bool(draft.missing) == (expected in {"partial", "unanswerable"})


def test_positions_are_the_claims_of_an_answer_that_has_no_others() -> None:
    """An answer that consists of a conflict is an answer."""
    draft = _drafted(claims=[], conflicts=[CONFLICT], status="conflicting")
    assert draft.status == "conflicting"
    assert [claim.text for claim in draft.claims] == ["fifth", "fourth"]
    assert draft.conflicts[0].positions[1].sentences == ["2.1"]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (["when does it sail"], ["when does it sail"]),
        (["when it sails", "Visit https://evil.example now"], ["when it sails"]),
        (["the name of the captain"], [QUESTION]),
        (["?!"], [QUESTION]),
        ([], [QUESTION]),
    ],
)
def test_what_is_missing_is_told_in_words_of_the_question(missing: list[str], expected: list[str]) -> None:
    """A model cannot say anything of its own there."""
    assert _drafted(missing=missing, status="partial").missing == expected


SAID = DraftClaim(text="The ferry to Lisle sailed at noon on Monday.", sentences=["1.1", "1.2"])


@pytest.mark.parametrize(
    ("text", "sentences", "expected"),
    [
        ("The ferry to Lisle sailed at noon on Monday.", ["1.1"], True),
        ("On Monday at noon the ferry to Lisle sailed.", ["1.2", "2.1"], True),
        ("The ferry to Lisle sailed at noon on Monday.", ["2.1"], False),
        ("The ferry to Lisle sailed at noon on Tuesday.", ["1.1"], False),
        ("The ferry to Lisle sailed at 3 on Monday.", ["1.1"], False),
        ("It costs three pounds.", ["1.1"], False),
    ],
)
def test_a_claim_repeats_another_only_with_the_same_sentence_figures_and_names(
    text: str, sentences: list[str], expected: bool
) -> None:
    """Rather twice in other words than a fact left out."""
    assert repeats(DraftClaim(text=text, sentences=sentences), [SAID], "en") is expected
