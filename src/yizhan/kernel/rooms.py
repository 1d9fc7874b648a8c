"""Room for children (`kernel.children`) beside the pages of a process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from yizhan.kernel.errors import TemporaryFailure


class Room:
    """How many children of this process run at once, and how many threads may wait for one besides.

    Where pages are served, both are bounded: whoever sends sheets and pictures without end takes neither all
    threads nor all processors from the others. Elsewhere the number of jobs bounds them.
    """

    def __init__(self, running: int = 1000, waiting: int = 1000) -> None:
        self.running, self.present = threading.Semaphore(running), threading.Semaphore(running + waiting)

    @contextmanager
    def entered(self, target: str, seconds: float) -> Iterator[None]:
        if not self.present.acquire(blocking=False):
            raise TemporaryFailure(f"{target}: too many wait for a child already")
        try:
            if not self.running.acquire(timeout=seconds):
                raise TemporaryFailure(f"{target}: no child came free within {seconds} s")
            try:
                yield
            finally:
                self.running.release()
        finally:
            self.present.release()


_room = [Room()]


def present() -> Room:
    """This process's."""
    return _room[0]


def serve_pages_with(threads: int) -> None:
    """Told by the web server's process: half of its threads, at most, are with children, half of those with running ones."""
    present = max(1, threads // 2)
    _room[:] = [Room(max(1, present // 2), present - max(1, present // 2))]
