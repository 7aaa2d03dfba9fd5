"""``ask`` and ``rag search``: one question, or a batch of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from rag.commands.frame import (
    NOT_IN_DOCUMENTS,
    day,
    opened,
    print_json,
    reporting,
    settings_of,
    stdout_look,
)
from rag.errors import UsageError
from rag.options import (
    After,
    BaseUrl,
    Before,
    Continue,
    Debug,
    Document,
    Fallback,
    Format,
    Home,
    Input,
    Json,
    JudgeModel,
    K,
    Lang,
    MaxCost,
    MaxTokens,
    Model,
    NoLog,
    Output,
    Record,
    Replay,
    Timeout,
    UsageShown,
    Version,
    Words,
)

if TYPE_CHECKING:
    from rag.answers import Answer
    from rag.config import Settings
    from rag.documents import Filter, Hit
    from rag.workspace import Workspace

STDIN = Path("-")
_MOST_BYTES = 16 * 2**20  # of a question on stdin; far more than can be asked


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
    model: Model = None,
    base_url: BaseUrl = None,
    judge: JudgeModel = None,
    fallback: Fallback = None,
    no_stream: Annotated[bool, typer.Option("--no-stream", help="Print the answer only when it is whole.")] = False,
    timeout: Timeout = None,
    max_cost: MaxCost = None,
    max_tokens: MaxTokens = None,
    usage: UsageShown = False,
    record: Record = None,
    replay: Replay = None,
    go_on: Continue = False,
    no_log: NoLog = False,
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
      ask -c "and who signed it?"
      ask --lang fr --document articles/2018 "qui a signé le protocole ?"
      echo "who signed the memorandum?" | ask --json > answer.json
      ask --no-log "something that is to be forgotten"
      ask --input questions.jsonl --output answers.jsonl
      ask -- "-5 degrees, where was that?"

    \b
    With a language model, which sees the question and the passages found:
      ask -m ollama:qwen3:8b --fallback extractive "what is the deal about?"
      ask -m openai:gpt-5-mini --judge openai:gpt-5 -u --max-cost 0.05 "who signed?"
      ask -m qwen3 --base-url http://127.0.0.1:9000/v1 --timeout 120 "who signed?"
      ask -m llamacpp:qwen3 --max-tokens 20000 --no-stream "who signed?"
      ask -m ollama:qwen3:8b --record answers.jsonl "who signed?"
      ask -m ollama:qwen3:8b --replay answers.jsonl "who signed?"

    The answer goes to stdout, everything else to stderr. Without an index, seeds/ or the RAG_CORPUS paths are indexed
    first. Exit codes: 0 answered, 1 failure, 2 wrong usage, 3 the documents do not say, 4 no index, 130 interrupted.
    """
    with reporting(debug=debug):
        question = _question(words, source, target, "ask")
        chosen = _format(form, as_json=as_json)
        if go_on and question is None:
            raise UsageError("--continue and --input were given.", "A batch is no conversation: leave one of them out.")
        named = {"judge": judge, "fallback": fallback, "timeout": timeout}
        named |= {"max_cost": max_cost, "max_tokens": max_tokens, **recordings(record, replay)}
        settings = settings_of(home, model, base_url, log=False if no_log else None, **named)
        _check_model(settings, {"base_url": base_url, **named})
        with opened(settings) as workspace, _metered(workspace, shown=usage):
            wanted = workspace.filter(document or (), lang or (), day(after), day(before))
            if question is None:
                raise typer.Exit(_batch(workspace, (source or STDIN, target), "answer_line", k, wanted))
            with workspace.question():
                searched = _self_contained(workspace, question) if go_on else question
                streams = chosen is Format.text and not no_stream
                answer = _answer(workspace, question, searched, chosen, k=k, wanted=wanted, streams=streams)
            if explain:
                _explain(workspace, answer, k, wanted)
        if answer.status == "unanswerable":
            raise typer.Exit(NOT_IN_DOCUMENTS)


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
    with reporting(debug=debug):
        question = _question(words, source, target, "rag search")
        with opened(settings_of(home), with_model=False) as workspace:
            wanted = workspace.filter(document or (), lang or (), day(after), day(before))
            if question is None:
                raise typer.Exit(_batch(workspace, (source or STDIN, target), "search_line", k, wanted))
            hits = workspace.search(question, k=k, filter=wanted)
            _print_hits(workspace, question, hits, as_json=as_json)
        if not hits:
            raise typer.Exit(NOT_IN_DOCUMENTS)


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


