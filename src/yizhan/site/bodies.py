"""Request bodies, read before a thread is taken, within limits of size, pace, time and number.

A sender who is slow costs a few kilobytes and a connection, never a thread. Where too many
bodies are unfinished, the slowest gives way to the newcomer, first among those of the same address;
where they hold too much, the largest gives way, among those that are larger or slower than the one who sends.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Body = tempfile.SpooledTemporaryFile[bytes]
HEAD_START = 8192  # bytes that a body is taken to have sent when paces are compared: a newcomer is not the slowest


class Refused(Exception):
    """A body that will not be read to its end: the answer's status, code and words."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status, self.code, self.words = status, code, words


class Gone(Exception):
    """The body ends before it is whole: its sender left, or sends what no reader of HTTP takes (a chunk without a size)."""


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds, `pace` in bytes a second.

    The pace is that of the last one or two times of `patience`: what came fast once could else be held until the deadline.
    """

    size: int
    in_memory: int = 128 * 2**10
    patience: float = 20  # before the first byte, between two of them, and before the pace counts
    pace: float = 1024
    deadline: float = 600
    per_address: int = 64
    in_all: int = 512
    bytes_in_all: int = 2**30


@dataclass(eq=False)
class Unfinished:
    """One body on its way."""

    address: str
    begun: float
    limit: asyncio.Timeout
    received: int = 0
    gave_way: bool = False
    marks: list[tuple[float, int]] = field(default_factory=list)  # (when, how much was there), two at most

    def got(self, more: int, now: float, patience: float) -> None:
        self.received += more
        if not self.marks or now - self.marks[-1][0] >= patience:
            self.marks = [*self.marks[-1:], (now, self.received)]

    @property
    def mark(self) -> tuple[float, int]:
        """Since when, and from what on, its pace counts."""
        return self.marks[0] if len(self.marks) > 1 else (self.begun, 0)

    @property
    def going(self) -> bool:
        """Whether he was told to go, or his time ran out, and he has not left yet."""
        return self.gave_way or self.limit.expired()

    def leave(self, now: float) -> None:
        self.gave_way = True
        self.limit.reschedule(now)

    def pace(self, now: float) -> float:
        since, before = self.mark
        return (self.received - before + HEAD_START) / (now - since + 1)


@dataclass
class Bodies:
    """All bodies of one process."""

    limits: Limits
    unfinished: set[Unfinished] = field(default_factory=set)
    held: int = 0

    async def read(self, receive: Receive, declared: int | None, address: str) -> tuple[Body, int]:
        """The whole body and its length; give it back with `release`.

        Raises:
            Refused: too large, too slow, or too much at once.
            Gone: it is not whole.
        """
        if declared is not None and declared > self.limits.size:
            raise Refused(413, "body_too_large", "The request is too large. / 请求太大。")
        body: Body = tempfile.SpooledTemporaryFile(self.limits.in_memory)  # noqa: SIM115 - the caller gives it back
        size = 0
        try:
            async with asyncio.timeout(self.limits.patience) as limit:
                with self.entered(address, limit) as sender:
                    while True:
                        message = await receive()
                        if message["type"] != "http.request":
                            raise Gone
                        chunk = message.get("body", b"")
                        size = self.take(sender, len(chunk))
                        await self.keep(body, chunk, size)
                        if not message.get("more_body"):
                            break
                        if sender.gave_way:  # told so in the very turn in which his bytes came
                            raise TimeoutError
                        limit.reschedule(self.due(sender))
        except BaseException as error:
            self.release(body, size)
            if isinstance(error, TimeoutError):
                raise Refused(408, "too_slow", "The request came too slowly. / 请求传得太慢。") from error
            if isinstance(error, OSError):
                raise Refused(503, "disk", "There is no room for the request now. / 暂时没有空间接收请求。") from error
            raise
        if declared is not None and size != declared:
            self.release(body, size)
            raise Gone
        body.seek(0)
        return body, size

    def release(self, body: Body, size: int) -> None:
        self.held -= size
        body.close()

    def take(self, sender: Unfinished, more: int) -> int:
        now = asyncio.get_running_loop().time()
        sender.got(more, now, self.limits.patience)
        self.held += more
        if sender.received > self.limits.size:
            self.held -= more
            raise Refused(413, "body_too_large", "The request is too large. / 请求太大。")
        if not self.make_room(sender, now):
            self.held -= more
            raise Refused(503, "busy", "Too much is being sent at once. / 同时上传的内容太多。")
        return sender.received

    def make_room(self, sender: Unfinished, now: float) -> bool:
        """Whether all that is held is within the limit, or will be once those have left who are told to go."""
        most = self.limits.bytes_in_all
        if self.held <= most:
            return True
        others = [one for one in self.unfinished if one is not sender and not one.going]
        movable = [one for one in others if one.received > sender.received or one.pace(now) < sender.pace(now)]
        going = sum(one.received for one in self.unfinished if one.going)
        if self.held - going - sum(one.received for one in movable) > most:
            return False
        for one in sorted(movable, key=lambda one: one.received, reverse=True):
            if self.held - going <= most:
                break
            one.leave(now)
            going += one.received
        return True

    async def keep(self, body: Body, chunk: bytes, size: int) -> None:
        if size <= self.limits.in_memory:
            body.write(chunk)
        else:
            await asyncio.to_thread(body.write, chunk)

    def due(self, sender: Unfinished) -> float:
        """When the next bytes must be here."""
        limits, now = self.limits, asyncio.get_running_loop().time()
        since, before = sender.mark
        paced = since + limits.patience + (sender.received - before) / limits.pace
        return min(now + limits.patience, sender.begun + limits.deadline, paced)

    @contextmanager
    def entered(self, address: str, limit: asyncio.Timeout) -> Iterator[Unfinished]:
        now = asyncio.get_running_loop().time()
        neighbours = [one for one in self.unfinished if one.address == address and not one.going]
        others = [one for one in self.unfinished if not one.going]
        if len(neighbours) >= self.limits.per_address:
            self.give_way(neighbours, now)
        elif len(self.unfinished) >= self.limits.in_all and others:
            self.give_way(others, now)
        sender = Unfinished(address, now, limit)
        self.unfinished.add(sender)
        try:
            yield sender
        finally:
            self.unfinished.discard(sender)

    def give_way(self, among: list[Unfinished], now: float) -> None:
        min(among, key=lambda one: one.pace(now)).leave(now)
