"""Only what stands in a source leaves verify, with the exact characters where it stands."""

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answers import Answer, DraftAnswer, DraftAttribution, DraftClaim, DraftConflict, DraftPosition, Quotation
from rag.documents import Chunk, Hit, Sentence, Source, Span
from rag.verification import verify

PACKAGE = Path(__file__).parent.parent / "rag"
FIRST = "Xiaomi sold 92.4 million phones."
SECOND = "It was the fifth in the world."


def _hit(rank: int, *sentences: str, document: str = "a/1.txt", offset: int = 100, origin: int = 1) -> Hit:
    text = " ".join(sentences)
    spans, start = [], offset
    for sentence in sentences:
        spans.append(Sentence(Span(start, start + len(sentence)), "en"))
        start += len(sentence) + 1
    chunk = Chunk(document, Span(offset, offset + len(text)), text, tuple(spans), "en")
    scores = tuple(1 / (place + 1) for place in range(len(sentences)))
    return Hit(chunk, Source(document, "f" * 64, "en", "A title"), rank, 1.0, rank, 0.5, None, None, scores, origin)


HITS = [_hit(1, FIRST, SECOND), _hit(2, "Others sold less.", document="a/2.txt", origin=2)]


def _verify(
    *claims: DraftClaim,
    glosses: bool = False,
    hits: list[Hit] = HITS,
    judge: object = None,
    language: str = "en",
    **draft: object,
) -> Answer:
    made = DraftAnswer.model_validate({"status": "answered", "claims": list(claims), **draft})
    return verify("How many?", language, made, hits, model="extractive", glosses=glosses, judge=judge)  # type: ignore[arg-type]


def test_a_whole_sentence_gets_its_exact_span() -> None:
    """Offsets count from the start of the document, not of the passage."""
    answer = _verify(DraftClaim(text=SECOND, sentences=["1.2"]))
    [claim] = answer.claims
    [span] = claim.spans
    assert (span.document, span.start, span.end, span.quote) == ("a/1.txt", 133, 133 + len(SECOND), SECOND)
    assert (span.sha256, span.language, span.title, claim.origins) == ("f" * 64, "en", "A title", 1)
    assert answer.status == "answered"


@given(st.data())
def test_a_part_of_a_sentence_gets_the_span_of_that_part(data: st.DataObject) -> None:
    """Whatever part is quoted, the span's characters are the claim's text."""
    start = data.draw(st.integers(0, len(FIRST) - 1))
    part = FIRST[start : data.draw(st.integers(start + 1, len(FIRST)))]
    answer = _verify(DraftClaim(text=part, sentences=["1.1"]))
    if not part.strip():
        assert answer.withheld == 1
        return
    [span] = answer.claims[0].spans
    assert FIRST[span.start - 100 : span.end - 100] == span.quote == part


@given(st.integers(0, len(FIRST) - 1), st.characters(categories=["Ll", "Nd"]))
def test_one_changed_character_withholds_the_claim(place: int, character: str) -> None:
    """An extractive claim is its source word for word or it is not shown."""
    altered = FIRST[:place] + character + FIRST[place + 1 :]
    answer = _verify(DraftClaim(text=altered, sentences=["1.1"]))
    assert answer.withheld == (altered != FIRST)
    assert bool(answer.claims) == (altered == FIRST)


@pytest.mark.parametrize(
    "bad", ["0.1", "1.0", "1.3", "3.1", "1", "", "1.1.1", "-1.1", "1.-1", "٣.١", "a.b", "9999999.1"]
)
def test_an_id_that_names_no_sentence_withholds_the_claim(bad: str) -> None:
    """Also beside an id that does, since the writer relied on both."""
    answer = _verify(DraftClaim(text=FIRST, sentences=["1.1", bad]), DraftClaim(text=SECOND, sentences=["1.2"]))
    assert [claim.text for claim in answer.claims] == [SECOND]
    assert answer.withheld == 1


def test_a_claim_without_sentences_is_withheld() -> None:
    """No evidence, no claim."""
    assert _verify(DraftClaim(text=FIRST, sentences=[])).withheld == 1


def test_the_text_of_another_sentence_than_the_one_cited_is_withheld() -> None:
    """Being true somewhere else does not help."""
    assert _verify(DraftClaim(text=FIRST, sentences=["1.2"])).withheld == 1


def test_without_a_claim_left_the_answer_is_unanswerable_and_shows_the_nearest() -> None:
    """Each of the first passages gives the sentence closest to the question."""
    answer = _verify(DraftClaim(text="Invented.", sentences=["1.1"]))
    assert (answer.status, answer.withheld) == ("unanswerable", 1)
    assert [quotation.quote for quotation in answer.nearest] == [FIRST, "Others sold less."]


