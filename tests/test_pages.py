"""Pages of briefings: PDF, HTML, Markdown, Word and text."""

from __future__ import annotations

import dataclasses
import io
import re
import sys
import zipfile
from html.parser import HTMLParser

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from page_cases import ALL, ARABIC, ENGLISH, FILES, FRENCH, INDONESIAN, event, quotation, source, statement
from page_checks import letters, outside, overlaps, printed, tag_counts
from random_briefings import briefings

from rag.briefings import Briefing, Saying
from rag.errors import UsageError
from rag.pages import Format, format_of, render
from rag.pages.cleaning import clean
from rag.pages.estimate import Measures, fitting_order, in_columns
from rag.pages.labels import LABELS, labels_of
from rag.pages.wording import sheet_of
from rag.rendering import Look

LINKS = {document: document for document in FILES}
HOSTILE = "<script>alert(1)</script> #pagebreak() *x* [y](javascript:z) $1$ \x1b[31m {since}"


def changed(briefing: Briefing, **fields: object) -> Briefing:
    """The briefing with other values."""
    return dataclasses.replace(briefing, **fields)


def crowded() -> Briefing:
    """A briefing that no page holds."""
    facts = tuple(
        statement(f"Fact {n} is told in a sentence of ordinary length, so that it fills a line.", 3) for n in range(90)
    )
    return changed(ENGLISH, facts=facts)


def text_of(briefing: Briefing) -> str:
    """The text of its PDF on one line."""
    return " ".join(printed(render(briefing, "pdf").content).text.split())


# --- PDF


@pytest.mark.parametrize("name", ALL)
def test_a_briefing_is_one_tagged_page_on_which_nothing_overlaps(name: str) -> None:
    """English, French, Indonesian, Chinese and Arabic content fits, untouched by anything else."""
    content = render(ALL[name], "pdf", links=LINKS).content
    page, tags = printed(content), tag_counts(content)
    assert outside(page) == []
    assert overlaps(page) == []
    assert tags["/H1"] == 1
    assert tags["/H2"] >= 7
    assert tags["/LI"] >= 8


def test_a_page_is_the_same_bytes_every_time() -> None:
    """The clock, the run and earlier pages leave no trace."""
    assert render(ENGLISH, "pdf").content == render(ENGLISH, "pdf").content


def test_the_page_says_how_much_is_verified_and_marks_what_is_not() -> None:
    """A complete page says so; an incomplete one counts, and marks the sentence."""
    assert "Every sentence verified: 23 of 23" in text_of(ENGLISH)
    indonesian = text_of(INDONESIAN)
    assert "Hanya 13 dari 14 kalimat terverifikasi" in indonesian
    assert re.search(r"US\$100 miliar\. ?5 ?belum terverifikasi", indonesian)


def test_citations_lead_to_sources_and_sources_to_files() -> None:
    """Every number is a link within the page; every listed source links to its file."""
    reader = pypdf.PdfReader(io.BytesIO(render(ENGLISH, "pdf", links=LINKS).content))
    links = [annotation.get_object() for annotation in reader.pages[0]["/Annots"]]
    files = {str(link["/A"]["/URI"]) for link in links if "/A" in link and "/URI" in link["/A"]}
    assert files == set(FILES)
    assert len(links) > 40


def test_a_full_page_leaves_out_what_is_worth_least_and_says_so() -> None:
    """Late facts go before early ones, and the footer counts them."""
    page = render(crowded(), "pdf")
    text = " ".join(printed(page.content).text.split())
    assert "Fact 0 " in text
    assert "Fact 89 " not in text
    assert re.match(r"Left out for space: \d+ facts\b.* All of it is in the JSON\.$", page.left_out)
    assert page.left_out in text
    assert "Microsoft and Xiaomi signed a memorandum" in text
    shown = {int(number) for number in re.findall(r"Fact (\d+) is", text)}
    assert shown == set(range(len(shown)))


def test_a_page_with_room_leaves_out_nothing() -> None:
    """What fits is printed, and nothing is said of space."""
    assert render(ENGLISH, "pdf").left_out == ""


def test_text_of_documents_is_never_markup() -> None:
    """Code for the typesetter is printed as it stands."""
    text = text_of(changed(ENGLISH, title="#pagebreak() *b* $x$ `r` // @y", question="#set page(height: 1pt)"))
    assert "#pagebreak() *b* $x$ `r` // @y" in text
    assert "#set page(height: 1pt)" in text