def recordings(record: Path | None, replay: Path | None) -> dict[str, Any]:
    """The settings that --record and --replay stand for."""
    if record and replay:
        raise UsageError("--record and --replay were given.", "Leave one of them out.")
    if not (record or replay):
        return {}
    return {"recordings": record or replay, "recordings_mode": "record" if record else "replay"}


def _check_model(settings: Settings, options: Mapping[str, Any]) -> None:
    """Refuse options that say how a model is to answer when none is named."""
    given = [name for name, value in options.items() if value is not None]
    if given and settings.model is None:
        option = {"recordings": "record or --replay"}.get(given[0], given[0].replace("_", "-"))
        raise UsageError(f"--{option} was given, and no model.", "Name the model: -m SERVER:MODEL, or RAG_MODEL")


@contextmanager
def _metered(workspace: Workspace, *, shown: bool) -> Iterator[None]:
    """A block after which, however it ends, stderr shows what models consumed in it."""
    from rag import reports
    from rag.answers import Usage
    from rag.console import say

    try:
        yield
    finally:
        if shown:
            consumed = Usage() if workspace.speakers is None else workspace.speakers.total.usage
            say(reports.usage_text(consumed))


def _self_contained(workspace: Workspace, question: str) -> str:
    """The question with what it takes from the last one; stderr shows it if it is another."""
    from rag.console import say
    from rag.history import History

    previous = History.open(workspace.settings.home).last()
    if previous is None:
        say("No earlier question is in the history: asked as it is.")
        return question
    searched = workspace.self_contained(question, previous)
    if searched != question:
        say(f"Searched: {searched}")
    return searched


def _answer(
    workspace: Workspace,
    question: str,
    searched: str,
    form: Format,
    *,
    k: int | None,
    wanted: Filter,
    streams: bool,
) -> Answer:
    """The answer, printed and kept in the history."""
    from rag.answers import Answer
    from rag.commands.printing import Printer
    from rag.console import say
    from rag.history import History, Turn, remember

    printer = Printer(workspace, form)
    answer: Answer | None = None
    try:
        if streams and workspace.speakers is not None:
            for part in workspace.stream(searched, k=k, filter=wanted):
                answer = part if isinstance(part, Answer) else None
                printer.show(part)
        else:
            answer = workspace.ask(searched, k=k, filter=wanted)
            printer.show(answer)
    except BaseException:
        printer.break_off()
        raise
    finally:
        if answer is not None and workspace.settings.log:
            remember(History.open(workspace.settings.home), Turn.of(answer, question), say)
    assert answer is not None  # noqa: S101 - the last part is an answer
    return answer


def _explain(workspace: Workspace, answer: Answer, k: int | None, wanted: Filter) -> None:
    from rag.rendering import render_explanation

    hits = workspace.search(answer.question, k=k, filter=wanted, language=answer.language)
    sys.stdout.flush()
    print("\n" + render_explanation(answer, hits), end="", file=sys.stderr)


def _print_hits(workspace: Workspace, question: str, hits: Sequence[Hit], *, as_json: bool) -> None:
    from rag.rendering import hit_object, render_hits

    if as_json:
        print_json({"question": question, "hits": [hit_object(hit) for hit in hits]})
    else:
        print(render_hits(hits, workspace.notes(hit.chunk.document for hit in hits), stdout_look()), end="")


def _batch(
    workspace: Workspace,
    files: tuple[Path, Path | None],
    kind: Literal["answer_line", "search_line"],
    k: int | None,
    wanted: Filter,
) -> int:
    """Run a batch of questions; the exit code."""
    from rag import batch, reports
    from rag.console import Progress, say
    from rag.rendering.display import count

    source, target = files[0], files[1] or batch.STANDARD
    progress = Progress()
    line = reports.answer_line if kind == "answer_line" else reports.search_line

    def complain(message: str) -> None:
        progress.clear()
        say(f"Error: {message}")

    if workspace.speakers is not None:
        say(workspace.speaker)

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
    failed = f", {report.failed} not answered" if report.failed else ""
    say(f"{report.written} written to {target}{kept}{bad}{failed}.")
    return 1 if report.bad or report.failed else 0
