import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import LONGEST, split

SEEDS = Path(__file__).parents[1] / "seeds"
MARKER_OR_RULE = re.compile(r"[-–—*_=~#|:+.•·>`‣◦▪\s\[\]xX]+|```[\w+-]*")


def sentences(text: str, language: str | None = None) -> list[str]:
    """The sentences as strings."""
    return [span.of(text) for span in split(text, language)]


# A stroke stands where a sentence ends and the next one begins.
CASES = {
    "en": [
        "Dr. Harry Shum spoke.| He left.",
        "It sold 92.4 million phones.| Nice.",
        '"We signed it.| You will use our products!" Xiang tweeted.| The end.',
        '"Is it true?" Ms. Foley asked.| "Yes."| He nodded.',
        "“We are glad.| It is a start.”| That was all.",
        "the Akismet program.|More information on it.",
        "See techaeris.com for more.| Booking.com said no.| Write to a.b@c.org or https://a.org/b.C?d=E. now",
        "J. K. Rowling and J.R.R. Tolkien wrote.| J. Edgar Hoover did not.",
        "It was Plan B.| We left.",
        "Apple Inc. and Xiaomi Corp. Ltd. agreed.| Apple Inc.| The deal",
        "In the U.S. Senate it passed.| He lives in the U.S.| They don't.",
        "At 5 p.m. EST it began.| It ended at 9 p.m.| Nobody stayed.",
        "Step 1. Open the lid.| Step 2. Close it.| See Fig. S1 (c. 1455) in vol. II.| It is no. AB123.",
        "Use e.g. Azure, i.e. Microsoft, etc. in it.| See Fig. 3 and No. 5 of vol. 2.| He said no.| Then he left.",
        "Well... maybe.| What?!| No way!!!| Wait…| Go.",
        "Yahoo! Japan grew.| Is it iPhone?| iPhone it is.",
        "(It was late.)| [He slept.]| 'Go.'| *Done.*| Fine.",
        "It is known.[12]| Another fact.[3][4]| End.",
        "Martin Luther King, Jr.| Since the 1960s it fell.",
        "There are 3.| In 2015.| Then 1,500.5 more.",
        "all is lower case.| there are no capitals here.| really?",
        "Node.js and ASP.NET and v1.2.3 run.| OK.",
    ],
    "fr": [
        "M. Dupont et Mme. Martin, p. ex. à Paris, cf. plus haut, etc. et J.-C. Dubois.| Fin.",
        "M. Le Pen parle.| Me Dupont aussi.",
        "avec 92,4 millions de téléphones.| Ensuite, l’IA.",
        "Il déclare que «l’IA avance».| Ensuite, fin.",
        "« C’est vrai ? »| Oui !| « Bien sûr. »| Il part.",
        "Est-ce vrai\u00a0?| Oui\u00a0!| Non.",
        "Vers 700 av. J.-C. la ville naît.",
        "Une phrase\u202f; la suite.| La fin.",
    ],
    "id": [
        "Ia membeli apel, jeruk, dll.| Lalu pulang.",
        "PT. Maju di Jl. Sudirman No. 5 menjual Rp. 5.000 per buah.| Murah.",
        "Bpk. Budi dan Ny. Sri, dsb. tidak datang.| Mengapa?",
    ],
    "de": [
        "Am 3. Oktober und z. B. am 4. Mai, d. h. bald.| Nr. 5 lebt, usw. und Hr. Meier.| Ende.",
        "Er kam 2015.| Dann ging er.",
    ],
    "es": ["El Sr. López y la Sra. Gil llegaron.| ¿Qué pasa?| ¡Nada!| EE. UU. ganó."],
    "zh": ["微软和小米签署了备忘录。|他说：“我们很高兴。”|真的吗？|是！|价格是3.5元。|AI很好。", "真的吗?|是的!|好"],
    "ja": ["「はい。」と言った。|次の文です。|本当ですか？|はい！"],
    "ar": ["ما هذا؟| هذا كتاب.| نعم!"],
    "hi": ["यह एक है।| वह दो है॥| ठीक।"],
}


