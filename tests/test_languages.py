import subprocess
import sys

import pytest

from rag import languages

FOLDER = ["en", "fr", "id", "zh"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("What does the laptop deal involve?", "en"),
        ("MICROSOFT SIGNS A DEAL WITH THE COMPANY", "en"),
        ("Combien de brevets ?", "fr"),
        ("Qu’est-ce que c’est ?", "fr"),
        ("Apa itu MoU?", "id"),
        ("Laporan tahunan perusahaan", "id"),
        ("Das ist ein Test für die Sprache.", "de"),
        ("¿Qué es esto?", "es"),
        ("微软和小米 AI", "zh"),
        ("日本語のテキストです", "ja"),
        ("한국어 문장입니다", "ko"),
        ("Привет, как дела", "ru"),
        ("Що це таке?", "uk"),
        ("مرحبا بالعالم", "ar"),
        ("این چیست؟", "fa"),
        ("שלום עולם", "he"),
        ("สวัสดีชาวโลก", "th"),
        ("यह क्या है?", "hi"),
        ("Τι είναι αυτό;", "el"),
    ],
)
def test_short_texts_are_recognised(text: str, code: str) -> None:
    """A question or a headline is enough, in many scripts."""
    assert languages.detect(text) == code


@pytest.mark.parametrize(
    "text", ["", "  \n", "2018", "🎉🎉 12 %", "https://example.org/the/page", "Mi 4", "Xiaomi", "@user #tag", "***"]
)
def test_nothing_tells(text: str) -> None:
    """Without words, or with names only, there is no language."""
    assert languages.detect(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("Who?", "en"), ("Kapan?", "id"), ("Berapa paten?", "id"), ("Quel accord ?", "fr"), ("¿Qué es esto?", None)],
)
def test_choice_is_limited_to_the_given_languages(text: str, code: str | None) -> None:
    """Only the given codes are answers; a text clearly in another language has none."""
    assert languages.detect(text, FOLDER) == code


@pytest.mark.parametrize(
    ("sentence", "document", "code"),
    [
        ("This sentence is plainly written in the English language.", "fr", "en"),
        ("Microsoft Azure, Xiaomi Mi Pad", "fr", "fr"),
        ("“Think different”, a dit la société.", "fr", "fr"),
        ("微软和小米签署了谅解备忘录。", "en", "zh"),
        ("OK.", "id", "id"),
        ("12", None, None),
    ],
)
def test_a_sentence_differs_only_when_it_is_clear(sentence: str, document: str, code: str | None) -> None:
    """Names and short quotations stay with the document's language."""
    assert languages.of_sentence(sentence, document) == code


def test_a_long_text_is_judged_by_more_than_its_beginning() -> None:
    """An English disclaimer on top of a French text does not make it English."""
    text = "This is a notice. " + "Les deux sociétés ont signé un accord à Paris. " * 500
    assert languages.detect(text) == "fr"


def test_no_downloader_is_imported() -> None:
    """Detecting a language imports neither a downloader nor an HTTP library."""
    code = (
        "import sys; from rag import languages; assert 'fasttext' not in sys.modules;"
        " print(languages.detect('What is it?'),"
        " sorted({'requests', 'robust_downloader', 'urllib3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "en []"
