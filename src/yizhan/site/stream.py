"""Live news over server-sent events: one LISTEN connection, each listener within his own scope.

An event names only what changed; the page then asks for it through the gate. Cursors are
transaction ids below `pg_snapshot_xmin`: serials commit out of order, these do not.
"""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yizhan.site.settings")
django.setup()

from asgiref.sync import sync_to_async  # noqa: E402 - Django first
from django.conf import settings  # noqa: E402
from django.db import close_old_connections, connection  # noqa: E402

from yizhan.channels.policies import ChannelPermission, calls  # noqa: E402
from yizhan.kernel.events import CHANNEL  # noqa: E402
from yizhan.kernel.presence import CHANNEL as PRESENCE  # noqa: E402
from yizhan.people.access import actor_for  # noqa: E402
from yizhan.people.models import User  # noqa: E402
from yizhan.site.live import user_of_pass  # noqa: E402
from yizhan.tickets.policies import TicketPermission, tickets  # noqa: E402

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
NEWS = """
SELECT xact, type, object_type, object_id,
    CASE type WHEN 'NewsPosted' THEN (payload->>'owner')::bigint END,
    CASE type WHEN 'CallRinging' THEN (payload->>'agent')::bigint END
FROM kernel_event
WHERE xact > %s AND xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY xact LIMIT 200
"""
HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1"
HEARTBEAT = 20.0
LOOKING, TYPING = 45.0, 6.0
listeners: set[asyncio.Event] = set()


class Crowd:
    """Who looks at which ticket, in this process's memory: each looker tells every twenty seconds."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[int, tuple[str, float, float]]] = {}

    def hear(self, news: dict[str, Any]) -> None:
        people = self.seen.setdefault(str(news["number"]), {})
        now = time.monotonic()
        if news.get("gone"):
            people.pop(news["user"], None)
        else:
            people[news["user"]] = (news["name"], now, now if news["typing"] else 0.0)

    def around(self, number: str, but: int) -> list[dict[str, Any]]:
        """The others at a ticket now, by name, and whether they type."""
        now, people = time.monotonic(), self.seen.get(number, {})
        for user in [user for user, (_, seen, _) in people.items() if now - seen > LOOKING]:
            del people[user]
        if not people:
            self.seen.pop(number, None)
        return [{"name": n, "typing": now - typed < TYPING} for user, (n, _, typed) in people.items() if user != but]


crowd = Crowd()
ear: list[asyncio.Task[None]] = []


async def listen() -> None:
    """Wake every listener at each NOTIFY; reconnect for as long as the process lives."""
    while True:
        try:
            url = settings.YIZHAN.database_url
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as direct:
                await direct.execute(f"LISTEN {CHANNEL}")
                await direct.execute(f"LISTEN {PRESENCE}")
                async for news in direct.notifies():
                    if news.channel == PRESENCE:
                        crowd.hear(json.loads(news.payload))
                    for listener in listeners:
                        listener.set()
        except (psycopg.Error, OSError):
            await asyncio.sleep(1)


@sync_to_async
def horizon() -> int:
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute(HORIZON)
        return int((cursor.fetchone() or (0,))[0])


@sync_to_async
def may_look(user_id: int, number: str) -> bool:
    """Whether this person is of the staff and sees the ticket."""
    close_old_connections()
    user = User.objects.filter(pk=user_id, is_active=True).first()
    actor = actor_for(user) if user else None
    return actor is not None and tickets.scope(actor, TicketPermission.VIEW_INTERNAL).filter(number=number).exists()


@sync_to_async
def news_for(user_id: int, after: int) -> tuple[int, list[dict[str, Any]]]:
    """(the new cursor, what of it this person may know of)."""
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute(NEWS, [after])
        rows = cursor.fetchall()
    if not rows:
        return after, []
    user = User.objects.filter(pk=user_id, is_active=True).first()
    ids = {row[3] for row in rows if row[2] == "tickets.ticket"}
    actor = actor_for(user) if user else None
    seen = tickets.scope(actor, TicketPermission.VIEW).filter(pk__in=ids) if actor else tickets.model.objects.none()
    numbers = dict(seen.values_list("pk", "number"))
    found = [{"type": row[1], "number": numbers[row[3]]} for row in rows if row[2] == "tickets.ticket" and row[3] in numbers]
    rings = {row[3] for row in rows if row[2] == "channels.call" and row[1] == "CallRinging" and row[5] in {None, user_id}}
    heard = (
        calls.scope(actor, ChannelPermission.VIEW).filter(pk__in=rings).values_list("pk", flat=True) if actor and rings else []
    )
    found += [{"type": "CallRinging", "number": "", "call": pk} for pk in heard]
    bell = any(row[2] == "kernel.news" and row[4] == user_id for row in rows)
    return max(row[0] for row in rows), [*found, *([{"type": "NewsPosted", "number": ""}] if bell else [])]


async def respond(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


def query_value(scope: dict[str, Any], name: str) -> str:
    found: list[str] = parse_qs(scope.get("query_string", b"").decode()).get(name, [""])
    return found[0]


def last_seen(scope: dict[str, Any]) -> int | None:
    given = dict(scope["headers"]).get(b"last-event-id", b"").decode()
    return int(given) if given.isdigit() else None


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """`GET /events?pass=…`: a stream that resumes at `Last-Event-ID` without a gap."""
    if scope["type"] == "lifespan":
        return
    if not ear:
        ear.append(asyncio.create_task(listen()))
    user_id = user_of_pass(query_value(scope, "pass"))
    origin = dict(scope["headers"]).get(b"origin", b"").decode()
    allowed = origin if origin.split("://")[-1].split(":")[0] in settings.ALLOWED_HOSTS else settings.YIZHAN.base_url
    headers = [(b"access-control-allow-origin", allowed.encode()), (b"vary", b"Origin"), (b"cache-control", b"no-store")]
    if scope["path"] != "/events" or user_id is None:
        await respond(send, 403 if scope["path"] == "/events" else 404, headers)
        await send({"type": "http.response.body", "body": b""})
        return
    await respond(send, 200, [*headers, (b"content-type", b"text/event-stream")])
    number = query_value(scope, "ticket")[:20]
    await pour(user_id, last_seen(scope), receive, send, number if number and await may_look(user_id, number) else "")


async def pour(user_id: int, after: int | None, receive: Receive, send: Send, number: str) -> None:
    wake = asyncio.Event()
    listeners.add(wake)
    gone = asyncio.create_task(until_gone(receive))
    shown: list[dict[str, Any]] | None = None
    try:
        cursor = await horizon() if after is None else after
        await send({"type": "http.response.body", "body": f"id: {cursor}\nretry: 2000\n\n".encode(), "more_body": True})
        while not gone.done():
            cursor, found = await news_for(user_id, cursor)
            around = crowd.around(number, user_id) if number else []
            if number and around != shown:
                shown = around
                found = [*found, {"type": "Presence", "number": number, "people": around}]
            lines = [f"id: {cursor}\ndata: {json.dumps(item, ensure_ascii=False)}\n\n" for item in found]
            body = "".join(lines) or ": still here\n\n"
            await send({"type": "http.response.body", "body": body.encode(), "more_body": True})
            wake.clear()
            pause = asyncio.create_task(wake.wait())
            await asyncio.wait({pause, gone}, timeout=TYPING if shown else HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            pause.cancel()
            await asyncio.sleep(0.1)
    finally:
        gone.cancel()
        listeners.discard(wake)


async def until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
