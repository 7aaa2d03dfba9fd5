"""Every sentence of somebody else's text is marked by what the sources say to it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from labelled import read_pairs

from rag import loaders
from rag.check_reports import check_object, check_text_report
from rag.checking import CheckReport, State, check_text, read_sources
from rag.documents import Document
from rag.embedding import MiniLM
from rag.errors import UsageError
from rag.rendering import Look, dump

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.fixture(scope="module")
def seeds() -> list[Document]:
    """The five articles."""
    documents, unreadable = read_sources([SEEDS])
    assert unreadable == []
    return documents


@pytest.fixture(scope="module")
def embedder() -> MiniLM:
    """The shipped one, loaded once."""
    return MiniLM()


def _states(text: str, sources: list[Document], embedder: MiniLM) -> list[State]:
    return [sentence.state for sentence in check_text(text, sources, embedder=embedder).sentences]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("In 2016, Xiaomi bought and licensed 1,500 patents from Microsoft.", "supported"),
        ("Xiaomi bought 1,500 patents from Microsoft in 2016.", "supported"),
        ("In 2016, Xiaomi bought 2,500 patents from Microsoft.", "contradicted"),
        ("Microsoft bought 1,500 patents from Xiaomi.", "contradicted"),
        ("The association is legally binding.", "contradicted"),
        ("The association is not legally binding.", "supported"),
        ("Xiaomi sold 92.4 million phones last year.", "supported"),
        ("Menurut laporan IPO Xiaomi, perusahaan tersebut bernilai US$100 miliar.", "supported"),
        ("Xiaomi déclare qu’il bénéficiera des technologies de pointe de Microsoft.", "supported"),
        ("Xiaomi uses Azure for data storage.", "not found"),
        ("Xiaomi uses Azure for gaming consoles.", "not found"),
        ("Nokia bought Alcatel in 2015.", "not found"),
        ("What did Xiaomi buy?", "no statement"),
        ("# The Xiaomi deal\n", "no statement"),
        ("# Xiaomi buys Nokia in 2019\n", "not found"),
    ],
)
def test_a_sentence_gets_the_state_that_the_sources_give_it(
    text: str, state: State, seeds: list[Document], embedder: MiniLM
) -> None:
    """Word for word, in other words, in another language, altered and invented."""
    assert _states(text, seeds, embedder) == [state]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ('Xiang tweeted: "We have signed a Strategic MoU today with @Microsoft to cooperate."', "not found"),
        (
            'Xiang tweeted: "We have signed a Strategic MoU today with @Microsoft to collaborate in cloud support."',
            "supported",
        ),
        ('"We have signed a Strategic MoU today with @Microsoft"', "supported"),
        ('Bill Gates tweeted: "We have signed a Strategic MoU today with @Microsoft"', "not found"),
        ("“Microsoft’s unique strengths and experience in AI … will enable Xiaomi to develop”", "supported"),
        ('"Microsoft is going to buy Xiaomi"', "not found"),
        ("> This will help accelerate our pace", "supported"),
        ("> This will help increase our pace", "not found"),
        ("> Is this a joke?", "not found"),
    ],
)
def test_a_quotation_must_stand_in_a_source_word_for_word(
    text: str, state: State, seeds: list[Document], embedder: MiniLM
) -> None:
    """And whoever is said to have spoken must be named there."""
    assert _states(text, seeds, embedder) == [state]


def test_offsets_are_those_of_the_text_and_evidence_those_of_the_source(
    seeds: list[Document], embedder: MiniLM
) -> None:
    """Markdown moves nothing, and every quotation is the source's own characters."""
    text = "Intro line about nothing.\n\n- **Xiaomi** will use [Azure](https://x.y) for data storage [1].\n"
    report = check_text(text, seeds, embedder=embedder)
    for sentence in report.sentences:
        assert text[sentence.start : sentence.end] == sentence.text
        for quotation in sentence.evidence:
            [source] = [each for each in seeds if each.source.id == quotation.document]
            assert source.text[quotation.start : quotation.end] == quotation.quote
            assert quotation.sha256 == source.source.sha256
    assert report.sentences[1].state == "supported"
    assert report.sentences[1].evidence[0].quote.startswith("Xiaomi will use Azure for data storage")