def test_support_from_two_origins_is_counted_and_the_quoted_sentence_stands_first() -> None:
    """The sentence that holds the text comes before those that merely support it."""
    answer = _verify(DraftClaim(text=FIRST, sentences=["2.1", "1.1"]))
    assert answer.claims[0].origins == 2
    assert [span.document for span in answer.claims[0].spans] == ["a/1.txt", "a/2.txt"]


def test_a_gloss_cites_whole_sentences_where_glosses_are_allowed() -> None:
    """Who said it travels along."""
    attribution = DraftAttribution(speaker="Xiaomi", kind="statement")
    claim = DraftClaim(text="Xiaomi was fifth.", sentences=["1.1", "1.2"], attribution=attribution)
    [verified] = _verify(claim, glosses=True).claims
    assert [span.quote for span in verified.spans] == [FIRST, SECOND]
    assert verified.attribution is not None
    assert verified.attribution.speaker == "Xiaomi"


@pytest.mark.parametrize(("kind", "status"), [("contradiction", "conflicting"), ("scope", "answered")])
def test_a_contradiction_sets_the_status_and_a_scope_does_not(kind: str, status: str) -> None:
    """Both can be true when the scope differs."""
    sides = [DraftPosition(text=FIRST, sentences=["1.1"]), DraftPosition(text="Others sold less.", sentences=["2.1"])]
    conflict = DraftConflict.model_validate({"about": "phones", "kind": kind, "positions": sides})
    answer = _verify(DraftClaim(text=FIRST, sentences=["1.1"]), conflicts=[conflict])
    assert (answer.status, len(answer.conflicts[0].positions)) == (status, 2)


def test_a_conflict_that_loses_a_side_is_dropped() -> None:
    """One side alone is no disagreement."""
    sides = [DraftPosition(text=FIRST, sentences=["1.1"]), DraftPosition(text="Others sold more.", sentences=["2.1"])]
    conflict = DraftConflict(about="phones", kind="contradiction", positions=sides)
    answer = _verify(DraftClaim(text=FIRST, sentences=["1.1"]), status="conflicting", conflicts=[conflict])
    assert (answer.status, answer.conflicts) == ("answered", ())


def test_missing_parts_are_kept_only_where_something_is_missing() -> None:
    """A full answer lacks nothing."""
    claim = DraftClaim(text=FIRST, sentences=["1.1"])
    assert _verify(claim, missing=["Nokia"]).missing == ()
    assert _verify(claim, status="partial", missing=["Nokia"]).missing == ("Nokia",)


@pytest.mark.parametrize(
    "text",
    [
        "Xiaomi sold 94.2 million phones.",
        "Xiaomi sold 92.4 million tablets.",
        "Samsung sold 92.4 million phones.",
        "Xiaomi did not sell 92.4 million phones.",
    ],
)
def test_a_gloss_that_says_more_than_its_sentences_is_withheld_and_counted(text: str) -> None:
    """Another figure, another unit, another name and a negation that nobody wrote."""
    answer = _verify(DraftClaim(text=text, sentences=["1.1"]), DraftClaim(text=SECOND, sentences=["1.2"]), glosses=True)
    assert ([claim.text for claim in answer.claims], answer.withheld) == ([SECOND], 1)


def test_a_gloss_in_another_language_than_its_sentence_is_compared_too() -> None:
    """92.4 million is 92,4 juta, and 92,4 miliar is not."""
    right = DraftClaim(text="Xiaomi menjual 92,4 juta ponsel.", sentences=["1.1"])
    wrong = DraftClaim(text="Xiaomi menjual 92,4 miliar ponsel.", sentences=["1.1"])
    answer = verify(
        "Berapa?", "id", DraftAnswer(status="answered", claims=[right, wrong]), HITS, model="m", glosses=True
    )
    assert ([claim.text for claim in answer.claims], answer.withheld) == ([right.text], 1)


def test_a_verbatim_part_that_leaves_out_the_negation_is_withheld_where_glosses_are_allowed() -> None:
    """Word for word, and yet the contrary."""
    hits = [_hit(1, "It is not true that Xiaomi bought Nokia in 2016.")]
    part = DraftClaim(text="Xiaomi bought Nokia in 2016", sentences=["1.1"])
    assert _verify(part, glosses=True, hits=hits).withheld == 1


def test_a_speaker_whom_the_passage_does_not_name_is_left_out() -> None:
    """The reader is told no name that no source has; without it, what is only reported is withheld."""
    hits = [_hit(1, "Wang Xiang spoke.", "He said that the laptops would be cheap.")]
    text = "The laptops would be cheap."
    known = DraftClaim(
        text=text, sentences=["1.2"], attribution=DraftAttribution(speaker="Wang Xiang", kind="statement")
    )
    unknown = DraftClaim(
        text=text, sentences=["1.2"], attribution=DraftAttribution(speaker="Bill Gates", kind="statement")
    )
    answer = _verify(known, unknown, glosses=True, hits=hits)
    assert [claim.attribution and claim.attribution.speaker for claim in answer.claims] == ["Wang Xiang"]
    assert answer.withheld == 1