@pytest.mark.parametrize(("language", "marked"), [(code, case) for code, cases in CASES.items() for case in cases])
def test_sentences_end_where_a_reader_ends_them(language: str, marked: str) -> None:
    """Each language's abbreviations, quotations, initials, numbers and marks."""
    expected = [part.strip() for part in marked.split("|")]
    assert sentences(marked.replace("|", ""), language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Title\n\nText here.\n", ["Title", "Text here."]),
        ("Title\n=====\nText.", ["Title", "Text."]),
        ("- one\n* two\n• three\n  - four: five. Six.", ["one", "two", "three", "four: five.", "Six."]),
        ("1. Foo bar\n2. Bar baz. Qux.\na. Sub", ["1. Foo bar", "2. Bar baz.", "Qux.", "a. Sub"]),
        ("- [x] done\n> quoted\n>> # deep", ["done", "quoted", ">> # deep"]),
        ("```python\nx = 1\n```\n---\nText", ["x = 1", "Text"]),
        ("One\r\nTwo\rThree\u2028Four\x0cFive\x85Six", ["One", "Two", "Three", "Four", "Five", "Six"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
        ("\u00a0 padded \u3000", ["padded"]),
        ("", []),
        (" \n\t\n", []),
        ("🎉🎉\n🚀", ["🎉🎉", "🚀"]),
        ("Great! 🎉\n| One. Two. |", ["Great! 🎉", "| One.", "Two. |"]),
    ],
)
def test_lines_and_marks_of_layout(text: str, expected: list[str]) -> None:
    """A line is a sentence of its own; list bullets, heading marks and rules belong to none."""
    assert sentences(text) == expected


def test_wrapped_paragraphs_are_read_as_one() -> None:
    """Lines broken at a fixed width go on; a list item may be wrapped too."""
    text = (
        "The two companies have signed an agreement that covers cloud computing,\n"
        "speakers and laptops. It was announced on Friday by Mr. Smith, who works\n"
        "for the second one.\n\n"
        "- The first item is about the laptops, which will be sold in markets that\n"
        "  are new to them.\n"
        "- The second.\n"
    )
    assert [" ".join(sentence.split()) for sentence in sentences(text)] == [
        "The two companies have signed an agreement that covers cloud computing, speakers and laptops.",
        "It was announced on Friday by Mr. Smith, who works for the second one.",
        "The first item is about the laptops, which will be sold in markets that are new to them.",
        "The second.",
    ]


def test_a_wrapped_paragraph_of_names_follows_the_rest_of_the_text() -> None:
    """Where other paragraphs are wrapped at that width, a line that ends before a capital goes on as well."""
    text = (
        "It is a truth universally acknowledged, that a single man in possession\n"
        "of a good fortune, must be in want of a wife.\n\n"
        '"My dear Mr. Bennet," said his lady to him one day, "have you heard that\n'
        'Netherfield Park is let at last?"\n\n'
        "Yours,\nJane\n"
    )
    assert [" ".join(sentence.split())[-15:] for sentence in sentences(text)] == [
        "want of a wife.",
        's let at last?"',
        "Yours,",
        "Jane",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The wind is soft upon the hill at night\nand no one hears the river in the dark\nthe stars",
        "Ann: are you coming to the office tomorrow morning?\nBob: yes\nAnn: good, then we talk there",
        "Microsoft and Xiaomi announce a partnership\niPhone sales fall for the third time in a row",
        "A long headline that stands alone above the text and has no stop\nA second headline of the same length",
    ],
)
def test_poems_chats_and_headlines_keep_their_lines(text: str) -> None:
    """Lines that were not broken for lack of room are sentences of their own."""
    assert sentences(text) == [line for line in text.split("\n") if line]


def test_seed_sentences_that_are_easy_to_get_wrong() -> None:
    """The articles' own hard places come out whole."""
    found = {sentence for path in SEEDS.iterdir() for sentence in sentences(path.read_bytes().decode())}
    for start, end in [
        ("Dr. Harry Shum who is", "in a statement:"),
        ("L’année dernière, Xiaomi était", "92,4 millions de téléphones vendus."),
        ("This will help accelerate", 'products!" Xiang tweeted.'),
        ("“Xiaomi’s mission is", "around the world."),
        ("At the same time, this partnership", "Xiaomi products.”"),
        ("I accept that my", "Akismet program."),
        ("Dukungan awan: Xiaomi", "Microsoft Azure."),
        ("Diperbarui 24/12/2019:", "unggulan."),
    ]:
        assert any(sentence.startswith(start) and sentence.endswith(end) for sentence in found), start


def check(text: str) -> None:
    """Asserts what holds for the sentences of any text."""
    spans = split(text)
    position = 0
    for span in spans:
        assert position <= span.start < span.end <= len(text)
        assert span.of(text) == span.of(text).strip()
        assert span.end - span.start <= LONGEST
        left_out = text[position : span.start].strip()
        assert not left_out or MARKER_OR_RULE.fullmatch(left_out)
        position = span.end
    left_out = text[position:].strip()
    assert not left_out or all(MARKER_OR_RULE.fullmatch(line.strip()) for line in left_out.splitlines() if line.strip())


@given(st.text())
def test_every_visible_character_is_in_one_sentence(text: str) -> None:
    """Spans are ordered, disjoint, stripped, short enough and leave out only marks of layout."""
    check(text)


@given(
    st.lists(
        st.sampled_from(
            [
                "A",
                "b. ",
                "Dr. ",
                "! ",
                "\n",
                "\r\n",
                " ",
                "。",
                "”",
                '" ',
                "- ",
                "# ",
                "1. ",
                "x" * 70,
                "… ",
                "\u2028",
                "é",
            ]
        ),
        max_size=80,
    ).map("".join)
)
def test_every_visible_character_is_in_one_sentence_of_likely_text(text: str) -> None:
    """The same for texts made of what sentences are made of."""
    check(text)


def test_a_long_sentence_is_cut_at_clauses_then_spaces_then_anywhere() -> None:
    """No sentence is longer than the limit, and none of its text is lost."""
    clauses = "this is a clause, and " * 200
    assert all(sentence.endswith(",") for sentence in sentences(clauses)[:-1])
    assert all(set(sentence.split()) == {"word"} for sentence in sentences("word " * 1000))
    assert [len(sentence) for sentence in sentences("x" * (2 * LONGEST + 1))] == [LONGEST, LONGEST, 1]


@pytest.mark.parametrize("unit", ["word ", ". ", 'a." ', "x", "A. ", '."', "。", "- ", "a\n", " "])
def test_time_grows_with_the_length_only(unit: str) -> None:
    """Half a million characters of anything take the processor seconds at most."""
    begun = time.process_time()
    split(unit * (500_000 // len(unit)))
    assert time.process_time() - begun < 20
