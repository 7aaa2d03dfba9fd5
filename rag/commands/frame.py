"""What every command needs: errors as one line and an exit code, the settings, the open workspace, printing."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rag.errors import RagError, UsageError

if TYPE_CHECKING:
    import datetime as dt

    from rag.config import Settings
    from rag.rendering import Look
    from rag.workspace import Workspace

NOT_IN_DOCUMENTS, INTERRUPTED, BROKEN_PIPE = 3, 130, 141


@contextmanager
def reporting(*, debug: bool, code_of: Callable[[Exception], int] | None = None) -> Iterator[None]:
    """A block whose errors end the command with one line, a hint and an exit code.

    Args:
        debug: Whether to show the traceback.
        code_of: The exit code of an error; its own, or 1, without.
    """
    try:
        from rag.console import prepare

        prepare()
        yield
        sys.stdout.flush()
    except (typer.Exit, typer.BadParameter):
        raise
    except BrokenPipeError as error:  # the reader has seen enough: ask … | head -1
        _abandon_stdout()
        raise typer.Exit(BROKEN_PIPE) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED) from error
    except Exception as error:
        code = _report(error, debug=debug)
        raise typer.Exit(code_of(error) if code_of is not None else code) from error


def _report(error: Exception, *, debug: bool) -> int:
    from rag.console import say

    if debug:
        traceback.print_exception(error)
    if isinstance(error, RagError):
        say(f"Error: {error.message}")
        if error.hint:
            say(f"Hint: {error.hint}")
        return error.exit_code
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EFBIG, errno.EIO}:
        _abandon_stdout()  # Python would try again at exit
        say(f"Error: The output cannot be written: {error.strerror}.")
        return 1
    say(f"Error: {type(error).__name__}: {str(error) or 'no message'}")
    if not debug:
        say("Hint: This was not foreseen. Run the command again with --debug to see where it happened.")
    return 1


def _abandon_stdout() -> None:
    """Send what is still buffered nowhere, so that Python's own flush at exit stays quiet."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def settings_of(home: Path | None, model: str | None = None, base_url: str | None = None, **options: Any) -> Settings:
    """The settings in force; options that are None do not count."""
    from rag.config import read_settings

    settings = read_settings(home=home, **options)
    if model is None and base_url is None:
        return settings
    from rag.speakers import with_model

    return with_model(settings, model, base_url)


@contextmanager
def opened(settings: Settings, *, with_model: bool = True) -> Iterator[Workspace]:
    """The open workspace; indexing on first use shows a bar on a terminal."""
    from rag.console import Progress, say
    from rag.workspace import Workspace

    progress = Progress()

    def tell(message: str) -> None:
        progress.clear()
        say(message)

    try:
        workspace = Workspace.open(settings, tell=tell, progress=progress, with_model=with_model)
    finally:
        progress.clear()
    with workspace:
        yield workspace


def day(moment: dt.datetime | None) -> dt.date | None:
    """The day of a moment."""
    return None if moment is None else moment.date()


def stdout_look() -> Look:
    """What stdout can show."""
    from rag.console import look_of

    return look_of(sys.stdout)


def print_json(value: object) -> None:
    """Print a value as JSON on one line."""
    from rag.console import is_unicode
    from rag.rendering import dump

    print(dump(value, ascii_only=not is_unicode(sys.stdout)))


def read_text(file: str, expected: str) -> str:
    """The text of a file, or of stdin for "-".

    Args:
        file: As typed.
        expected: What to hand in instead of something that is no text, for the hint.

    Raises:
        UsageError: It cannot be read or is not UTF-8.
    """
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"Cannot read {file!r}: {error.strerror}.", "Name a file, or - for stdin.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file!r} is not UTF-8.", f"Hand in {expected}.") from error