def test_the_text_holds_only_when_every_statement_is_supported(seeds: list[Document], embedder: MiniLM) -> None:
    """Questions and headings do not count against it."""
    good = "# Patents\n\nIn 2016, Xiaomi bought 1,500 patents from Microsoft. Why?"
    report = check_text(good, seeds, embedder=embedder)
    assert (report.holds, report.counts["supported"], report.counts["no statement"]) == (True, 1, 2)
    assert not check_text(f"{good} Nokia closed.", seeds, embedder=embedder).holds


def test_why_a_sentence_is_not_supported_is_said(seeds: list[Document], embedder: MiniLM) -> None:
    """With the sentence that says otherwise, or the nearest one."""
    text = "In 2016, Xiaomi bought 2,500 patents from Microsoft. Xiaomi uses Azure for data storage."
    wrong, bold = check_text(text, seeds, embedder=embedder).sentences
    assert wrong.reason == "'2,500' is not in the sources."
    assert "1,500 patents" in wrong.evidence[0].quote
    assert "states it as a fact" in bold.reason
    assert bold.evidence[0].quote.startswith("Xiaomi will use Azure")


def test_a_neighbour_may_name_who_is_meant(embedder: MiniLM) -> None:
    """A sentence that says "she" is read with the one before."""
    source = loaders.describe(
        "Maria Delgado leads the museum. She opened the new wing in 2019.", "a.txt", sha256="0" * 64
    )
    assert _states("Maria Delgado opened the new wing in 2019.", [source], embedder) == ["supported"]
    assert _states("Maria Lopez opened the new wing in 2019.", [source], embedder) == ["not found"]


def test_a_neighbour_cannot_outvote_a_sentence_that_says_otherwise(embedder: MiniLM) -> None:
    """Two sentences together must not lend their words to a false one."""
    source = loaders.describe("Exports rose in June. Imports fell in June.", "a.txt", sha256="0" * 64)
    assert _states("Exports fell in June.", [source], embedder) == ["contradicted"]


def test_without_an_embedder_words_alone_decide(seeds: list[Document]) -> None:
    """Nothing is loaded."""
    report = check_text("In 2016, Xiaomi bought 1,500 patents from Microsoft.", seeds)
    assert report.holds


def test_sources_are_files_and_folders(tmp_path: Path) -> None:
    """Ids are those an index gives; hidden files do not count, and unreadable ones are told."""
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a.txt").write_text("Xiaomi sold phones.", encoding="utf-8")
    (folder / ".hidden.txt").write_text("Secret.", encoding="utf-8")
    (folder / "b.txt").write_bytes(b"")
    documents, unreadable = read_sources([folder])
    assert [document.source.id for document in documents] == ["news/a.txt"]
    assert [name for name, _ in unreadable] == ["news/b.txt"]
    [alone], _ = read_sources([folder / "a.txt"])
    assert alone.text == "Xiaomi sold phones."


def test_no_source_and_no_text_are_errors_with_a_remedy(tmp_path: Path, seeds: list[Document]) -> None:
    """Nothing to compare is no success."""
    for paths in ([], [tmp_path], [tmp_path / "missing"]):
        with pytest.raises(UsageError) as caught:
            read_sources(paths)
        assert caught.value.hint
    for text in ("", " \n", "***", "```\ncode\n```"):
        with pytest.raises(UsageError, match="nothing to check"):
            check_text(text, seeds)


