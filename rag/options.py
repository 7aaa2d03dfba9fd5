"""The arguments and options that commands share, and the style of their --help; only typer is imported."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

STYLE: dict[str, Any] = {
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "add_completion": False,
    "context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100},
}


class Format(StrEnum):
    """How an answer is written."""

    text = "text"
    markdown = "markdown"
    json = "json"


def _version(wanted: bool) -> None:
    if wanted:
        from rag import __version__

        typer.echo(f"spanwise {__version__}")
        raise typer.Exit


Home = Annotated[
    Path | None, typer.Option("--home", metavar="FOLDER", help="Where the index is [RAG_HOME, else .rag].")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
]
Words = Annotated[list[str] | None, typer.Argument(metavar="QUESTION...", help="In any words; - reads stdin.")]
K = Annotated[int | None, typer.Option("-k", min=1, max=100, help="Passages to retrieve [RAG_K, else 8].")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Lang = Annotated[
    list[str] | None,
    typer.Option("--lang", metavar="CODE", help="Only sources in this language (en, fr …)."),
]
Document = Annotated[
    list[str] | None,
    typer.Option("--document", metavar="NAME", help="Only this document or folder; the start of a file name will do."),
]
Model = Annotated[
    str | None,
    typer.Option(
        "-m",
        "--model",
        metavar="SERVER:MODEL",
        help="Let this model write the answer: openai, ollama, llamacpp, vllm or lmstudio, or any name with --base-url "
        "[RAG_MODEL, else none].",
    ),
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Where the model's server is [RAG_BASE_URL].")
]
JudgeModel = Annotated[
    str | None, typer.Option("--judge", metavar="MODEL", help="Let this model confirm each statement [RAG_JUDGE].")
]
Fallback = Annotated[
    str | None,
    typer.Option("--fallback", metavar="extractive", help="Answer without a model if it fails [RAG_FALLBACK]."),
]
Timeout = Annotated[
    float | None, typer.Option("--timeout", metavar="SECONDS", help="For the whole question [RAG_TIMEOUT, else 60].")
]
MaxCost = Annotated[
    float | None, typer.Option("--max-cost", metavar="USD", help="Send nothing that could cost more [RAG_MAX_COST].")
]
MaxTokens = Annotated[
    int | None, typer.Option("--max-tokens", metavar="N", help="Send nothing that could take more [RAG_MAX_TOKENS].")
]
UsageShown = Annotated[bool, typer.Option("-u", "--usage", help="Show tokens, requests, seconds and cost on stderr.")]
Record = Annotated[
    Path | None, typer.Option("--record", metavar="FILE", help="Record what is sent and what the server answers.")
]
Replay = Annotated[
    Path | None,
    typer.Option("--replay", metavar="FILE", help="Take the server's answers from a recording; no network."),
]
Continue = Annotated[
    bool, typer.Option("-c", "--continue", help='Go on with the last question: ask -c "and the laptops?"')
]
NoLog = Annotated[bool, typer.Option("--no-log", help="Keep the question out of the history.")]
After = Annotated[
    dt.datetime | None,
    typer.Option("--after", formats=["%Y-%m-%d"], help="Only documents dated this day or later."),
]
Before = Annotated[
    dt.datetime | None,
    typer.Option("--before", formats=["%Y-%m-%d"], help="Only documents dated this day or earlier."),
]
Input = Annotated[
    Path | None, typer.Option("--input", metavar="FILE", help='JSON lines {"id", "question"}; - reads stdin.')
]
Output = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Where the batch is written, or goes on; - is stdout.")
]
