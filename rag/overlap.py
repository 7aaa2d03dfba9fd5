"""Work that overlaps: produce items ahead in one thread, consume them behind in another, within a bound."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class _Bounded(Generic[T]):
    """A queue whose items weigh at most ``limit`` together; a heavier item is let in alone."""

    def __init__(self, weigh: Callable[[T], int], limit: int) -> None:
        self._weigh = weigh
        self._limit = limit
        self._items: deque[T] = deque()
        self._weight = 0
        self._ended = False
        self._changed = threading.Condition()

    def put(self, item: T) -> bool:
        """Adds an item once there is room; False when the queue has ended and the item was dropped."""
        weight = self._weigh(item)
        with self._changed:
            while not self._ended and self._items and self._weight + weight > self._limit:
                self._changed.wait()
            if self._ended:
                return False
            self._items.append(item)
            self._weight += weight
            self._changed.notify_all()
        return True

    def end(self, *, drop: bool = False) -> None:
        """No more items will come; ``drop`` forgets those that wait."""
        with self._changed:
            self._ended = True
            if drop:
                self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                while not self._items and not self._ended:
                    self._changed.wait()
                if not self._items:
                    return
                item = self._items.popleft()
                self._weight -= self._weigh(item)
                self._changed.notify_all()
            yield item


def ahead(items: Iterable[T], weigh: Callable[[T], int], limit: int) -> Iterator[T]:
    """The same items, produced in a thread while the caller works on earlier ones.

    An exception of ``items`` is raised at the place of the item that failed. Leaving the loop ends the thread after the
    item it is at.

    >>> list(ahead(iter("abc"), len, 2))
    ['a', 'b', 'c']
    """
    waiting = _Bounded(weigh, limit)
    failed: list[BaseException] = []

    def produce() -> None:
        try:
            for item in items:
                if not waiting.put(item):
                    return
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failed.append(error)
        finally:
            waiting.end()

    thread = threading.Thread(target=produce, name="rag-ahead", daemon=True)
    thread.start()
    try:
        yield from waiting
        if failed:
            raise failed[0]
    finally:
        waiting.end(drop=True)
        thread.join()


class Behind(Generic[T]):
    """Calls a function with each item that is put, in order, in a thread.

    Leaving the ``with`` block waits until everything that was put is done, also when it is left by an exception. An
    exception of the function ends the work; it is raised by the next ``put``, or at the end of the block.
    """

    def __init__(self, work: Callable[[T], None], limit: int) -> None:
        self._work = work
        self._waiting: _Bounded[T] = _Bounded(lambda item: 1, limit)
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name="rag-behind", daemon=True)

    def put(self, item: T) -> None:
        """Hands an item over; waits while too many do."""
        if not self._waiting.put(item):
            raise self._failed[0]

    def __enter__(self) -> Behind[T]:
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._waiting.end()
        self._thread.join()
        if self._failed and error is None:
            raise self._failed[0]

    def _run(self) -> None:
        try:
            for item in self._waiting:
                self._work(item)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._failed.append(error)
            self._waiting.end(drop=True)