@pytest.mark.parametrize(
    ("speaker", "language", "named"),
    [
        ("Anna Keller", "en", True),
        ("Keller", "en", True),
        ("the harbour master Anna Keller", "en", True),
        ("harbour master", "en", True),
        ("Anna Keller", "fr", True),
        ("harbour master", "id", True),
        ("everybody agrees", "en", False),
        ("The harbour will close in 2031.", "en", False),
        ("Keller will close", "en", False),
        ("harbour master Anna Keller, who lied", "en", False),
        ("Keller, qui ment", "en", False),
        ("le maître du port, Anna Keller", "fr", False),
        ("tout le monde sait que Keller va fermer le port", "fr", False),
        (" ", "en", False),
    ],
)
def test_a_speaker_says_nothing_of_its_own(speaker: str, language: str, named: bool) -> None:
    """What a model writes there is shown, so it is a name or the source's own words."""
    hits = [_hit(1, "The harbour master Anna Keller said that the harbour may close in 2031.")]
    text = hits[0].chunk.text
    said = DraftClaim(text=text, sentences=["1.1"], attribution=DraftAttribution(speaker=speaker, kind="forecast"))
    [claim] = _verify(said, glosses=True, hits=hits, language=language).claims
    assert (claim.attribution is not None) == named


def test_a_side_of_a_conflict_that_says_more_is_withheld_and_counted() -> None:
    """The conflict goes with it."""
    sides = [DraftPosition(text=FIRST, sentences=["1.1"]), DraftPosition(text="Nokia sold less.", sentences=["2.1"])]
    conflict = DraftConflict(about="phones", kind="contradiction", positions=sides)
    answer = _verify(DraftClaim(text=FIRST, sentences=["1.1"]), glosses=True, conflicts=[conflict])
    assert (answer.status, answer.conflicts, answer.withheld) == ("answered", (), 1)


def test_what_a_conflict_is_about_is_the_question_when_the_sides_do_not_say_it() -> None:
    """A topic with a name of its own would be a claim without evidence."""
    sides = [DraftPosition(text=FIRST, sentences=["1.1"]), DraftPosition(text="Others sold less.", sentences=["2.1"])]
    for about, shown in (
        ("phones sold", "phones sold"),
        ("sales of Nokia in 2019", "How many?"),
        ("phones are never sold", "How many?"),
        ("everything is about to collapse", "How many?"),
    ):
        conflict = DraftConflict(about=about, kind="contradiction", positions=sides)
        answer = _verify(DraftClaim(text=FIRST, sentences=["1.1"]), glosses=True, conflicts=[conflict])
        assert answer.conflicts[0].about == shown


def test_a_missing_part_that_the_question_does_not_ask_for_is_left_out() -> None:
    """A model may not tell the reader of a Nokia that nobody asked about."""
    claim = DraftClaim(text=FIRST, sentences=["1.1"])
    answer = _verify(claim, glosses=True, status="partial", missing=["how many tablets", "what Nokia sold in 2019"])
    assert answer.missing == ("how many tablets",)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Xiaomi also promised free beer.", "en"),
        ("Xiaomi a aussi promis de la bière gratuite.", "fr"),
        ("Xiaomi juga menjanjikan bir gratis.", "id"),
    ],
)
def test_a_gloss_that_its_sentence_does_not_say_is_withheld_and_counted(text: str, language: str) -> None:
    """The right name and no figure do not make it true; nor as one side of a conflict."""
    sides = [DraftPosition(text=FIRST, sentences=["1.1"]), DraftPosition(text=text, sentences=["1.1"])]
    conflict = DraftConflict(about="phones", kind="contradiction", positions=sides)
    claims = [DraftClaim(text=text, sentences=["1.1"]), DraftClaim(text=SECOND, sentences=["1.2"])]
    draft = DraftAnswer(status="answered", claims=claims, conflicts=[conflict])
    answer = verify("How many?", language, draft, HITS, model="m", glosses=True)
    assert ([claim.text for claim in answer.claims], answer.conflicts, answer.withheld) == ([SECOND], (), 2)


