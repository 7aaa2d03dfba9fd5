"""What a model consumes: tokens, requests, seconds and cost, and the limits that stop a request before it is sent."""

from __future__ import annotations

import importlib.resources
import math
import re
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from rag.answers import Usage
from rag.errors import ModelLimitError, UsageError

_LEAST_OUTPUT = 64  # fewer tokens hold no answer
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_FORM = 'Write one line for each model: [models] "openai:gpt-5" = { input = 1.25, cached = 0.125, output = 10.0 }'


@dataclass(frozen=True, slots=True)
class Price:
    """Price of a model per million tokens: read, read from the cache, written."""

    input: float
    cached: float
    output: float

    def cost(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float:
        """What so many tokens cost; the cached ones are among those read.

        >>> Price(input=2, cached=1, output=10).cost(1_000_000, 100_000, cached_tokens=500_000)
        2.5
        """
        fresh = input_tokens - cached_tokens
        return (fresh * self.input + cached_tokens * self.cached + output_tokens * self.output) / 1_000_000


@dataclass(frozen=True)
class Prices:
    """A table of prices.

    Attributes:
        models: Prices by "<server>:<model>"; "<server>:*" stands for every other model of a server.
    """

    models: Mapping[str, Price] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None = None) -> Self:
        """The shipped table, with the entries of a file, if one is named, in place of its own.

        Raises:
            UsageError: The file cannot be read or is not a price table.
        """
        models = _parsed(importlib.resources.files("rag").joinpath("prices.toml").read_text("utf-8"))
        if path is None:
            return cls(models)
        try:
            return cls({**models, **_parsed(path.read_text("utf-8"))})
        except OSError as error:
            raise UsageError(f"The price table {str(path)!r} cannot be read: {error.strerror}.", _FORM) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UsageError(f"The file {str(path)!r} is not a price table.", _FORM) from error

    def price(self, name: str) -> Price | None:
        """The price of "<server>:<model>", of the model without its date, or of the server; None when unknown."""
        server = name.partition(":")[0]
        keys = (name, _DATED.sub("", name), f"{server}:*")
        return next((self.models[key] for key in keys if key in self.models), None)


def _parsed(text: str) -> dict[str, Price]:
    return {name: _price(entry) for name, entry in tomllib.loads(text)["models"].items()}


def _price(entry: Mapping[str, Any]) -> Price:
    numbers = [entry["input"], entry.get("cached", entry["input"]), entry["output"]]
    if not all(isinstance(number, int | float) and math.isfinite(number) and number >= 0 for number in numbers):
        raise ValueError(numbers)
    return Price(*(float(number) for number in numbers))


@dataclass(slots=True)
class ModelUsage:
    """Running totals; the fields are those of ``rag.answers.Usage``.

    Attributes:
        price: Price of the model in use; without one there is no cost.
    """

    price: Price | None = None
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0
    estimated: bool = False

    @property
    def cost(self) -> float | None:
        """What was spent, in the currency of the table; None when no price is known."""
        if self.price is None:
            return None
        return self.price.cost(self.input_tokens, self.output_tokens, self.cached_tokens)

    def add(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> None:
        """Count the tokens of one request."""
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.cached_tokens += min(cached_tokens, input_tokens)

    def include(self, other: ModelUsage) -> None:
        """Count what was counted elsewhere, of the same model."""
        self.requests += other.requests
        self.seconds += other.seconds
        self.estimated = self.estimated or other.estimated
        self.add(other.input_tokens, other.output_tokens, other.cached_tokens)

    def frozen(self) -> Usage:
        """The totals so far."""
        return Usage(
            requests=self.requests,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cached_tokens=self.cached_tokens,
            seconds=round(self.seconds, 3),
            cost=None if self.cost is None else round(self.cost, 8),
            estimated=self.estimated,
        )


def added(first: Usage | ModelUsage, second: Usage | ModelUsage) -> Usage:
    """What two models, or one at two times, consumed together; without a cost when either has none."""
    cost = None if first.cost is None or second.cost is None else first.cost + second.cost
    return Usage(
        requests=first.requests + second.requests,
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        cached_tokens=first.cached_tokens + second.cached_tokens,
        seconds=first.seconds + second.seconds,
        cost=cost,
        estimated=first.estimated or second.estimated,
    )


class Total:
    """What all requests of some clients consume together, over all questions; may be shared by threads."""

    def __init__(self) -> None:
        self._usage = Usage(cost=0.0)
        self._lock = threading.Lock()

    @property
    def usage(self) -> Usage:
        """The totals so far."""
        return self._usage

    def add(self, usage: Usage | ModelUsage) -> None:
        """Count what a request consumed."""
        with self._lock:
            self._usage = added(self._usage, usage)


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be consumed at most; None means without limit.

    Attributes:
        max_cost: In the currency of the price table.
        max_tokens: Tokens read and written, over all requests.
        total: Counts what the limits hold for; without one they hold for each question by itself.
    """

    max_cost: float | None = None
    max_tokens: int | None = None
    total: Total | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, value in (("--max-cost", self.max_cost), ("--max-tokens", self.max_tokens)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise UsageError(f"{name} cannot be {value!r}.", f"Give {name} a number above 0, or leave it out.")

    def room(self, usage: ModelUsage, input_tokens: int) -> int | None:
        """How many tokens the answer to one more request may have; None when nothing limits it.

        Args:
            usage: What was consumed so far.
            input_tokens: What the request has at most.

        Raises:
            ModelLimitError: The request could exceed a limit, so it must not be sent.
        """
        rooms = [
            room
            for room in (self._token_room(usage, input_tokens), self._cost_room(usage, input_tokens))
            if room is not None
        ]
        return min(rooms, default=None)

    def _token_room(self, usage: ModelUsage, input_tokens: int) -> int | None:
        if self.max_tokens is None:
            return None
        consumed = usage if self.total is None else self.total.usage
        used = consumed.input_tokens + consumed.output_tokens
        room = self.max_tokens - used - input_tokens
        if room < _LEAST_OUTPUT:
            raise ModelLimitError(
                f"The next request could exceed {self.max_tokens:,} tokens: {used:,} are used, and it has up to "
                f"{input_tokens:,} before the answer.",
                f"Allow more: --max-tokens {used + 2 * input_tokens + 1_000}, or send fewer passages with -k.",
            )
        return room

    def _cost_room(self, usage: ModelUsage, input_tokens: int) -> int | None:
        if self.max_cost is None:
            return None
        spent = usage.cost if self.total is None else self.total.usage.cost
        if usage.price is None or spent is None:
            raise ModelLimitError(
                "No price is known for this model, so --max-cost cannot be kept.",
                "Set RAG_PRICES to a file with its price, or use --max-tokens.",
            )
        least = usage.price.cost(input_tokens, _LEAST_OUTPUT)
        if spent + least > self.max_cost:
            raise ModelLimitError(
                f"The next request could exceed the cost of {self.max_cost:g}: {spent:.6f} is spent, and it costs "
                f"{least:.6f} or more.",
                f"Allow more: --max-cost {(spent + least) * 2:.2g}, or send fewer passages with -k.",
            )
        if usage.price.output == 0:
            return None
        return int((self.max_cost - spent - usage.price.cost(input_tokens, 0)) * 1_000_000 / usage.price.output)
