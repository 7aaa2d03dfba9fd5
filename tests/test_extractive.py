"""The extractive answerer points at the sentences that answer, says nothing twice and abstains when none does."""

from collections import Counter
from collections.abc import Sequence

import pytest

from rag import evidence, support
from rag.answerers.extractive import ExtractiveAnswerer, Weights
from rag.documents import Chunk, Hit, Sentence, Source, Span
from rag.questions import read
from rag.reader import Reader, Reading
from rag.text import stems


class Corpus:
    """Word counts of some texts, each a chunk."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.chunk_count = len(texts)
        self._counts = Counter(stem for text in texts for stem in set(stems(text, "en")))

    def document_frequency(self, stems: Sequence[str]) -> dict[str, int]:
        """In how many texts each stem occurs."""
        return {stem: self._counts[stem] for stem in stems}


def _hit(rank: int, *sentences: tuple[str, float], document: str | None = None, origin: int | None = None) -> Hit:
    text = " ".join(sentence for sentence, _ in sentences)
    spans, start = [], 0
    for sentence, _ in sentences:
        spans.append(Sentence(Span(start, start + len(sentence)), "en"))
        start += len(sentence) + 1
    name = document or f"news/{rank}.txt"
    chunk = Chunk(name, Span(0, len(text)), text, tuple(spans), "en")
    scores = tuple(score for _, score in sentences)
    return Hit(
        chunk, Source(name, "0" * 64, "en"), rank, 1 / rank, rank, max(scores), rank, 9 / rank, scores, origin or rank
    )


FERRY = _hit(
    1,
    ("Each vessel will carry 240 passengers and 18 cars.", 0.72),
    ("The boats will be built by Varden Marine in Norway.", 0.35),
    ("Residents have asked for a safety review.", 0.15),
)
BANK = _hit(
    2,
    ("Norvale Bank was fined 210 million dollars.", 0.05),
    ("The software was supplied by Lockstep Analytics.", 0.02),
)
VOLCANO = _hit(3, ("Thousands of people left their homes.", 0.1), ("The airport was shut on Sunday.", 0.03))
HITS = [FERRY, BANK, VOLCANO]


def _answerer(hits: Sequence[Hit] = HITS) -> ExtractiveAnswerer:
    return ExtractiveAnswerer(Corpus([hit.chunk.text for hit in hits] * 3))


def test_the_sentence_that_answers_comes_first() -> None:
    """A number question, answered by the sentence with the number and the words."""
    draft = _answerer().draft("How many passengers will each vessel carry?", "en", HITS)
    assert draft.status == "answered"
    assert draft.claims[0].sentences == ["1.1"]
    assert draft.claims[0].text == "Each vessel will carry 240 passengers and 18 cars."


def test_no_more_than_four_sentences_are_cited_even_if_all_fit() -> None:
    """Eight rivals with the same score."""
    rivals = [
        _hit(rank, (f"Vessel {name} carries {rank}00 passengers.", 0.7))
        for rank, name in enumerate("ABCDEFGH", start=1)
    ]
    draft = _answerer(rivals).draft("Which vessels carry passengers?", "en", rivals)
    assert 2 <= len(draft.claims) <= 4


def test_the_same_words_from_another_origin_support_the_claim() -> None:
    """One claim with two sentences, not two claims."""
    same = _hit(2, ("Each vessel will carry 240 passengers and 18 cars.", 0.71))
    hits = [FERRY, same, VOLCANO]
    draft = _answerer(hits).draft("How many passengers will each vessel carry?", "en", hits)
    assert draft.claims[0].sentences == ["1.1", "2.1"]
    assert sum(claim.text == draft.claims[0].text for claim in draft.claims) == 1


def test_the_same_words_from_a_copy_are_not_cited_again() -> None:
    """A copy of the article adds nothing."""
    copy = _hit(2, ("Each vessel will carry 240 passengers and 18 cars.", 0.71), origin=1)
    hits = [FERRY, copy, VOLCANO]
    draft = _answerer(hits).draft("How many passengers will each vessel carry?", "en", hits)
    assert draft.claims[0].sentences == ["1.1"]


def test_a_question_about_something_else_is_declined_with_its_unknown_words() -> None:
    """None of its words stands anywhere."""
    low = [_hit(1, ("The airport was shut on Sunday.", 0.02), ("Thousands left.", 0.01))]
    draft = _answerer(low).draft("Who composed the Goldberg Variations?", "en", low)
    assert draft.status == "unanswerable"
    assert not draft.claims
    assert draft.missing == ["composed", "Goldberg", "Variations"]


@pytest.mark.parametrize("question", ["???", "what is it"])
def test_a_question_without_content_is_declined(question: str) -> None:
    """There is nothing to look for."""
    assert _answerer().draft(question, "en", HITS).status == "unanswerable"


def test_without_hits_the_answer_is_unanswerable() -> None:
    """An empty retrieval is a value."""
    assert _answerer().draft("How many passengers?", "en", []).status == "unanswerable"


def test_a_name_that_no_document_has_makes_a_joined_question_partial() -> None:
    """Varden is known, Quillmark is not."""
    question = "How many passengers will each vessel of Varden and Quillmark carry?"
    draft = _answerer().draft(question, "en", HITS)
    assert draft.status == "partial"
    assert draft.missing == ["Quillmark"]


def test_the_features_have_the_published_names_and_order() -> None:
    """One row per sentence, one column per name."""
    question = read("How many passengers will it carry?", "en")
    readings = [Reading(0.0, (-1.0,) * len(hit.chunk.sentences), (None,) * len(hit.chunk.sentences)) for hit in HITS]
    readings[0] = Reading(2.0, (-0.1, -3.0, -4.0), (Span(24, 27), None, None))
    found = evidence.gather(question, HITS, readings, Corpus([FERRY.chunk.text]))
    assert found.features.shape == (7, len(evidence.NAMES))
    row = dict(zip(evidence.NAMES, found.features[0], strict=True))
    assert row["cosine"] == 0.72
    assert row["cosine_gap"] == 0
    assert row["coverage"] == 1
    assert row["has_number"] == 1
    assert row["focus"] == 1
    assert row["cosine_across"] == 0
    assert row["reader"] == pytest.approx(1.9 / 4)
    assert row["reader_gap"] == 0
    assert found.answers_typed[0]
    assert found.answers_repeated[0] == 0
    measured = support.measure(read("How many?", "en"), found, found.features[:, 0])
    assert measured.shape == (len(support.NAMES),)


def test_weights_for_other_features_are_refused() -> None:
    """A file that was fitted before the features changed cannot be used by accident."""
    with pytest.raises(ValueError, match="other features"):
        Weights.of({"ranking": {"cosine": 1.0}, "support": {}, "bias": 0, "threshold": 0})


class Counting(Reader):
    """The package's reader, which also counts the passages that it reads."""

    read_so_far = 0

    def read(self, question: str, passages: Sequence[Chunk]) -> list[Reading]:
        """What the reader makes of them."""
        self.read_so_far += len(passages)
        return super().read(question, passages)


def test_in_a_language_that_the_reader_does_not_know_it_is_not_asked() -> None:
    """Its scores would mislead; weights that were fitted without them decide."""
    reader = Counting()
    answerer = ExtractiveAnswerer(Corpus([hit.chunk.text for hit in HITS] * 3), reader)
    answerer.draft("¿Cuántos pasajeros llevará cada barco?", "es", HITS)
    assert reader.read_so_far == 0
    answerer.draft("How many passengers will each vessel carry?", "en", HITS)
    assert reader.read_so_far == 3


def test_the_short_answer_is_marked_inside_the_sentence() -> None:
    """Offsets count from the start of the claim's text."""
    draft = _answerer().draft("How many passengers will each vessel carry?", "en", HITS)
    claim = draft.claims[0]
    assert claim.answer is not None
    assert "240" in claim.text[slice(*claim.answer)]


@pytest.mark.parametrize(
    "question", ["Will each vessel carry 240 passengers?", "Why will each vessel carry passengers?"]
)
def test_questions_without_a_short_answer_get_none(question: str) -> None:
    """Yes or no, and reasons, need the whole sentence."""
    draft = _answerer().draft(question, "en", HITS)
    assert all(claim.answer is None for claim in draft.claims)
