"""Questions in three languages are taken apart into what they ask for and about."""

import pytest

from rag.questions import forms, read


@pytest.mark.parametrize(
    ("question", "language", "kind"),
    [
        ("How many phones did Xiaomi ship?", "en", "number"),
        ("How much will the delay cost?", "en", "money"),
        ("In which year did they sign?", "en", "time"),
        ("When did they sign?", "en", "time"),
        ("Who is Harry Shum?", "en", "person"),
        ("Where is the plant?", "en", "place"),
        ("Why was the bank fined?", "en", "reason"),
        ("How did the city pay?", "en", "manner"),
        ("Is the deal binding?", "en", "polar"),
        ("What does the laptop deal involve?", "en", "other"),
        ("Combien de téléphones Xiaomi a-t-il vendus ?", "fr", "number"),
        ("Combien coûte le haut-parleur ?", "fr", "money"),
        ("En quelle année ?", "fr", "time"),
        ("Où ont débuté les discussions ?", "fr", "place"),
        ("Qui est Harry Shum ?", "fr", "person"),
        ("Pourquoi ce partenariat est-il inhabituel ?", "fr", "reason"),
        ("L’accord est-il contraignant ?", "fr", "polar"),
        ("Berapa telepon yang dijual?", "id", "number"),
        ("Berapa harga laptop Xiaomi?", "id", "money"),
        ("Pada tahun berapa Xiaomi menginstal Skype?", "id", "time"),
        ("Siapa direktur Xiaomi?", "id", "person"),
        ("Di mana Xiaomi memusatkan strateginya?", "id", "place"),
        ("Mengapa kerja sama ini menarik?", "id", "reason"),
        ("Xiaomi Azure", None, "other"),
    ],
)
def test_the_kind_of_answer_is_told_by_the_question_words(question: str, language: str | None, kind: str) -> None:
    """Each language has its own table."""
    assert read(question, language).kind == kind


def test_asking_words_and_function_words_are_no_content() -> None:
    """What is left is what the question is about, as written, each word once."""
    question = read("What does the Xiaomi deal with Xiaomi's laptops involve?", "en")
    assert question.words == ("Xiaomi", "deal", "laptops")
    assert question.names == {"Xiaomi"}
    assert question.wants_list


def test_the_capital_of_the_first_word_makes_no_name() -> None:
    """An acronym does, wherever it stands."""
    assert read("Phones from Xiaomi?", "en").names == {"Xiaomi"}
    assert read("IDC counts what?", "en").names == {"IDC"}


def test_numbers_lose_their_separators() -> None:
    """92,4 and 92.4 are compared by digits."""
    assert read("Who sold 92,4 million in 2017?", "en").numbers == {"924", "2017"}


@pytest.mark.parametrize(
    ("question", "language", "focus"),
    [
        ("How many phones did it sell?", "en", "phones"),
        ("Which company bought it?", "en", "company"),
        ("Combien de téléphones ?", "fr", "téléphones"),
        ("Berapa paten yang dibeli?", "id", "paten"),
        ("Who bought it?", "en", None),
    ],
)
def test_the_focus_is_the_word_that_is_counted_or_chosen(question: str, language: str, focus: str | None) -> None:
    """It follows the asking words at once."""
    assert read(question, language).focus == focus


def test_irregular_verbs_are_found_under_all_their_forms_in_english_only() -> None:
    """A question says "buy" where its source says "bought"."""
    assert {"buy", "bought"} <= forms("buy", "en") & forms("bought", "en")
    assert forms("buy", "fr") == {"buy"}


@pytest.mark.parametrize("question", ["", "???", "the of and", "😀"])
def test_a_question_without_content_has_no_words(question: str) -> None:
    """Nothing raises."""
    assert read(question, "en").words == ()
