"""What a terminal can show, and how messages and progress appear."""

from __future__ import annotations

import io
from typing import Any

import pytest

from rag.console import Progress, is_unicode, look_of, make_printable, say
from rag.rendering import Look


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "look"),
    [
        (io.StringIO(), {}, Look()),
        (io.StringIO(), {"FORCE_COLOR": "1"}, Look(colour=True)),
        (io.StringIO(), {"FORCE_COLOR": ""}, Look()),
        (_Terminal(), {}, Look(70, colour=True, links=True)),
        (_Terminal(), {"NO_COLOR": "1"}, Look(70, colour=False, links=True)),
        (_Terminal(), {"NO_COLOR": ""}, Look(70, colour=True, links=True)),
        (_Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, Look(70, colour=False, links=True)),
        (_Terminal(), {"TERM": "dumb"}, Look(70)),
    ],
)
def test_look_follows_the_terminal_and_the_environment(
    stream: io.StringIO, environment: dict[str, str], look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links and widths are for terminals; NO_COLOR beats FORCE_COLOR; an empty variable counts as unset."""
    monkeypatch.setenv("COLUMNS", "70")
    assert look_of(stream, environment) == look


def test_lines_never_get_wider_than_is_comfortable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A very wide terminal still has lines of 100 cells."""
    monkeypatch.setenv("COLUMNS", "300")
    assert look_of(_Terminal(), {}).width == 100


@pytest.mark.parametrize(
    ("encoding", "written"), [("ascii", b'"a" - caf? ? ...'), ("latin-1", b'"a" \xb7 caf\xe9 ? ...')]
)
def test_narrow_encodings_get_lookalikes(encoding: str, written: bytes) -> None:
    """What the encoding lacks is replaced; printing never fails."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    make_printable(stream)
    stream.write("“a” · café 中 …")
    stream.flush()
    assert stream.buffer.getvalue() == written  # type: ignore[attr-defined]
    assert not is_unicode(stream)


def test_lone_surrogates_can_be_printed() -> None:
    """Even UTF-8 can't hold everything that a string can."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    make_printable(stream)
    stream.write("a\udcff")
    stream.flush()
    assert stream.buffer.getvalue() == b"a?"  # type: ignore[attr-defined]
    assert is_unicode(stream)


def test_messages_are_one_safe_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A file name in an error can't write escapes or a second line."""
    say("Error: 'a\n\x1b[2Jb' is bad.")
    assert capsys.readouterr() == ("", "Error: 'a\\n\\x1b[2Jb' is bad.\n")


def test_progress_is_drawn_on_terminals_and_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar shows counts and a name that fits, and leaves the line empty."""
    monkeypatch.setenv("COLUMNS", "70")
    stream = _Terminal()
    progress = Progress(stream)
    progress(2, 4, "seeds/" + "long" * 30 + "\n.txt")
    progress.clear()
    drawn = stream.getvalue()
    assert drawn.startswith("\r\x1b[K[############............] 2/4 ...")
    assert drawn.endswith("\\n.txt\r\x1b[K")
    assert len(drawn) < 80


def test_progress_is_silent_in_pipes() -> None:
    """Nothing is written where nobody watches."""
    stream: Any = io.StringIO()
    progress = Progress(stream)
    progress(1, 1, "a")
    progress.clear()
    assert stream.getvalue() == ""
