"""A terminal that a test can type into."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


class Typing:
    """A command on a pseudo-terminal, until the block ends.

    Attributes:
        shown: Everything written so far.
        code: The exit code, once the command has ended.
    """

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._parent, child = pty.openpty()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=child,
            stdout=child,
            stderr=child,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - so that Ctrl-C reaches it
        )
        os.close(child)
        self.shown = ""
        self.code: int | None = None
        self._raw = b""
        self._given = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._parent)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._parent, keys.encode())

    def wait(self, text: str, seconds: float = 60) -> str:
        """What was written after what the last wait gave, up to a text and with it."""
        until = time.monotonic() + seconds
        while text not in self.shown[self._given :]:
            if not self._read(until - time.monotonic()):
                raise AssertionError(f"{text!r} did not come; this did: {self.shown[self._given :]!r}")
        start, self._given = self._given, self.shown.index(text, self._given) + len(text)
        return self.shown[start : self._given]

    def end(self, seconds: float = 60) -> str:
        """What was written after what the last wait gave, once the command has ended."""
        until = time.monotonic() + seconds
        while self._read(until - time.monotonic()):
            pass
        self.code = self._process.wait(timeout=max(until - time.monotonic(), 1))
        return self.shown[self._given :]

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._parent], [], [], max(seconds, 0))
        try:
            block = os.read(self._parent, 65536) if ready else b""
        except OSError:  # Linux reports the end of a terminal as an error
            block = b""
        self._raw += block
        self.shown = self._raw.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(block)