def test_a_character_without_a_font_is_a_box_and_a_warning() -> None:
    """Hieroglyphs, which no bundled font has, are named for the reader unless the system has a font for them."""
    page = render(changed(ENGLISH, title="Plain and \U00013000"), "pdf")
    text = printed(page.content).text
    assert "\U00013000" in text or ("□" in text and "U+13000" in page.warnings[0])
    assert render(changed(ENGLISH, title="Plain and 漢字 عربي עברית हिन्दी"), "pdf").warnings == ()


def test_text_of_every_script_can_be_copied() -> None:
    """Each letter once, whatever the order in which a reader of PDFs returns words."""
    title = "مذكرة شركتي مايكروسوفت הסכם договор 战略合作 समझौता ข้อตกลง"
    page = printed(render(changed(ENGLISH, title=title), "pdf").content)
    first = page.text[: page.text.index("Question")]
    assert letters(first) == letters(title)


def test_a_briefing_without_anything_still_is_a_page() -> None:
    """Documents that say nothing make a page that says so."""
    empty = Briefing(title="", question="Who?", language="fr", as_of=ENGLISH.as_of, bottom_line=None)
    assert "Les documents ne le disent pas." in text_of(empty)


def test_a_missing_package_is_an_error_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without typst or python-docx the hint says what to install."""
    from rag.pages import typst

    typst._fonts.cache_clear()
    for module, form, extra in (("typst", "pdf", "pdf"), ("docx", "docx", "docx")):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(UsageError) as caught:
            render(ENGLISH, form)  # type: ignore[arg-type]
        assert caught.value.hint == f"Run: pip install 'spanwise[{extra}]'"


# --- what goes first


def orders(briefing: Briefing) -> dict[str, list[int]]:
    """By section, when its lines go."""
    sheet = sheet_of(briefing, {})
    return {section.name: [line.order or 0 for line in section.lines] for section in sheet.sections}


def test_early_facts_outlive_quotations_and_every_section_keeps_its_first_line_longest() -> None:
    """Within a section lines go from the end; the best fact goes last of all."""
    gone = orders(ENGLISH)
    assert gone["facts"] == sorted(gone["facts"], reverse=True)
    assert gone["facts"][2] > gone["sayings"][1]
    assert gone["facts"][0] == max(max(lines) for lines in gone.values())


def test_of_a_timeline_the_best_supported_events_stay_longest() -> None:
    """An event with one source goes before one with three, wherever it stands."""
    gone = orders(ENGLISH)["timeline"]
    assert gone.index(max(gone)) == 2
    assert gone.index(min(gone)) == 1


def test_a_source_goes_with_the_last_line_that_cites_it() -> None:
    """A source that only a quotation cites goes with it; one of the bottom line goes after every line."""
    briefing = changed(
        ENGLISH,
        sayings=(Saying(quotation(5, "kutipan")),),
        facts=(statement("A fact.", 2),),
        timeline=(event("2015", "2015", "An event", 1),),
        actors=(), agreements=(), disagreements=(), gaps=(),
    )  # fmt: skip
    sheet = sheet_of(changed(briefing, bottom_line=dataclasses.replace(
        briefing.bottom_line, statements=(statement("It is so.", 4),))), {})  # fmt: skip
    gone = {one.number: one.order for one in sheet.sources}
    lines = {section.name: section.lines[0].order for section in sheet.sections}
    assert gone[5] == lines["sayings"]
    assert gone[2] == lines["facts"]
    assert gone[4] == 3
    assert (
        sheet.left_out[-1] == "Left out for space: 1 fact, 1 event, 1 quotation, 5 sources. All of it is in the JSON."
    )


def test_thousands_of_lines_take_no_time_and_are_all_in_the_formats_without_pages() -> None:
    """A page is laid out from the best of them; Markdown has every one."""
    facts = tuple(statement(f"Fact {n}.", 3) for n in range(3000))
    timeline = tuple(event("2015", "2015", f"Event {n}", 1) for n in range(3000))
    briefing = changed(ENGLISH, facts=facts, timeline=timeline)
    assert render(briefing, "markdown").content.count(b"Fact ") == 3000
    page = render(briefing, "pdf")
    assert "Fact 0." in printed(page.content).text
    assert page.left_out.startswith("Left out for space: 2,9")


# --- words


def test_labels_exist_in_three_languages_and_say_the_same_things() -> None:
    """No language lacks a word, and each template has the same blanks."""
    assert set(LABELS) == {"en", "fr", "id"}
    english = LABELS["en"]
    for labels in LABELS.values():
        for name in (
            "headings",
            "words",
            "said",
            "dated",
            "outlets",
            "changes",
            "disagreements",
            "confidence",
            "nouns",
        ):
            theirs, ours = getattr(labels, name), getattr(english, name)
            assert theirs.keys() == ours.keys()
            for key, text in ours.items():
                assert re.findall(r"{\w+}", str(theirs[key])) == re.findall(r"{\w+}", str(text)) or key in {
                    "considered", "partly",
                }  # fmt: skip
        assert labels.languages.keys() == english.languages.keys()
    assert labels_of("de") is english


@pytest.mark.parametrize(
    ("language", "number", "day", "month"),
    [("en", "1,234", "1 March 2018", "March 2018"), ("fr", "1\u202f234", "1er mars 2018", "mars 2018"),
     ("id", "1.234", "1 Maret 2018", "Maret 2018")],
)  # fmt: skip
def test_numbers_and_dates_have_the_form_of_their_language(language: str, number: str, day: str, month: str) -> None:
    """Groups of digits, the first of a month, months without a day, and what is no date."""
    labels = LABELS[language]
    assert labels.number(1234) == number
    assert labels.date("2018-03-01") == day
    assert labels.date("2018-03") == month
    assert labels.date("2018-99") == "2018-99"
    assert labels.date("soon") == "soon"


def test_a_text_is_cleaned_of_what_reorders_or_piles_up() -> None:
    """Bidirectional controls go, private characters are boxes, a stack of marks is cut, long texts end with "…"."""
    assert clean("a\u202eb\u2066c", 9) == "abc"
    assert clean("\ue000", 9) == "□"
    assert len(clean("e" + "\u0301" * 50, 99)) <= 5
    assert clean("word " * 50, 20) == "word word word word …"


def test_a_link_that_could_run_code_is_dropped() -> None:
    """Only files and web pages can be linked."""
    links = dict.fromkeys(FILES, "javascript:alert(1)") | {FILES[0]: "file:///tmp/a%20b.txt"}
    assert [one.url for one in sheet_of(ENGLISH, links).sources] == ["file:///tmp/a%20b.txt", "", "", "", ""]


# --- HTML


class Tags(HTMLParser):
    """The tags and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.texts.append(data)


