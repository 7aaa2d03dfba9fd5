import hashlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import loaders
from rag.documents import Document
from rag.errors import DocumentError
from rag.loaders.text import LARGEST_BYTES

SEEDS = Path(__file__).parents[1] / "seeds"
FRENCH = "Les sociétés ont signé un accord à Paris, où l’été fut très agréable.\r\nVoilà.\u2028Fin\u00a0!\x0c"


def check(document: Document) -> None:
    """Asserts what holds for every document: spans in order, disjoint, outside boilerplate."""
    position = 0
    for sentence in document.sentences:
        assert position <= sentence.span.start < sentence.span.end <= len(document.text)
        assert not any(sentence.span.overlaps(span) for span in document.boilerplate)
        position = sentence.span.end


@pytest.mark.parametrize("path", sorted(SEEDS.iterdir()), ids=lambda path: path.name[:3])
def test_seeds_load_with_exact_text(path: Path) -> None:
    """The text is the decoded file, its hash the file's, its language that of the article."""
    document = loaders.load(path, f"seeds/{path.name}")
    assert document.text == path.read_bytes().decode(document.source.encoding)
    assert document.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    expected = {"000": "fr", "004": "id"}.get(path.name[:3], "en")
    assert document.source.language == expected
    assert {sentence.language for sentence in document.sentences} == {expected}
    check(document)


@pytest.mark.parametrize(
    ("encoding", "recorded"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
    ],
)
def test_unicode_files_are_decoded_exactly(tmp_path: Path, encoding: str, recorded: str) -> None:
    """With or without a byte order mark, every character comes back, line ends included."""
    path = tmp_path / "a.txt"
    path.write_bytes(FRENCH.encode(encoding))
    document = loaders.load(path, "a.txt")
    assert (document.text, document.source.encoding) == (FRENCH, recorded)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Les sociétés ont signé un accord à Paris, où l’été fut très agréable – pour 5 €.", "cp1252"),
        ("Der Stadtrat hat beschlossen, für die Bürger eine größere Bücherei zu bauen.", "latin-1"),
        ("Привет, как дела? Сегодня хорошая погода, и мы идём гулять в парк вместе с друзьями.", "cp1251"),
        ("微软和小米签署了一份谅解备忘录，双方将在云计算、人工智能和硬件方面密切合作。这是一个很好的开始。", "gb18030"),
        ("マイクロソフトとシャオミは覚書に署名し、クラウドと人工知能の分野で協力することになりました。", "shift_jis"),
    ],
)
def test_legacy_encodings_are_detected_and_recorded(tmp_path: Path, text: str, encoding: str) -> None:
    """The recorded codec decodes the file's bytes to the document's text, and the text is right."""
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    document = loaders.load(path, "a.txt")
    assert document.text == text == path.read_bytes().decode(document.source.encoding)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\t\r\n", "is empty"),
        ("\ufeff".encode(), "is empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "it is a PDF"),
        (b"PK\x03\x04....", "ZIP"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG"),
        (b"abc\x00def\xff", "binary"),
        (b"abc\x00def", "control characters"),
        (bytes(range(1, 9)) * 20, "control characters"),
        (b"\xff\xfea", "it begins like utf-16"),
        (b"\xef\xbb\xbfa\xff", "it begins like utf-8-sig"),
    ],
)
def test_what_is_not_text_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """Empty and binary files are errors that name the file and say what to do."""
    path = tmp_path / "odd name\n.txt"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=said) as caught:
        loaders.load(path, "a.txt")
    assert repr(str(path)) in caught.value.message
    assert caught.value.hint


def test_missing_folder_loop_and_pipe_are_refused(tmp_path: Path) -> None:
    """A file that vanished, a folder, a symlink to itself and a pipe are errors, and nothing hangs."""
    loop = tmp_path / "loop.txt"
    loop.symlink_to(loop)
    os.mkfifo(tmp_path / "pipe.txt")
    for path, said in [
        (tmp_path / "gone.txt", "no such file"),
        (tmp_path, "is not a file"),
        (loop, "lead in a circle"),
        (tmp_path / "pipe.txt", "is not a file"),
    ]:
        with pytest.raises(DocumentError, match=said):
            loaders.load(path, "a.txt")


def test_unreadable_file_is_refused(guarded: Path) -> None:
    """A file without read permission is an error with a remedy."""
    path = guarded / "a.txt"
    path.write_text("text")
    path.chmod(0)
    with pytest.raises(DocumentError, match="permission denied"):
        loaders.load(path, "a.txt")


def test_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """A file of 200 MB is an error that tells the limit and how to split it; it is not read."""
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(DocumentError, match=f"limit is {LARGEST_BYTES // 2**20} MiB") as caught:
        loaders.load(path, "huge.txt")
    assert "split" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.txt", True), ("A.MD", True), ("b.markdown", True), ("c.text", True), ("d.pdf", False), ("txt", False)],
)
def test_supported_goes_by_suffix(name: str, expected: bool) -> None:
    """Suffixes count in any case; a bare name has none."""
    assert loaders.supported(Path(name)) is expected


def test_sentences_say_their_own_language() -> None:
    """A clearly English sentence inside a French document is marked as English, a name is not."""
    text = (
        "Les deux sociétés ont signé un accord à Paris lundi dernier. Microsoft Azure. "
        "“We are very happy about this agreement with the company.” Elles travailleront ensemble dès le printemps."
    )
    document = loaders.describe(text, "a.txt", sha256="0")
    assert document.source.language == "fr"
    assert [sentence.language for sentence in document.sentences] == ["fr", "fr", "en", "fr"]


@pytest.mark.parametrize("text", ["🎉🚀🎉", "שלום עולם. מה שלומך?", "a" * 5000, "1\r\n2\u20283", "\u202eabc\u202c"])
def test_unusual_texts_become_documents(text: str) -> None:
    """Emoji, right-to-left text, one endless line and odd line ends keep every character."""
    document = loaders.describe(text, "a.txt", sha256="0")
    check(document)
    assert document.sentences


@pytest.mark.parametrize(
    "unit",
    [
        "微软和小米。",
        "a\n",
        "word ",
        "- item one\n",
        "Leave a reply\nName *\n",
        "We use cookies here.\n",
        "May 3, 2021\n",
    ],
)
def test_time_to_describe_grows_with_the_length_only(unit: str) -> None:
    """A hundred thousand characters of anything take the processor seconds at most."""
    begun = time.process_time()
    loaders.describe(unit * (100_000 // len(unit)), "a.txt", sha256="0")
    assert time.process_time() - begun < 20


@given(st.text())
def test_sentences_stay_outside_boilerplate(text: str) -> None:
    """For any text the sentences are in order, disjoint and not boilerplate."""
    check(loaders.describe(text, "a.txt", sha256="0"))
