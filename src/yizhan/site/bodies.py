"""Request bodies, read before a thread is taken, within limits of size, pace, time and number.

A sender who is slow costs a few kilobytes and a connection, never a thread. Where too many
bodies are unfinished, the slowest gives way to the newcomer, first among those of the same address.
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
    """The sender left before the body was whole."""


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds, `pace` in bytes a second."""

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

    @property
    def going(self) -> bool:
        """Whether he was told to go, or his time ran out, and he has not left yet."""
        return self.gave_way or self.limit.expired()

    def pace(self, now: float) -> float:
        return (self.received + HEAD_START) / (now - self.begun + 1)


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
            Gone: the sender left.
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
        sender.received += more
        self.held += more
        if sender.received > self.limits.size:
            self.held -= more
            raise Refused(413, "body_too_large", "The request is too large. / 请求太大。")
        if self.held > self.limits.bytes_in_all:
            self.held -= more
            raise Refused(503, "busy", "Too much is being sent at once. / 同时上传的内容太多。")
        return sender.received

    async def keep(self, body: Body, chunk: bytes, size: int) -> None:
        if size <= self.limits.in_memory:
            body.write(chunk)
        else:
            await asyncio.to_thread(body.write, chunk)

    def due(self, sender: Unfinished) -> float:
        """When the next bytes must be here."""
        limits, now = self.limits, asyncio.get_running_loop().time()
        paced = sender.begun + limits.patience + sender.received / limits.pace
        return min(now + limits.patience, sender.begun + limits.deadline, paced)

    @contextmanager
    def entered(self, address: str, limit: asyncio.Timeout) -> Iterator[Unfinished]:
        now = asyncio.get_running_loop().time()
        neighbours = [one for one in self.unfinished if one.address == address and not one.going]
        if len(neighbours) >= self.limits.per_address:
            self.give_way(neighbours, now)
        elif len(self.unfinished) >= self.limits.in_all:
            self.give_way([one for one in self.unfinished if not one.going], now)
        sender = Unfinished(address, now, limit)
        self.unfinished.add(sender)
        try:
            yield sender
        finally:
            self.unfinished.discard(sender)

    def give_way(self, among: list[Unfinished], now: float) -> None:
        if among:
            slowest = min(among, key=lambda one: one.pace(now))
            slowest.gave_way = True
            slowest.limit.reschedule(now)
