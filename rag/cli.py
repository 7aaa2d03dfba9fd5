"""The commands ``ask`` and ``rag``: the only place that prints and sets exit codes.

Only typer is imported at the top, so that --help appears at once; every command imports what it needs.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import RagError, UsageError
from rag.options import (
    STYLE,
    After,
    Before,
    Debug,
    Document,
    Format,
    Home,
    Input,
    Json,
    K,
    Lang,
    Output,
    Version,
    Words,
)

if TYPE_CHECKING:
    import datetime as dt

    from rag.answers import Answer
    from rag.batch import Question
    from rag.config import Settings
    from rag.documents import Filter, Hit
    from rag.rendering import Look
    from rag.workspace import Workspace

STDIN = Path("-")
_MOST_BYTES = 16 * 2**20  # of a question on stdin; far more than can be asked
NOT_IN_DOCUMENTS, INTERRUPTED, BROKEN_PIPE = 3, 130, 141

app = typer.Typer(name="rag", no_args_is_help=True, **STYLE)


@contextmanager
def _reporting(*, debug: bool) -> Iterator[None]:
    """A block whose errors end the command with one line, a hint and an exit code."""
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
        raise typer.Exit(_report(error, debug=debug)) from error


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


@app.callback()
def _rag(*, version: Version = False) -> None:
    """Answers from a folder of documents, every sentence with its source.

    \b
    Examples:
      rag ask "what does the Xiaomi laptop deal involve?"
      rag index ~/articles
      rag search "smart speakers" -k 5
      rag verify answer.json
    """


@app.command()
def ask(
    words: Words = None,
    *,
    as_json: Json = False,
    form: Annotated[Format, typer.Option("--format", help="How to write the answer.")] = Format.text,
    k: K = None,
    lang: Lang = None,
    document: Document = None,
    after: After = None,
    before: Before = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show on stderr why these passages were chosen.")] = False,
    source: Input = None,
    target: Output = None,
    home: Home = None,
    debug: Debug = False,
    version: Version = False,
) -> None:
    """Answer a question from the documents, every sentence with its source.

    \b
    Examples:
      ask "what does the Xiaomi laptop deal involve?"
      ask --lang fr --document articles/2018 "qui a signé le protocole ?"
      echo "who signed the memorandum?" | ask --json > answer.json
      ask --input questions.jsonl --output answers.jsonl
      ask -- "-5 degrees, where was that?"

    The answer goes to stdout, everything else to stderr. Without an index, seeds/ or the RAG_CORPUS paths are indexed
    first. Exit codes: 0 answered, 1 failure, 2 wrong usage, 3 the documents do not say, 4 no index, 130 interrupted.
    """
    with _reporting(debug=debug):
        from rag import reports

        question = _question(words, source, target, "ask")
        chosen = _format(form, as_json=as_json)
        with _workspace(home) as workspace:
            wanted = workspace.filter(document or (), lang or (), _day(after), _day(before))
            if question is None:
                raise typer.Exit(_batch(workspace, (source or STDIN, target), reports.answer_line, k, wanted))
            answer = workspace.ask(question, k=k, filter=wanted)
            _print_answer(workspace, answer, chosen)
            if explain:
                _explain(workspace, answer, k, wanted)
        if answer.status == "unanswerable":
            raise typer.Exit(NOT_IN_DOCUMENTS)


@app.command()
def search(
    words: Words = None,
    *,
    as_json: Json = False,
    k: K = None,
    lang: Lang = None,
    document: Document = None,
    after: After = None,
    before: Before = None,
    source: Input = None,
    target: Output = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Find the passages nearest to a question, with their scores and ranks.

    \b
    Examples:
      rag search "smart speakers" -k 5
      rag search --after 2018-02-01 --json "memorandum of understanding"
      rag search --input questions.jsonl --output hits.jsonl

    Exit codes as for ask; 3 when no passage is left to choose from.
    """
    with _reporting(debug=debug):
        from rag import reports

        question = _question(words, source, target, "rag search")
        with _workspace(home) as workspace:
            wanted = workspace.filter(document or (), lang or (), _day(after), _day(before))
            if question is None:
                raise typer.Exit(_batch(workspace, (source or STDIN, target), reports.search_line, k, wanted))
            hits = workspace.search(question, k=k, filter=wanted)
            _print_hits(workspace, question, hits, as_json=as_json)
        if not hits:
            raise typer.Exit(NOT_IN_DOCUMENTS)