def test_the_report_for_people_shows_each_statement_its_state_and_its_evidence(
    seeds: list[Document], embedder: MiniLM
) -> None:
    """And a summary at the end."""
    text = "In 2016, Xiaomi bought 1,500 patents from Microsoft. Nokia closed. Why?"
    shown = check_text_report(check_text(text, seeds, embedder=embedder), Look(width=100))
    lines = shown.splitlines()
    assert lines[0] == "supported     In 2016, Xiaomi bought 1,500 patents from Microsoft."
    assert lines[1].strip() == "seeds/002_a42e3a94e18620be.txt:1330-1395 · English"
    assert "not found     Nokia closed." in lines
    assert "Why?" not in shown
    assert lines[-1] == "1 supported, 1 not found, 1 no statement; 5 sources read."
    assert all(len(line) <= 100 for line in lines)


def test_the_json_report_is_complete(seeds: list[Document], embedder: MiniLM) -> None:
    """States, counts, offsets, reasons and evidence."""
    text = "In 2016, Xiaomi bought 2,500 patents from Microsoft."
    made = json.loads(dump(check_object(check_text(text, seeds, embedder=embedder, unreadable=[("x.txt", "why")]))))
    assert (made["schema"], made["ok"], made["contradicted"], made["documents"]) == ("check/1", False, 1, 5)
    [sentence] = made["sentences"]
    assert (sentence["start"], sentence["end"], sentence["state"]) == (0, len(text), "contradicted")
    assert set(sentence["evidence"][0]) == {"document", "sha256", "start", "end", "quote", "language", "title"}
    assert made["unreadable"] == [{"document": "x.txt", "reason": "why"}]


def test_what_a_terminal_obeys_is_shown_as_text(embedder: MiniLM) -> None:
    """In the text, in a source, and in the name of a file."""
    source = loaders.describe(
        "The tram line \x1b[31mcosts 40 million\u202e euros today.", "a\x1b]0;x.txt", sha256="0" * 64
    )
    text = "The tram line \x1b[31mcosts 50 million\u202e euros today.\n\nIt holds {{x}} {% raw %} inside."
    report = check_text(text, [source], embedder=embedder, unreadable=[("b\x1b[1m", "no\x1b[1m")])
    shown = check_text_report(report, Look())
    assert not any(mark in shown for mark in ("\x1b", "\u202e", "\x07"))
    assert "{{x}} {% raw %}" in shown
    assert report.sentences[0].state == "contradicted"


def test_a_report_without_statements_holds() -> None:
    """A questionnaire says nothing false."""
    source = loaders.describe("Dogs are loyal animals.", "a.txt", sha256="0" * 64)
    report = check_text("Who? Where?", [source])
    assert (report.holds, report.counts["no statement"]) == (True, 2)
    assert CheckReport((), 0).counts == {"supported": 0, "contradicted": 0, "not found": 0, "no statement": 0}


def test_time_grows_linearly_with_the_text(seeds: list[Document]) -> None:
    """A long text is no trap."""
    times = []
    for count in (50, 200):
        text = "\n\n".join(f"Xiaomi bought {number} patents from Microsoft." for number in range(count))
        started = time.process_time()
        check_text(text, seeds)
        times.append(time.process_time() - started)
    assert times[1] < 8 * times[0] + 0.3


def test_the_claims_that_nothing_was_fitted_on_are_marked_as_they_were_measured() -> None:
    """The sources are the evidence of all claims. Half of the faithful ones are found, one change in ten passes."""
    pairs = list(read_pairs("held_out.txt"))
    sentences: dict[str, dict[str, None]] = {}
    for pair in pairs:
        for text, language in zip(pair.evidence, pair.languages, strict=True):
            sentences.setdefault(language, {})[text] = None
    sources = [
        loaders.describe("\n\n".join(texts), f"{language}.txt", sha256="0" * 64)
        for language, texts in sentences.items()
    ]
    marked = [(pair.kind, check_text(pair.claim, sources).holds) for pair in pairs]
    faithful, unfaithful = ([holds for kind, holds in marked if bool(kind) is changed] for changed in (False, True))
    print(f"held out: {sum(faithful)} of {len(faithful)} faithful and {sum(unfaithful)} of {len(unfaithful)} supported")
    assert sum(faithful) >= 15
    assert sum(unfaithful) <= 3
