"""Gradient steps over batches, from the last checkpoint, with a log; both models are trained by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import logging

Say = Callable[[str], None]


@contextmanager
def logged(path: Path) -> Iterator[Say]:
    """A function that prints a line and appends it to a file; the libraries' own messages are silenced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with path.open("a", encoding="utf-8") as log:

        def say(line: str) -> None:
            print(line, flush=True)
            print(line, file=log, flush=True)

        yield say


def descend(
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    order: Sequence[Sequence[int]],
    step_loss: Callable[[Sequence[int]], tuple[Tensor, int]],
    *,
    checkpoint: Path,
    say: Say,
    warmup: int,
    keep_every: int,
) -> None:
    """One pass over the batches, or what a checkpoint left of it.

    The rates of the optimiser's groups rise over ``warmup`` steps and fall to a fiftieth in a line. Dropout is off:
    every text is seen once, and drawing the masks takes as long as the rest.

    Args:
        module: What is trained.
        optimiser: Over the parameters that may change, with their highest rates.
        order: The batches: places of texts.
        step_loss: The loss of a batch, and its number of tokens for the log.
        checkpoint: Read when it exists, written every ``keep_every`` steps and at the end; its name stands in the log.
        say: Is told how it gets on.
        warmup: In steps.
        keep_every: In steps.
    """
    rates = [group["lr"] for group in optimiser.param_groups]
    first = _resume(module, optimiser, checkpoint)
    module.train()
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    started, read, running = time.time(), 0, 0.0
    for step, batch in enumerate(order[first:], start=first):
        scale = min(1.0, (step + 1) / warmup) * max(0.02, 1 - step / len(order))
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * scale
        loss, tokens = step_loss(batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], 1.0)
        optimiser.step()
        read += tokens
        running = 0.98 * running + 0.02 * float(loss.detach()) if step > first else float(loss.detach())
        if step % 50 == 0:
            speed = read / (time.time() - started)
            say(f"{checkpoint.stem}: step {step}/{len(order)}, loss {running:.4f}, {speed:.0f} tokens/s")
        if step % keep_every == keep_every - 1 or step == len(order) - 1:
            _keep(module, optimiser, step + 1, checkpoint)


def _resume(module: nn.Module, optimiser: torch.optim.Optimizer, checkpoint: Path) -> int:
    """The step to go on with; 0 without a checkpoint."""
    if not checkpoint.exists():
        return 0
    saved: dict[str, Any] = torch.load(checkpoint, weights_only=True)
    module.load_state_dict(saved["module"])
    optimiser.load_state_dict(saved["optimiser"])
    return int(saved["step"])


def _keep(module: nn.Module, optimiser: torch.optim.Optimizer, step: int, checkpoint: Path) -> None:
    part = checkpoint.with_suffix(".part")
    torch.save({"module": module.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, part)
    part.replace(checkpoint)
