"""Single keys and lines that begin with something, from the terminal that a person sits at."""

from __future__ import annotations

import os
import select
import sys
from types import TracebackType
from typing import Any, Self

import typer

_QUIT = {b"", b"\x04", b"\0"}  # the end of input; Ctrl-D, also when it was typed before the keyboard was taken


class Keyboard:
    """The keyboard of stdin, which must be a terminal; within the block keys come at once and are not echoed.

    Where there is no termios (Windows), keys that are typed before they are asked for are lost.
    """

    def __enter__(self) -> Self:
        try:
            import termios
            import tty
        except ImportError:
            self._before: list[Any] | None = None
            return self
        self._terminal = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._terminal)
        tty.setcbreak(self._terminal, termios.TCSADRAIN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)

    def key(self) -> str:
        """The next key, in lower case; "q" for Ctrl-D, "" for one that types nothing, such as an arrow."""
        if self._before is None:
            return typer.getchar().lower()
        byte = os.read(self._terminal, 1)
        if byte == b"\x1b":
            self._pass_sequence()
            return ""
        return "q" if byte in _QUIT else byte.decode("ascii", "ignore").lower()

    def line(self, prompt: str, present: str) -> str:
        """A line that begins with what is there; where that cannot be edited, nothing keeps it.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            EOFError: Ctrl-D.
        """
        self.__exit__(None, None, None)
        try:
            import readline
        except ImportError:
            return input(f"{prompt}[{present}] ") or present
        readline.set_startup_hook(lambda: readline.insert_text(present))
        try:
            return input(prompt)
        finally:
            readline.set_startup_hook(None)
            self.__enter__()

    def _pass_sequence(self) -> None:
        """Read the rest of what such a key sends (ECMA-48: "[" or "O", then up to a byte from "@" to "~")."""
        opened = False
        while select.select([self._terminal], [], [], 0.05)[0]:
            byte = os.read(self._terminal, 1)
            if not opened and byte in {b"[", b"O"}:
                opened = True
            elif not b" " <= byte <= b"?":
                return
