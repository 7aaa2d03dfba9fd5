"""A terminal for the tests of commands."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def on_terminal(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[str, int]:
    """What the command writes to a terminal, stderr included, and its exit code."""
    parent, child = pty.openpty()
    process = subprocess.Popen(command, cwd=folder, stdin=child, stdout=child, stderr=child, env=dict(environment))
    os.close(child)
    written = b""
    try:
        while block := os.read(parent, 65536):
            written += block
    except OSError:  # Linux reports the end of a terminal as an error
        pass
    os.close(parent)
    code = process.wait(timeout=60)
    return written.decode().replace("\r\n", "\n"), code