def html_of(briefing: Briefing) -> Tags:
    """The parsed page."""
    tags = Tags()
    tags.feed(render(briefing, "html", links=LINKS).content.decode())
    return tags


def test_html_is_escaped_and_needs_nothing_from_elsewhere() -> None:
    """No script, no image, no style attribute; a policy that allows the page's own style sheet alone."""
    page = html_of(changed(ENGLISH, title=HOSTILE, facts=(statement(HOSTILE, 3),)))
    names = {tag for tag, _ in page.tags}
    assert names.isdisjoint({"script", "img", "link", "iframe", "object", "form"})
    assert not [attributes for _, attributes in page.tags if {"style", "onclick", "src"} & set(attributes)]
    [policy] = [a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert any("<script>alert(1)</script>" in text for text in page.texts)


def test_html_shows_the_quotation_behind_each_statement() -> None:
    """In the page to unfold, and on hovering over a number."""
    page = html_of(FRENCH)
    quote = "Microsoft will also assist in selling and marketing these Xiaomi laptops."
    assert [a for tag, a in page.tags if tag == "a" and a.get("title") == quote]
    assert sum(tag == "blockquote" for tag, _ in page.tags) >= 20
    assert {"#source-1", "#source-5"} <= {a.get("href") for tag, a in page.tags if tag == "a"}


def test_html_has_everything_on_a_screen_and_one_page_in_print() -> None:
    """What does not fit on paper is hidden there, and counted."""
    page = render(crowded(), "html")
    html = page.content.decode()
    assert "Fact 9 is" in html
    assert html.count('class="screen"') > 20
    assert f'<span class="paper">{page.left_out} </span>' in html
    assert render(INDONESIAN, "html").left_out == ""


def test_html_marks_language_and_direction() -> None:
    """Arabic lines read from right to left and say that they are Arabic."""
    page = html_of(ARABIC)
    assert [a for _, a in page.tags if a.get("dir") == "rtl" and a.get("lang") == "ar"]


# --- Markdown, text, Word


def test_markdown_is_escaped_and_has_numbered_sources() -> None:
    """Markup of documents shows as text; sources are a numbered list with links."""
    text = render(changed(ENGLISH, title=HOSTILE), "markdown", links=LINKS).content.decode()
    assert text.startswith("# \\<script\\>alert(1)\\</script\\> #pagebreak() \\*x\\* \\[y\\](javascript:z)")
    assert "\n1. **Microsoft et Xiaomi" in text
    assert "[`seeds/000_f7d27ef32518b9f8.txt`](<seeds/000_f7d27ef32518b9f8.txt>)" in text
    assert "**Every sentence verified: 23 of 23**" in text


def test_text_keeps_to_its_width_and_has_no_codes_unless_asked() -> None:
    """Lines wrap with hanging indents; colour is for a terminal that shows it."""
    plain = render(changed(ENGLISH, title=HOSTILE), "text", look=Look(width=60)).content.decode()
    assert max(map(len, plain.splitlines())) <= 60
    assert "\x1b" not in plain
    assert "  ● 2016\n  │ 1,500 patents" in plain
    rich = render(ENGLISH, "text", links=LINKS, look=Look(width=60, colour=True, links=True)).content.decode()
    assert "\x1b[1m" in rich
    assert f"\x1b]8;;{FILES[4]}\x1b\\" in rich


def test_a_word_document_has_headings_links_and_no_clock() -> None:
    """Read back by python-docx: a title, headings, internal links, external ones, and fixed times."""
    import docx

    content = render(ENGLISH, "docx", links=LINKS).content
    assert content == render(ENGLISH, "docx", links=LINKS).content
    document = docx.Document(io.BytesIO(content))
    styles = [paragraph.style.name for paragraph in document.paragraphs]
    assert styles.count("Title") == 1
    assert styles.count("Heading 1") == 9
    assert document.core_properties.created.date() == ENGLISH.as_of
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        xml = archive.read("word/document.xml").decode()
    assert 'w:anchor="source3"' in xml
    assert 'w:name="source3"' in xml


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(briefing=briefings())
def test_any_briefing_can_be_written_in_every_format(briefing: Briefing) -> None:
    """Lone surrogates, markup and empty sections neither stop a format nor leave a control character in it."""
    for form in ("html", "markdown", "text"):
        text = render(briefing, form).content.decode()  # type: ignore[arg-type]
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert render(briefing, "docx").content.startswith(b"PK")


# --- the rest


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.pdf", "pdf"), ("a.b.HTML", "html"), ("x/y.md", "markdown"), ("a.docx", "docx"), ("a.txt", "text")],
)
def test_an_ending_names_a_format(name: str, form: Format) -> None:
    """Whatever its case."""
    assert format_of(name) == form


