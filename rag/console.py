"""What the terminal, if there is one, can show, and how progress and messages appear on stderr."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from rag.rendering.display import safe_name
from rag.rendering.terminal import Look

_WIDEST = 100  # longer lines are hard to read
_LOOKALIKES = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", "–": "-", "—": "-", "·": "-", "\xa0": " "}
)
_BAR_CELLS = 24
_REDRAW_S = 0.1


def prepare() -> None:
    """Make stdout and stderr take any text; a closed one swallows everything."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for the process
        make_printable(getattr(sys, name))


def make_printable(stream: TextIO) -> None:
    """Let the stream print any text: what its encoding lacks becomes a look-alike or "?", never an error."""
    codecs.register_error("lookalike", _lookalike)
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="lookalike")


def _lookalike(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end].translate(_LOOKALIKES)
    return "".join(character if character.isascii() else "?" for character in lost), error.end


def is_unicode(stream: TextIO) -> bool:
    """Whether the stream's encoding can hold every character."""
    try:
        return codecs.lookup(stream.encoding or "ascii").name.startswith("utf")
    except LookupError:
        return False


def look_of(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Look:
    """What the stream can show.

    Only a terminal gets links and wrapped lines. NO_COLOR (https://no-color.org) turns colour off and FORCE_COLOR on,
    if they are not empty; NO_COLOR wins. TERM=dumb has neither colour nor links. COLUMNS overrides the width.
    """
    terminal = stream.isatty()
    able = terminal and environment.get("TERM") != "dumb"
    colour = (able or bool(environment.get("FORCE_COLOR"))) and not environment.get("NO_COLOR")
    width = min(shutil.get_terminal_size().columns, _WIDEST) if terminal else None
    return Look(width=width, colour=colour, links=able)


def say(message: str) -> None:
    """Write one line to stderr, whatever it contains; nothing happens when nobody can read it."""
    try:
        sys.stderr.write(safe_name(message) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # stderr is closed: the work goes on
        return


class Progress:
    """A bar on stderr that is drawn only on a terminal and leaves no trace."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._drawn_at = 0.0

    def __call__(self, done: int, total: int, name: str) -> None:
        """Show how many of total are done and which is at work."""
        now = time.monotonic()
        if not self._shown or (now - self._drawn_at < _REDRAW_S and done < total):
            return
        self._drawn_at = now
        filled = _BAR_CELLS * done // max(total, 1)
        room = max(shutil.get_terminal_size().columns - _BAR_CELLS - 25, 10)
        shown = safe_name(name)
        label = shown if len(shown) <= room else "..." + shown[3 - room :]
        self._stream.write(f"\r\x1b[K[{'#' * filled}{'.' * (_BAR_CELLS - filled)}] {done}/{total} {label}")
        self._stream.flush()

    def clear(self) -> None:
        """Take the bar off the screen."""
        if self._drawn_at:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn_at = 0.0
