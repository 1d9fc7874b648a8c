"""Live news over server-sent events: one LISTEN connection, one hub, each listener within his own scope.

An event names only what changed; the page then asks for it through the gate. A page resumes at (transaction, id) below
`pg_snapshot_xmin`: serials commit out of order, these do not. What it heard from above comes once more then; it knows it
by its number.
"""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yizhan.site.settings")
django.setup()

import structlog  # noqa: E402 - Django first
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from yizhan.kernel.events import CHANNEL  # noqa: E402
from yizhan.kernel.live import Cursor  # noqa: E402
from yizhan.kernel.presence import CHANNEL as PRESENCE  # noqa: E402
from yizhan.site.hub import Hub, Listener, Told  # noqa: E402
from yizhan.site.live import read_number, read_pass  # noqa: E402

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
HEARTBEAT = 20.0
TICK, GATHER, SOON = 3.0, 0.1, 0.2
# A browser gives up for good after a refusal; who only comes at a bad time is answered, and comes again.
MOST_JOINING = 2_000
AGAIN = b"retry: 5000\n\n"
log = structlog.get_logger("yizhan.stream")


class Stream:
    """The process's one hub, its thread for the database, and what wakes it."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.thread = ThreadPoolExecutor(1, "database")
        self.wake = asyncio.Event()
        self.told = ""
        self.tasks = [asyncio.create_task(self.listen()), asyncio.create_task(self.work())]

    async def listen(self) -> None:
        """Wake the hub at each NOTIFY; reconnect for as long as the process lives."""
        while True:
            try:
                url = settings.YIZHAN.database_url
                async with await psycopg.AsyncConnection.connect(url, autocommit=True) as direct:
                    await direct.execute(f"LISTEN {CHANNEL}")
                    await direct.execute(f"LISTEN {PRESENCE}")
                    self.wake.set()
                    async for news in direct.notifies():
                        if news.channel == PRESENCE:
                            self.hear(json.loads(news.payload))
                        else:
                            self.wake.set()
            except (psycopg.Error, OSError):
                await asyncio.sleep(1)
            except Exception:
                log.exception("stream_listening")
                await asyncio.sleep(1)

    def hear(self, news: dict[str, Any]) -> None:
        self.hub.crowd.hear(news)
        self.hand(self.hub.presence([x for x in self.hub.listeners if x.number == news["number"]]))

    def hand(self, told: Told) -> None:
        for listener, part in told:
            listener.hand(part)

    async def work(self) -> None:
        """A turn at each wake-up, and every few seconds besides: who is gone, who types no more, what nobody announced.

        Whatever fails, the next turn is tried: nothing ends the news but the process.
        """
        looked, again = 0.0, False
        while True:
            try:
                await asyncio.wait_for(self.wake.wait(), SOON if again else TICK)
                await asyncio.sleep(GATHER)
            except TimeoutError:
                pass
            self.wake.clear()
            everybody = time.monotonic() - looked >= TICK
            try:
                again = await self.take(list(self.hub.joining), everybody=everybody)
            except Exception:
                log.exception("stream_turn")
                again = True
                await asyncio.sleep(1)
                continue
            if everybody:
                looked = time.monotonic()
                self.hub.crowd.forget()

    async def take(self, joining: list[Listener], *, everybody: bool) -> bool:
        """A turn with these, who wait to be let in. Where it fails with them and not without, who makes it fail is let go."""
        try:
            return await self.take_once(joining, everybody=everybody)
        except Exception as fault:
            if not joining:
                raise
            log.warning("stream_joining", count=len(joining), error=repr(fault)[:200])
        again = await self.take_once([], everybody=everybody)
        if len(joining) == 1:
            self.hub.joining.pop(joining[0], None)
            joining[0].hand(None)
            return again
        half = len(joining) // 2
        first = await self.take(joining[:half], everybody=False)
        return await self.take(joining[half:], everybody=False) or first

    async def take_once(self, joining: list[Listener], *, everybody: bool) -> bool:
        """One turn, and what comes of it into their queues; whether to look again soon."""
        present = list(self.hub.listeners - self.hub.joining.keys())
        loop = asyncio.get_running_loop()
        told, again = await loop.run_in_executor(self.thread, self.turn, present, joining, everybody)
        self.told = str(self.hub.position)
        for listener in joining:
            self.hub.joining.pop(listener, None)
            if listener.actor is not None:
                listener.hand(f"id: {listener.after}\nretry: 2000\n\n".encode())
        self.hand(told)
        self.hand(self.hub.presence([*joining, *(present if everybody else ())]))
        return again

    def turn(self, present: list[Listener], joining: list[Listener], everybody: bool) -> tuple[Told, bool]:
        """In the thread. A connection that fell is given back, and a new one taken next time."""
        try:
            return self.hub.turn(present, joining, everybody=everybody)
        except Exception:
            connection.close()
            raise

    async def join(self, listener: Listener) -> bytes | None:
        """Its first words once it is let in, or None."""
        if len(self.hub.joining) >= MOST_JOINING:
            listener.hand(None)
            return AGAIN
        self.hub.listeners.add(listener)
        self.hub.joining[listener] = None
        self.wake.set()
        return await listener.queue.get()

    def leave(self, listener: Listener) -> None:
        self.hub.listeners.discard(listener)
        self.hub.joining.pop(listener, None)


_stream: list[Stream] = []


async def respond(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


def query_value(scope: dict[str, Any], name: str) -> str:
    found: list[str] = parse_qs(scope.get("query_string", b"").decode(errors="replace")).get(name, [""])
    return found[0]


def last_seen(scope: dict[str, Any]) -> Cursor | None:
    return Cursor.read(dict(scope["headers"]).get(b"last-event-id", b"").decode(errors="replace"))


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """`GET /events?pass=…`: a stream that resumes at `Last-Event-ID` without a gap. `/healthz` says that it is alive."""
    if scope["type"] == "lifespan":
        return
    if scope["path"] == "/healthz":
        await refuse(send, 204, [(b"cache-control", b"no-store")])
        return
    if not _stream:
        _stream.append(Stream())
    origin = dict(scope["headers"]).get(b"origin", b"").decode(errors="replace")
    allowed = origin if origin.split("://")[-1].split(":")[0] in settings.ALLOWED_HOSTS else settings.YIZHAN.base_url
    headers = [(b"access-control-allow-origin", allowed.encode()), (b"vary", b"Origin"), (b"cache-control", b"no-store")]
    given = read_pass(query_value(scope, "pass")) if scope["path"] == "/events" else None
    listener = Listener(given, last_seen(scope), read_number(query_value(scope, "ticket"))) if given else None
    if listener is None:
        await refuse(send, 403 if scope["path"] == "/events" else 404, headers)
        return
    gone = asyncio.create_task(until_gone(listener, receive))
    try:
        first = await _stream[0].join(listener)
        if listener.gone:
            return
        if first is None:
            await refuse(send, 403, headers)
            return
        await respond(send, 200, [*headers, (b"content-type", b"text/event-stream")])
        await send({"type": "http.response.body", "body": first, "more_body": True})
        await pour(listener, send)
    finally:
        gone.cancel()
        _stream[0].leave(listener)


async def refuse(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await respond(send, status, headers)
    await send({"type": "http.response.body", "body": b""})


async def pour(listener: Listener, send: Send) -> None:
    """Until either side has enough. A silent page is told now and then how far it is."""
    while True:
        try:
            part = await asyncio.wait_for(listener.queue.get(), HEARTBEAT)
        except TimeoutError:
            part = f"id: {_stream[0].told}\n: still here\n\n".encode()
        if part is None or listener.gone:
            break
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def until_gone(listener: Listener, receive: Receive) -> None:
    """Watches from the beginning, so that nobody waits to be let in who is not there any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.gone = True
    listener.hand(None)