@pytest.mark.parametrize("name", ["a", "a.odt", ".pdf"])
def test_another_ending_is_an_error_that_lists_them(name: str) -> None:
    """The hint has every ending."""
    with pytest.raises(UsageError, match=re.escape(repr(name))) as caught:
        format_of(name)
    assert ".docx" in (caught.value.hint or "")


def test_an_estimate_grows_with_the_text_and_columns_are_balanced() -> None:
    """Twice the text never takes less room; two columns differ by less than the highest section."""
    measures = Measures(width=500, height=700, size=10, columns=2)
    assert measures.text("word " * 200) >= 1.8 * measures.text("word " * 100)
    assert fitting_order(sheet_of(ENGLISH, {}), measures) <= fitting_order(sheet_of(crowded(), {}), measures)
    sections = [one for one in sheet_of(ENGLISH, {}).sections if one.name not in {"facts", "timeline"}]
    left, right = in_columns(sections, measures)
    assert left[0] == sections[0]
    assert {one.name for one in (*left, *right)} == {one.name for one in sections}
    assert abs(len(left) - len(right)) <= 1


def test_a_source_that_is_a_copy_says_of_which() -> None:
    """The descriptor names the number of the original and whom the source rests on."""
    copy = source(2, "Again", "blog", copy_of=1, rests_on="a press release")
    [line] = sheet_of(changed(ENGLISH, sources=(copy,)), {}).sources
    assert line.descriptor == ("blog", "English", "copy or translation of [1]", "rests on “a press release”")
