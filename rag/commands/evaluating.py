"""``rag eval``: the suite of the current folder; ``rag.commands.gold`` adds the commands that make gold to ``app``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.commands.frame import reporting, settings_of, stdout_look
from rag.errors import RecordingError, StorageError, UsageError
from rag.options import STYLE, BaseUrl, Debug, Home, Model, Record, Replay

if TYPE_CHECKING:
    from rag.config import Settings
    from rag.evaluation import Evaluation, Options
    from rag.results import Report
    from rag.suite import Suite
    from rag.trials import Selection

INFRASTRUCTURE, RECORDING = 3, 4

app = typer.Typer(name="eval", invoke_without_command=True, **STYLE)


@app.callback()
def evaluate(
    context: typer.Context,
    *,
    suite: Annotated[Path, typer.Option("--suite", metavar="FILE", help="What is asked and what must hold.")] = Path(
        "evals/suite.toml"
    ),
    model: Model = None,
    base_url: BaseUrl = None,
    judge: Annotated[
        str | None, typer.Option("--judge", metavar="MODEL", help="Let this model judge the answers, too.")
    ] = None,
    record: Record = None,
    replay: Replay = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ID|FIELD=VALUE", help="Only these questions.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="At most N questions.")] = None,
    shard: Annotated[
        str | None, typer.Option("--shard", metavar="I/N", help="Only the I-th of N parts of the questions.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", min=1, max=64, metavar="N", help="Questions asked at a time [one per core; 4 of a model]."
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask again what was asked before.")] = False,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="Compare with these scores [the suite's].")
    ] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Write the scores as the new baseline.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail when a gate is inconclusive.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON.")] = None,
    junit_file: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="… as JUnit XML.")] = None,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="… as Markdown, for the page of a CI job.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="… as a page with every question.")
    ] = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Measure answers against gold questions and hold them against the limits of a suite.

    \b
    Examples:
      rag eval
      rag eval --only language=fr --only kind=number --limit 20
      rag eval --html report.html --json report.json
      rag eval --shard 1/4
      rag eval -m ollama:qwen3:8b --record answers.jsonl
      rag eval --update-baseline
      rag eval compare before.json after.json

    The documents that a suite names are indexed apart, below RAG_HOME/evals; without any, your own index is brought up
    to date and asked. What was asked before of the same system over the same documents is not asked again, so an
    interrupted run goes on where it stopped. A part of the questions is measured, and no gate judges it.

    \b
    Exit codes: 0 passed, 1 a gate failed or nothing was measured, 2 wrong usage, 3 documents, model or judge failed,
    4 a recording is missing or stale, 5 inconclusive (with --strict), 130 interrupted.
    """
    if context.invoked_subcommand is not None:
        return
    with reporting(debug=debug, code_of=_code_of):
        from rag.baselines import read_baseline
        from rag.commands.asking import recordings
        from rag.evaluation import Options
        from rag.scoring import METRICS
        from rag.suite import read_suite
        from rag.summaries import AURC
        from rag.trials import Selection

        wanted = read_suite(suite, frozenset(METRICS) | {AURC})
        selection = Selection(tuple(only or ()), _shard(shard), limit)
        scores = baseline or (wanted.beside(wanted.baseline) if wanted.baseline is not None else None)
        if update_baseline:
            _check_update(selection, scores)
            wanted = wanted.without_margins()
        recorded = recordings(record, replay)
        settings = _settings(wanted, home, model, base_url, recorded)
        options = Options(
            selection,
            jobs=jobs,
            fresh=fresh or bool(recorded),  # what is not asked is neither recorded nor found to be stale
            strict=strict,
            baseline=read_baseline(scores) if scores is not None and not update_baseline else None,
            judge=None if judge is None else _judging(settings, judge),
        )
        if recorded and settings.model is None and judge is None:
            raise UsageError("A recording was named, and no model.", "Name the model: -m SERVER:MODEL")
        found = _run(wanted, settings, options)
        if update_baseline and scores is not None:
            _update(scores, found.report)
        _write(found, {"json": json_file, "junit": junit_file, "markdown": markdown_file, "html": html_file})
        _print(found.report, html_file)
        raise typer.Exit(found.report.exit_code)


