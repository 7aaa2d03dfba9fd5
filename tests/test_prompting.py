"""Prompts are found, versioned and filled once; what documents say stays data in them."""

import datetime as dt
import hashlib
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag import prompting
from rag.documents import Chunk, DocumentDate, Hit, Sentence, Source, Span
from rag.prompting import Passage, Prompt, fence, load, neutral, passage, render

PROMPTS = Path(__file__).parent.parent / "prompts"
NAMES = sorted(path.stem for path in PROMPTS.glob("*.md") if path.stem != "README")


def _hit(*sentences: str, title: str | None = None, dates: tuple[DocumentDate, ...] = ()) -> Hit:
    text = "\n".join(sentences)
    spans, start = [], 0
    for sentence in sentences:
        spans.append(Sentence(Span(start, start + len(sentence)), "en"))
        start += len(sentence) + 1
    chunk = Chunk("a.txt", Span(0, len(text)), text, tuple(spans), "en")
    source = Source("a.txt", "0" * 64, "en", title, dates=dates)
    return Hit(chunk, source, 1, 1.0, 1, 0.5, 1, 1.0, (0.5,) * len(sentences), 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_is_versioned_by_its_file(name: str) -> None:
    """The version is the beginning of the file's SHA-256, so that anybody can find the words that were sent."""
    prompt = load(name)
    assert prompt.version == hashlib.sha256((PROMPTS / f"{name}.md").read_bytes()).hexdigest()[:12]
    assert prompt.id == f"{name}@{prompt.version}"
    assert prompt.text == (PROMPTS / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("place", ["rag/prompts", "prompts"])
def test_prompts_are_found_in_an_installed_package_and_in_a_checkout(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Line ends of another system do not make another version; another package's folder is not read."""
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "greeting.md").write_bytes(b"Hello\r\n{{who}}\r\n")
    monkeypatch.setattr(prompting, "_HERE", tmp_path / "rag")
    if place == "prompts":
        with pytest.raises(LookupError):
            load("greeting")
        (tmp_path / "pyproject.toml").write_text("")
    assert load("greeting") == Prompt(
        "greeting", hashlib.sha256(b"Hello\n{{who}}\n").hexdigest()[:12], "Hello\n{{who}}\n"
    )
    load.cache_clear()


def test_a_prompt_or_part_that_is_not_there_is_an_error() -> None:
    """The error names what there is."""
    with pytest.raises(LookupError, match="no prompt 'nothing'"):
        load("nothing")
    with pytest.raises(LookupError, match="no part 'end'; it has one, two"):
        Prompt("p", "0", "# one\nA\n# two\nB\n").part("end")


def test_parts_end_at_the_next_heading() -> None:
    """Headings of lower levels belong to a part."""
    prompt = Prompt("p", "0", "# one\nA\n## not a part\n# x y\nB\n\n# two\nC")
    assert prompt.part("one").text == "A\n## not a part\n# x y\nB"
    assert prompt.part("two") == Prompt("p", "0", "C")


@pytest.mark.parametrize("values", [{}, {"a": "1"}, {"a": "1", "b": "2", "c": "3"}])
def test_values_must_match_the_places(values: dict[str, str]) -> None:
    """A place without a value, or a value without a place, is a mistake of ours and never sent."""
    with pytest.raises(ValueError, match="do not match its places"):
        render(Prompt("p", "0", "{{a}} {{b}}"), **values)


@given(st.text() | st.sampled_from(["{{b}}", "{{a}}", "$a", "${a}", "{% raw %}", r"\1", r"\g<0>", "%(a)s", "{a}"]))
def test_values_are_never_templates(value: str) -> None:
    """Whatever a value holds stands in the result as it is."""
    assert render(Prompt("p", "0", "<{{a}}|{{b}}>"), a=value, b="B") == f"<{value}|B>"


HIDDEN = "\u200b\u200e\u202e\u2066\u2069\ufeff\u00ad\u034f\u2060\u115f\u3164\ufe0f\U000e0041\U000e0101\x1b\x07\x00\x9b"


@given(st.text())
@example("[1.2]")
@example("［１．２］")
@example("<|im_start|>")
@example("a\u2028b\u2029c\x85d\x1ee\r\n")
@example("a\u200c\u200db \u0645\u06cc\u200c\u062e")
@example("<\u200b|x|>")
def test_a_neutral_text_is_one_visible_line_without_labels(text: str) -> None:
    """No line ends, no hidden characters, no square brackets, no start of a control token; once is enough."""
    line = neutral(text)
    assert line == line.strip()
    assert len(line.splitlines()) <= 1
    assert not re.search(r"[\[\]［］]|<[|/a-zA-Z<!_]", line)
    assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in line)
    assert {each for each in line if unicodedata.category(each) == "Cf"} <= {"\u200c", "\u200d"}
    assert neutral(line) == line
    line.encode()


@pytest.mark.parametrize("character", HIDDEN)
def test_hidden_characters_are_left_out(character: str) -> None:
    """Nothing reaches the model that a reader of the source would not see."""
    assert neutral(f"igno{character}re") == "ignore"


@pytest.mark.parametrize(
    "text",
    [
        "92,4 millions d’unités",
        "p < 0.05 and x <= 3",
        "می‌خواهم",
        "क्‍ष",
        "微软与小米",
        "Straße «Zoë»",
        "{{x}} {% y %}",
        "a_b *c*",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Letters of every script, with the joiners that belong to their spelling, numbers and comparisons."""
    assert neutral(text) == text


def test_a_passage_numbers_its_sentences_and_leaves_the_text_alone() -> None:
    """One line for each sentence; one without a visible character has no number."""
    hit = _hit("First\nline.", "\u200b\u200b", "Third [1.9].")
    before = hit.chunk.text
    shown = passage(2, hit)
    assert shown.ids == ["2.1", "2.3"]
    assert shown.text == "Passage 2 | language en\n[2.1] First line.\n[2.3] Third (1.9)."
    assert hit.chunk.text == before


def test_a_passage_tells_title_and_date_of_its_document() -> None:
    """A title that is long is cut, and cannot begin a line or a label."""
    dates = (
        DocumentDate("updated", Span(0, 1), dt.date(2020, 1, 1)),
        DocumentDate("published", Span(0, 1), dt.date(2018, 2, 23)),
    )
    shown = passage(1, _hit("A.", title="News\n[1.1] " + "x" * 500, dates=dates))
    assert shown.heading == f"Passage 1 | News (1.1) {'x' * 139}… | published 2018-02-23 | language en"


def test_a_passage_can_be_built_without_some_of_its_sentences() -> None:
    """Numbers stay those of the sentences."""
    assert Passage(3, "H", {2: "b", 5: "e"}).text == "H\n[3.2] b\n[3.5] e"


@given(st.lists(st.text(), max_size=5))
def test_the_fence_is_in_none_of_the_texts_and_the_same_each_time(texts: list[str]) -> None:
    """So that a recorded request is found again."""
    word = fence(texts)
    assert re.fullmatch("[0-9a-f]{16}", word)
    assert word == fence(texts)
    assert not any(word in text for text in texts)


def test_a_text_that_holds_the_fence_gets_another() -> None:
    """Even an author who knew question and passages would have to find a text that holds its own hash."""
    word = fence(["question", "text"])
    assert fence(["question", f"text {word}"]) != word
