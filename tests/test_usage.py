"""Prices, running totals and limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.answers import Usage
from rag.errors import ModelLimitError, UsageError
from rag.usage import Limits, ModelUsage, Price, Prices, Total, added

PRICE = Price(input=1.0, cached=0.5, output=4.0)


def test_the_shipped_table_has_hosted_and_local_models() -> None:
    """Models of OpenAI have three prices above zero, local servers cost nothing, and unknown ones have no price."""
    prices = Prices.read()
    hosted = [price for name, price in prices.models.items() if name.startswith("openai:")]
    assert len(hosted) > 10
    assert all(0 < price.cached < price.input < price.output for price in hosted)
    assert prices.price("ollama:qwen3:8b") == prices.price("vllm:any") == Price(0, 0, 0)
    assert prices.price("custom:any") is None
    assert prices.price("openai:gpt-unheard-of") is None


def test_a_dated_model_costs_what_the_model_costs() -> None:
    """Only a date at the end is left out; another model's longer name is another model."""
    prices = Prices.read()
    assert prices.price("openai:gpt-4o-mini-2024-07-18") == prices.price("openai:gpt-4o-mini")
    assert prices.price("openai:gpt-4o-mini-audio") is None


def test_a_file_of_the_users_comes_before_the_shipped_table(tmp_path: Path) -> None:
    """Its entries replace the shipped ones, the others stay; without a cached price cached tokens cost the same."""
    path = tmp_path / "prices.toml"
    path.write_text('[models]\n"openai:gpt-5" = { input = 7, output = 8 }\n"custom:*" = { input = 1, output = 2 }\n')
    prices = Prices.read(path)
    assert prices.price("openai:gpt-5") == Price(7, 7, 8)
    assert prices.price("custom:any") == Price(1, 1, 2)
    assert prices.price("openai:gpt-5-mini") == Prices.read().price("openai:gpt-5-mini")


@pytest.mark.parametrize(
    "text",
    ["", "[models]\na = 1", "not toml", '[models]\n"a:b" = { input = -1, output = 1 }', "models = 3",
     '[models]\n"a:b" = { input = nan, output = 1 }', '[models]\n"a:b" = { input = "1", output = 1 }', "\ud800"],
)  # fmt: skip
def test_a_file_that_is_no_price_table_is_a_usage_error(tmp_path: Path, text: str) -> None:
    """The message names the file and the hint shows the form."""
    path = tmp_path / "prices.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UsageError, match="is not a price table") as caught:
        Prices.read(path)
    assert "[models]" in str(caught.value.hint)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        Prices.read(tmp_path / "absent.toml")


def test_totals_are_sums_and_cost_counts_cached_tokens_at_their_price() -> None:
    """Cached tokens are among those read, never more than them."""
    usage = ModelUsage(PRICE)
    usage.add(1_000, 100, 400)
    usage.add(50, 5, 90)
    usage.requests, usage.seconds = 2, 1.23456
    expected = (600 * 1.0 + 400 * 0.5 + 100 * 4.0 + 50 * 0.5 + 5 * 4.0) / 1e6
    assert usage.frozen() == Usage(2, 1_050, 105, 450, 1.235, pytest.approx(expected), False)
    assert ModelUsage().frozen() == Usage()


def test_without_limits_nothing_is_limited() -> None:
    """The length of an answer is left to the server."""
    assert Limits().room(ModelUsage(), 10**9) is None
    assert Limits(max_cost=1).room(ModelUsage(Price(0, 0, 0)), 10**9) is None


def test_the_room_for_an_answer_is_what_is_left_of_the_tokens() -> None:
    """What was used and what is sent count; below 64 tokens no answer fits and nothing may be sent."""
    usage = ModelUsage()
    usage.add(300, 100)
    assert Limits(max_tokens=1_000).room(usage, 500) == 100
    assert Limits(max_tokens=964).room(usage, 500) == 64
    with pytest.raises(ModelLimitError, match="963 tokens: 400 are used") as caught:
        Limits(max_tokens=963).room(usage, 500)
    assert "--max-tokens" in str(caught.value.hint)


def test_the_room_for_an_answer_is_what_is_left_of_the_cost() -> None:
    """An answer of that length at most costs what is left; the tighter of two limits counts."""
    usage = ModelUsage(PRICE)
    usage.add(1_000, 100)
    room = Limits(max_cost=0.004).room(usage, 600)
    assert room == 500
    assert usage.cost + PRICE.cost(600, room) <= 0.004
    assert Limits(max_cost=0.004, max_tokens=2_000).room(usage, 600) == 300
    with pytest.raises(ModelLimitError, match=r"cost of 0\.002") as caught:
        Limits(max_cost=0.002).room(usage, 600)
    assert "--max-cost" in str(caught.value.hint)


def test_a_cost_limit_without_a_price_stops() -> None:
    """It cannot be kept, so nothing is sent."""
    with pytest.raises(ModelLimitError, match="No price"):
        Limits(max_cost=1).room(ModelUsage(), 1)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf")])
def test_limits_are_above_zero_and_finite(wrong: float) -> None:
    """Anything else is a mistake."""
    with pytest.raises(UsageError, match="--max-cost"):
        Limits(max_cost=wrong)


def test_limits_may_hold_for_all_questions_together() -> None:
    """With a total what other questions took counts, whichever client asked; without one each stands alone."""
    total = Total()
    earlier = ModelUsage(PRICE, requests=1)
    earlier.add(1_000, 100)
    total.add(earlier)
    fresh = ModelUsage(PRICE)
    assert Limits(max_tokens=2_000, total=total).room(fresh, 500) == 400
    assert Limits(max_cost=0.004, total=total).room(fresh, 600) == 500
    assert Limits(max_tokens=2_000).room(fresh, 500) == 1_500
    with pytest.raises(ModelLimitError, match="1,100 are used"):
        Limits(max_tokens=1_600, total=total).room(fresh, 500)
    total.add(ModelUsage(None, requests=1))
    with pytest.raises(ModelLimitError, match="No price"):
        Limits(max_cost=1, total=total).room(fresh, 500)


def test_accounts_add_up() -> None:
    """Every field is summed; one estimate makes the sum one, and one unknown price leaves no cost."""
    one = Usage(1, 10, 2, 3, 0.5, 0.25, False)
    two = Usage(2, 20, 4, 6, 1.0, 0.5, True)
    assert added(one, two) == Usage(3, 30, 6, 9, 1.5, 0.75, True)
    assert added(one, Usage(requests=1)).cost is None
    meter = ModelUsage(PRICE, requests=1, estimated=True)
    meter.include(ModelUsage(PRICE, requests=1, input_tokens=5, output_tokens=1, cached_tokens=2, seconds=0.5))
    assert meter.frozen() == Usage(2, 5, 1, 2, 0.5, 0.000008, True)
