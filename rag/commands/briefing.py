"""``rag brief``: one page on a topic, every sentence with its source."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.commands.frame import (
    NOT_IN_DOCUMENTS,
    day,
    opened,
    print_json,
    read_text,
    reporting,
    settings_of,
    stdout_look,
)
from rag.errors import UsageError
from rag.options import After, BaseUrl, Before, Debug, Document, Home, Json, JudgeModel, Model, Timeout

if TYPE_CHECKING:
    from rag.briefings import Briefing
    from rag.workspace import Workspace

_DAYS = ["%Y-%m-%d"]


def brief(
    topic: Annotated[
        list[str] | None, typer.Argument(metavar="[TOPIC]...", help="In any words; without it, all documents.")
    ] = None,
    *,
    target: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write a .pdf, .html, .md, .docx, .txt or .json file."),
    ] = None,
    as_json: Json = False,
    lang: Annotated[
        str | None,
        typer.Option("--lang", metavar="CODE", help="The page's language: en, fr or id [the topic's or documents']."),
    ] = None,
    as_of: Annotated[
        dt.datetime | None, typer.Option("--as-of", formats=_DAYS, help="The day on the page [today].")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DAY|FILE", help="Tell what is new since a day or an earlier brief.json."),
    ] = None,
    document: Document = None,
    after: After = None,
    before: Before = None,
    allow_unverified: Annotated[
        bool, typer.Option("--allow-unverified", help="Print, marked, what its sources do not bear out.")
    ] = False,
    model: Model = None,
    base_url: BaseUrl = None,
    judge: JudgeModel = None,
    timeout: Timeout = None,
    home: Home = None,
    debug: Debug = False,
) -> None:
    """Write one page on a topic, or on all documents, every sentence with its source.

    \b
    Examples:
      rag brief "Microsoft and Xiaomi"
      rag brief "Microsoft and Xiaomi" -o brief.pdf --lang fr
      rag brief --document articles/2018 --as-of 2018-03-01 -o brief.html
      rag brief "Xiaomi" --since last-week.json -o brief.json
      rag brief "Xiaomi" -m ollama:qwen3:8b --timeout 300

    The page goes to stdout or into the file, everything else to stderr. Exit codes: 0 written, 1 failure or a sentence
    that is not verified, 2 wrong usage, 3 the documents say nothing about the topic, 4 no index, 130 interrupted.
    """
    with reporting(debug=debug):
        _check(target, lang, as_json=as_json)
        earlier = _since(since)
        settings = settings_of(home, model, base_url, judge=judge, timeout=timeout)
        if settings.model is None and (base_url, judge, timeout) != (None, None, None):
            raise UsageError("Options for a model were given, and no model.", "Name the model: -m SERVER:MODEL")
        with opened(settings) as workspace:
            page = _written(
                workspace,
                topic,
                lang,
                as_of=day(as_of),
                earlier=earlier,
                document=document,
                days=(day(after), day(before)),
                allow_unverified=allow_unverified,
            )
            if page.bottom_line is None and not page.facts:
                _nothing(page, as_json=as_json)
                raise typer.Exit(NOT_IN_DOCUMENTS)
            _deliver(workspace, page, target, as_json=as_json)
        if page.coverage.verified < page.coverage.sentences and not allow_unverified:
            raise typer.Exit(1)


def _check(target: Path | None, lang: str | None, *, as_json: bool) -> None:
    """Refuse what cannot be done before any work is."""
    from rag.desk import LANGUAGES

    if lang is not None and lang not in LANGUAGES:
        raise UsageError(f"There are no labels in the language {lang!r}.", f"Choose one of: {', '.join(LANGUAGES)}")
    if target is None:
        return
    if as_json and target.suffix.lower() != ".json":
        raise UsageError(
            "--json and -o with another format were given.", f"Write JSON: -o {target.with_suffix('.json')}"
        )
    if target.suffix.lower() != ".json":
        from rag import pages

        pages.format_of(target.name)
    if not target.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {str(target.absolute().parent)!r}.", "Make it first.")


def _since(given: str | None) -> dt.date | Briefing | None:
    """The day, or the earlier page, that changes are counted from."""
    if given is None:
        return None
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        from rag.briefing_contract import read_briefing

        if not Path(given).is_file() and given != "-":
            raise UsageError(
                f"{given!r} is neither a day nor a file.", "Write --since 2018-03-01, or name an earlier brief.json."
            ) from None
        return read_briefing(read_text(given, "what rag brief --json wrote"))


def _written(
    workspace: Workspace,
    topic: list[str] | None,
    lang: str | None,
    *,
    as_of: dt.date | None,
    earlier: dt.date | Briefing | None,
    document: list[str] | None,
    days: tuple[dt.date | None, dt.date | None],
    allow_unverified: bool,
) -> Briefing:
    """The page; stderr shows, on a terminal, what is being done."""
    from rag.console import say
    from rag.desk import Order

    if workspace.speakers is not None:
        say(workspace.speaker)
    order = Order(
        topic=" ".join(topic) if topic else None,
        language=lang,
        as_of=as_of or dt.datetime.now().astimezone().date(),
        filter=workspace.filter(document or (), (), *days),
        since=earlier,
        allow_unverified=allow_unverified,
    )
    tell = say if sys.stderr.isatty() else lambda _: None
    return workspace.brief(order, tell=tell)


def _nothing(page: Briefing, *, as_json: bool) -> None:
    from rag.briefing_contract import briefing_object
    from rag.console import say

    if as_json:
        print_json(briefing_object(page))
    about = f" about {page.question!r}" if page.question else ""
    say(f"The documents say nothing{about} ({page.considered} looked at).")


def _deliver(workspace: Workspace, page: Briefing, target: Path | None, *, as_json: bool) -> None:
    """Print the page, or write the file whole or not at all."""
    from rag.briefing_contract import briefing_object, briefing_text

    if as_json and target is None:
        print_json(briefing_object(page))
        return
    if target is not None and target.suffix.lower() == ".json":
        _write(target, briefing_text(page).encode())
        _told(page, target)
        return
    from rag import pages
    from rag.console import say

    form = "text" if target is None else pages.format_of(target.name)
    paths = {entry.document: workspace.index.path(entry.document) for entry in page.sources}
    links = {name: path.as_uri() for name, path in paths.items() if path is not None and path.exists()}
    made = pages.render(page, form, links=links, look=stdout_look())
    for warning in made.warnings:
        say(warning)
    if target is None:
        sys.stdout.write(made.content.decode())
        return
    _write(target, made.content)
    if made.left_out:
        say(made.left_out)
    _told(page, target)


def _write(target: Path, content: bytes) -> None:
    """Put the file in place at once, so that nobody reads half of it."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        raise UsageError(f"Cannot write {str(target)!r}: {error.strerror}.", "Choose another file.") from error
    finally:
        part.unlink(missing_ok=True)


def _told(page: Briefing, target: Path) -> None:
    from rag.console import say
    from rag.rendering.display import count

    covered = page.coverage
    withheld = f", {covered.withheld} left out as not borne out" if covered.withheld else ""
    say(
        f"{target}: {covered.verified} of {count(covered.sentences, 'sentence')} verified{withheld}; "
        f"{count(len(page.sources), 'source')}, {count(page.origins, 'origin')}, {page.considered} considered."
    )
