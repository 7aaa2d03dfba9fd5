"""Threads that work ahead and behind."""

import threading
import time
from collections.abc import Iterable, Iterator

import pytest

from rag.overlap import Behind, ahead


def _threads() -> int:
    return sum(thread.name.startswith("rag-") for thread in threading.enumerate())


def test_ahead_is_bounded() -> None:
    """The producer is never further ahead than the limit, counted by weight."""
    made: list[int] = []

    def produce() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    for number in ahead(produce(), lambda item: 10, 30):
        time.sleep(0.001)
        # Three wait in the queue, one is in the producer's hand, one in ours.
        assert made[-1] <= number + 5
    assert len(made) == 50


def test_a_heavy_item_is_let_in_alone() -> None:
    """An item above the limit passes once nothing else waits."""
    assert list(ahead(iter([1, 100, 1]), lambda item: item, 5)) == [1, 100, 1]


def test_an_error_ahead_arrives_in_its_place() -> None:
    """Items before the error are delivered; then it is raised and the thread ends."""

    def produce() -> Iterator[int]:
        yield 1
        raise KeyError("two")

    got: list[int] = []
    with pytest.raises(KeyError, match="two"):
        got.extend(ahead(produce(), lambda item: 1, 10))
    assert (got, _threads()) == ([1], 0)


def test_leaving_early_ends_the_thread() -> None:
    """A consumer that stops does not leave a thread behind."""
    items = ahead(iter(range(1_000_000)), lambda item: 1, 2)
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    assert _threads() == 0


def _put(behind: Behind[int], numbers: Iterable[int], error: BaseException | None = None) -> None:
    with behind:
        for number in numbers:
            behind.put(number)
        if error is not None:
            raise error


def test_behind_works_in_order() -> None:
    """Everything is done, in order, when the block ends, also by an exception."""
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        _put(Behind(done.append, 2), range(10), KeyboardInterrupt())
    assert (done, _threads()) == (list(range(10)), 0)


def test_an_error_behind_stops_the_caller() -> None:
    """The next put, or the end of the block, raises what went wrong."""

    def fail(item: int) -> None:
        raise ValueError(item)

    with pytest.raises(ValueError, match="0"):
        _put(Behind(fail, 1), range(100))
    with pytest.raises(ValueError, match="7"):
        _put(Behind(fail, 1), [7])
    assert _threads() == 0