@app.command()
def index(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Folders or files; without any, those indexed before."),
    ] = None,
    *,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Start anew instead of bringing up to date.")] = False,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Index folders and files, or bring the index up to date.

    \b
    Examples:
      rag index ~/articles report.md
      rag index
      rag index --rebuild

    Unchanged files are not read again. The index can be used while it is written; an interrupted run loses nothing.
    Exit code 1 when a file could not be indexed.
    """
    with _reporting(debug=debug):
        from rag import reports
        from rag.console import Progress, say
        from rag.workspace import sync

        progress = Progress()
        try:
            report = sync(_settings(home), paths or (), rebuild=rebuild, progress=progress)
        finally:
            progress.clear()
        print(reports.sync_text(report), end="")
        for failure in report.failed:
            say(f"Not indexed: {failure.name}: {failure.message}" + (f" {failure.hint}" if failure.hint else ""))
        if report.failed:
            raise typer.Exit(1)


@app.command()
def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What ask --json or a batch wrote; - reads stdin.")],
    *,
    as_json: Json = False,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Check whether the quotations of an answer still stand in the files.

    \b
    Examples:
      rag verify answer.json
      ask --json "who signed the memorandum?" | rag verify -

    Each quotation is intact, moved (same words, elsewhere or in a renamed file), changed or missing.
    Exit code 1 unless all are intact or moved; 2 when the file is no answer/1 object.
    """
    with _reporting(debug=debug):
        from rag import reports
        from rag.console import say
        from rag.recheck import recheck
        from rag.workspace import shelf

        report = recheck(_read(file), shelf(_settings(home), tell=say))
        if as_json:
            _print_json(reports.recheck_object(report))
        else:
            print(reports.recheck_text(report, _look()), end="")
        if not report.holds:
            raise typer.Exit(1)


@app.command()
def status(*, as_json: Json = False, home: Home = None, debug: Debug = False) -> None:
    """Show what is indexed and whether files changed since.

    \b
    Examples:
      rag status
      rag status --json
    """
    with _reporting(debug=debug):
        from rag import reports
        from rag.workspace import open_index

        with open_index(_settings(home)) as opened:
            found = reports.status_object(opened)
        _print_json(found) if as_json else print(reports.status_text(found, _look()), end="")


@app.command()
def doctor(*, as_json: Json = False, home: Home = None, debug: Debug = False) -> None:
    """Check the installation, the settings and the index.

    \b
    Examples:
      rag doctor
      rag doctor --json

    Keys are said to be set or not, never shown. Exit code 1 when something is wrong.
    """
    with _reporting(debug=debug):
        from rag import reports
        from rag.doctor import examine

        checks = examine(_settings(home))
        if as_json:
            _print_json(reports.checks_object(checks))
        else:
            print(reports.checks_text(checks, _look()), end="")
        if any(check.state == "wrong" for check in checks):
            raise typer.Exit(1)


def _settings(home: Path | None) -> Settings:
    from rag.config import read_settings

    return read_settings(home=home)


@contextmanager
def _workspace(home: Path | None) -> Iterator[Workspace]:
    """The open workspace; indexing on first use shows a bar on a terminal."""
    from rag.console import Progress, say
    from rag.workspace import Workspace

    progress = Progress()

    def tell(message: str) -> None:
        progress.clear()
        say(message)

    try:
        workspace = Workspace.open(_settings(home), tell=tell, progress=progress)
    finally:
        progress.clear()
    with workspace:
        yield workspace