def test_a_gloss_in_other_words_passes_when_its_sentence_is_like_it() -> None:
    """The similarity is asked about what words do not show, with the cited sentences alone."""
    asked: list[tuple[str, list[str]]] = []

    def alike(text: str, sentences: Sequence[str]) -> float:
        asked.append((text, list(sentences)))
        return 0.9 if text.startswith("Just") else 0.1

    claims = [
        DraftClaim(text="Just four firms outsold it.", sentences=["1.2"]),
        DraftClaim(text="It pays for train tickets.", sentences=["1.2"]),
        DraftClaim(text="It was fifth in the world.", sentences=["1.3"]),
    ]
    draft = DraftAnswer(status="answered", claims=claims)
    hits = [_hit(1, FIRST, "Only four rivals were ahead of it.", SECOND)]
    answer = verify("How many?", "en", draft, hits, model="m", glosses=True, similarity=alike)
    assert [claim.text for claim in answer.claims] == [claims[0].text, claims[2].text]
    assert asked == [(claim.text, ["Only four rivals were ahead of it."]) for claim in claims[:2]]


def test_the_judge_has_the_last_word_on_each_gloss() -> None:
    """It is asked with the exact quotations, and not about what the guard stopped already."""
    asked: list[tuple[str, list[str]]] = []

    class Judge:
        def entails(self, statement: str, quotations: tuple[Quotation, ...]) -> bool:
            asked.append((statement, [quotation.quote for quotation in quotations]))
            return statement != "Xiaomi sold phones."

    claims = [
        DraftClaim(text="Xiaomi sold phones.", sentences=["1.1"]),
        DraftClaim(text="Xiaomi was fifth.", sentences=["1.1", "1.2"]),
        DraftClaim(text="Xiaomi was sixth.", sentences=["1.1", "1.2"]),
    ]
    answer = _verify(*claims, glosses=True, judge=Judge())
    assert ([claim.text for claim in answer.claims], answer.withheld) == (["Xiaomi was fifth."], 2)
    assert asked == [("Xiaomi sold phones.", [FIRST]), ("Xiaomi was fifth.", [FIRST, SECOND])]


def test_without_glosses_neither_guard_nor_judge_has_a_say() -> None:
    """A word-for-word answer is its source, whatever the source says."""
    assert _verify(DraftClaim(text="sold 92.4 million phones.", sentences=["1.1"])).withheld == 0


def test_verify_is_the_only_maker_of_an_answer() -> None:
    """No other module of the package calls Answer, nor copies one with changes."""
    makers = {
        path.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and "Answer" in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
    }
    assert makers == {"verification.py"}


def test_a_short_answer_gets_offsets_of_the_document_and_one_outside_its_text_none() -> None:
    """What the draft says of it is not trusted."""
    hit = next(iter(HITS))
    text = hit.chunk.sentence_text(0)
    for offsets, expected in (((2, 5), text[2:5]), ((5, 2), None), ((0, len(text) + 1), None), ((-1, 3), None)):
        draft = DraftAnswer(status="answered", claims=[DraftClaim(text=text, sentences=["1.1"], answer=offsets)])
        answer = verify("Who?", "en", draft, HITS, model="extractive")
        [span] = answer.claims[0].spans
        assert span.short_answer == answer.claims[0].short_answer == answer.direct == expected


@pytest.mark.parametrize(
    ("sentence", "text", "short", "kept"),
    [
        ("The lake is 143 metres deep.", "The depth of the lake is 143 metres.", "143 metres", True),
        ("Norway signed the pact in 2015.", "In 2015 Norway signed the pact.", "2015", True),
        ("Norway signed the pact in 2015.", "In 2015 Norway signed the pact.", "Norway", True),
        ("The lake is at most 150 metres deep.", "The depth of the lake is at most 150 metres.", "150 metres", False),
        ("The lake is not 150 metres deep.", "The depth of the lake is not 150 metres.", "150 metres", False),
        ("The ferry may sail on 3 May.", "On 3 May the ferry may sail.", "3 May", False),
        ("They paid 143 million dollars.", "They paid 143 million dollars for it.", "143", False),
    ],
)
def test_a_short_answer_of_a_model_says_the_same_alone(sentence: str, text: str, short: str, kept: bool) -> None:
    """Words that lose a "not", a bound, a doubt or a unit by standing alone are not shown alone; the claim stays."""
    start = text.index(short)
    claim = DraftClaim(text=text, sentences=["1.1"], answer=(start, start + len(short)))
    answer = _verify(claim, glosses=True, hits=[_hit(1, sentence)])
    assert (answer.claims[0].text, answer.withheld) == (text, 0)
    assert (answer.direct, answer.claims[0].spans[0].answer) == (short if kept else None, None)


def test_where_sources_disagree_no_short_answer_stands_for_all() -> None:
    """It would choose a side."""
    claim = DraftClaim(text=FIRST, sentences=["1.1"], answer=(12, 24))
    sides = [DraftPosition(text=FIRST, sentences=["1.1"]), DraftPosition(text="Others sold less.", sentences=["2.1"])]
    conflict = DraftConflict(about="sold", kind="contradiction", positions=sides)
    assert _verify(claim).direct == "92.4 million"
    assert _verify(claim, conflicts=[conflict]).direct is None