def _shard(text: str | None) -> tuple[int, int]:
    """The part and the number of parts of "I/N"."""
    if text is None:
        return 1, 1
    part, slash, parts = text.partition("/")
    if slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts):
        return int(part), int(parts)
    raise UsageError(f"--shard cannot be {text!r}.", "Write I/N, as in --shard 1/4")


def _check_update(selection: Selection, scores: Path | None) -> None:
    if selection:
        raise UsageError("A baseline is the scores of all questions.", "Leave out --only, --limit and --shard.")
    if scores is None:
        raise UsageError("The baseline has no file.", "Name it: --baseline FILE, or baseline in the suite")


def _settings(
    suite: Suite, home: Path | None, model: str | None, base_url: str | None, recorded: Mapping[str, Any]
) -> Settings:
    """The settings in force; the suite says who answers unless the command does."""
    chosen = model or suite.answerer
    if chosen != "extractive":
        return settings_of(home, chosen, base_url, **recorded)
    settings = settings_of(home, None, base_url, **recorded)  # the address may be the judge's
    return settings.model_copy(update={"model": None, "judge": None, "fallback": None})


def _judging(settings: Settings, judge: str) -> Settings:
    """The settings of the judge, which adds to a recording that the answers are in already."""
    mode = "auto" if settings.recordings_mode == "record" else settings.recordings_mode
    return settings.model_copy(update={"judge": judge, "recordings_mode": mode})


def _run(suite: Suite, settings: Settings, options: Options) -> Evaluation:
    """The evaluation, with progress on a terminal."""
    from rag.console import Progress, say
    from rag.evaluation import evaluate

    progress = Progress()

    def tell(message: str) -> None:
        progress.clear()
        say(message)

    try:
        found = evaluate(suite, settings, dataclasses.replace(options, tell=tell, progress=progress))
    finally:
        progress.clear()
    for item in found.report.items:
        if item.trial.error is not None:
            say(f"Not answered: {item.id}: {item.trial.error}")
    return found


def _update(scores: Path, report: Report) -> None:
    from rag.baselines import write_baseline
    from rag.console import say

    if report.exit_code == INFRASTRUCTURE:
        say(f"The baseline {scores} was not touched, as answers are missing.")
        return
    write_baseline(scores, report.items, report.system)
    say(f"Baseline written to {scores}.")


def _write(found: Evaluation, files: Mapping[str, Path | None]) -> None:
    """The report in each form for which a file is named."""
    from rag import eval_reports

    forms: Mapping[str, Callable[[], str]] = {
        "json": lambda: eval_reports.report_text(found.report),
        "junit": lambda: eval_reports.render_junit(found.report),
        "markdown": lambda: eval_reports.render_markdown(found.report),
        "html": lambda: eval_reports.render_page(found.report, found.texts),
    }
    for form, path in files.items():
        if path is not None:
            write_text(path, forms[form]())


def _print(report: Report, page: Path | None) -> None:
    from rag.eval_reports import render_terminal

    print(render_terminal(report, stdout_look(), page=page), end="")


def write_text(path: Path, text: str) -> None:
    """Write a file as UTF-8.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", errors="backslashreplace")
    except OSError as error:
        raise StorageError(f"Cannot write {str(path)!r}: {error.strerror}.", "Name another file.") from error


def _code_of(error: Exception) -> int:
    """2 for wrong usage, 4 for recordings; whatever else stopped the run is no verdict on the answers."""
    if isinstance(error, UsageError):
        return error.exit_code
    return RECORDING if isinstance(error, RecordingError) else INFRASTRUCTURE