def _question(words: Sequence[str] | None, source: Path | None, target: Path | None, command: str) -> str | None:
    """The question from the arguments or stdin; None when a batch is asked for."""
    from rag.workspace import check_question

    if source is not None:
        if words:
            raise UsageError("--input and a question were given.", "Leave one of them out.")
        return None
    if target is not None:
        raise UsageError("--output belongs to a batch.", f"Add --input, or redirect: {command} … > {target}")
    if words and words != ["-"]:
        return check_question(" ".join(words))
    if not words and sys.stdin.isatty():
        raise UsageError(
            "There is no question.", f'Ask in words: {command} "what does the Xiaomi laptop deal involve?"'
        )
    piped = sys.stdin.buffer.read(_MOST_BYTES)
    return check_question(piped.decode("utf-8-sig", "replace"))


def _format(form: Format, *, as_json: bool) -> Format:
    if as_json and form is Format.markdown:
        raise UsageError("--json and --format markdown were given.", "Leave one of them out.")
    return Format.json if as_json else form


def _day(moment: dt.datetime | None) -> dt.date | None:
    return None if moment is None else moment.date()


def _look() -> Look:
    from rag.console import look_of

    return look_of(sys.stdout)


def _print_json(value: object) -> None:
    from rag.console import is_unicode
    from rag.rendering import dump

    print(dump(value, ascii_only=not is_unicode(sys.stdout)))


def _print_answer(workspace: Workspace, answer: Answer, form: Format) -> None:
    from rag.console import say
    from rag.rendering import answer_object, answer_quotations, render_markdown, render_text

    say(workspace.speaker)
    if form is Format.json:
        _print_json(answer_object(answer))
        return
    notes = workspace.notes(quotation.document for quotation in answer_quotations(answer))
    print(render_markdown(answer, notes) if form is Format.markdown else render_text(answer, notes, _look()), end="")


def _explain(workspace: Workspace, answer: Answer, k: int | None, wanted: Filter) -> None:
    from rag.rendering import render_explanation

    hits = workspace.search(answer.question, k=k, filter=wanted, language=answer.language)
    sys.stdout.flush()
    print("\n" + render_explanation(answer, hits), end="", file=sys.stderr)


def _print_hits(workspace: Workspace, question: str, hits: Sequence[Hit], *, as_json: bool) -> None:
    from rag.rendering import hit_object, render_hits

    if as_json:
        _print_json({"question": question, "hits": [hit_object(hit) for hit in hits]})
    else:
        print(render_hits(hits, workspace.notes(hit.chunk.document for hit in hits), _look()), end="")


def _batch(
    workspace: Workspace,
    files: tuple[Path, Path | None],
    line: Callable[[Workspace, Question, int | None, Filter], dict[str, Any]],
    k: int | None,
    wanted: Filter,
) -> int:
    """Run a batch of questions; the exit code."""
    from rag import batch
    from rag.console import Progress, say
    from rag.rendering.display import count

    source, target = files[0], files[1] or batch.STANDARD
    progress = Progress()

    def complain(message: str) -> None:
        progress.clear()
        say(f"Error: {message}")

    try:
        report = batch.run(
            source,
            target,
            lambda question: line(workspace, question, k, wanted),
            complain=complain,
            progress=progress,
        )
    finally:
        progress.clear()
    kept = f", {report.kept} kept from before" if report.kept else ""
    bad = f", {count(report.bad, 'bad line')}" if report.bad else ""
    say(f"{report.written} written to {target}{kept}{bad}.")
    return 1 if report.bad else 0


def _collect_seldom() -> None:
    """Looks for garbage seldom, and not in what is alive at the end.

    Imports make half a million objects that stay; going through them again and again, and once more at exit, took an
    eighth of the time of a question.
    """
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)


def _read(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode()
    except OSError as error:
        raise UsageError(f"Cannot read {file!r}: {error.strerror}.", "Name a file, or - for stdin.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file!r} is not UTF-8.", "Hand in what ask --json wrote.") from error


def main() -> None:
    """The command ``rag``."""
    _collect_seldom()
    app()


def ask_command() -> None:
    """The command ``ask``, the same as ``rag ask``."""
    _collect_seldom()
    single = typer.Typer(name="ask", **STYLE)
    single.command()(ask)
    single()


if __name__ == "__main__":
    main()
