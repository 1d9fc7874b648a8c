"""The event stream's own process from inside: who cannot be let in, or goes, or fails, costs nobody else his news."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import pytest
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from yizhan.kernel import live
from yizhan.kernel.sealing import seal
from yizhan.people.models import User
from yizhan.site import stream
from yizhan.site.hub import MOST_WAITING, Listener
from yizhan.site.live import Pass
from yizhan.site.stream import Stream

LONG = 30
Sent = list[dict[str, Any]]


def signed_in(username: str) -> Pass:
    user, session = User.objects.get(username=username), SessionStore()
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return Pass(user.pk, session.session_key or "", user.get_session_auth_hash())


def close_own() -> None:
    connection.close()  # of the thread in which this runs


def with_stream(steps: Callable[[Stream], Awaitable[None]], *, working: bool = True) -> None:
    """A stream of its own for these steps, taken down after them; one that does not work lets nobody in."""

    async def run() -> None:
        own = Stream()
        stream._stream[:] = [own]
        if not working:
            own.tasks[1].cancel()
        try:
            await asyncio.wait_for(steps(own), LONG)
        finally:
            stream._stream.clear()
            for task in own.tasks:
                task.cancel()
            own.thread.submit(close_own).result()
            own.thread.shutdown()

    asyncio.run(run())


async def ask(sent: Sent, *, gone: asyncio.Event) -> None:
    """A browser that asks for the stream and goes when told."""

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    query = b"pass=" + seal(json.dumps([1, "none", "none"])).encode()
    scope = {"type": "http", "path": "/events", "query_string": query, "headers": []}
    await stream.application(scope, receive, send)


def test_who_makes_a_turn_fail_is_let_go_and_nobody_else(committed: str) -> None:
    good, bad = signed_in("desk"), signed_in("engineer1")._replace(session="\0")
    listeners = [Listener(bad if place == 3 else good) for place in range(6)]

    async def steps(own: Stream) -> None:
        answers = await asyncio.gather(*(own.join(one) for one in listeners))
        assert [answer is not None for answer in answers] == [True, True, True, False, True, True]
        assert await own.join(Listener(good))
        assert own.hub.joining == {}

    with_stream(steps)


def test_a_fault_of_the_program_ends_no_news(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Faulty(live.Room):
        asked = 0

        def records(self, names: Collection[str]) -> Mapping[str, Any]:
            return dict.fromkeys(names, "record")

        def admits(self, actor: Any, record: Any) -> bool:
            self.asked += 1
            if 1 < self.asked < 4:
                raise KeyError("a fault")
            return True

    room, given = Faulty(), signed_in("desk")
    monkeypatch.setattr(live, "_rooms", [room])

    async def steps(own: Stream) -> None:
        looking = Listener(given, number="INC-1")
        own.hub.listeners.add(looking)
        assert await own.join(looking)
        while room.asked < 5:
            await asyncio.sleep(0.1)
            assert not own.tasks[1].done()
        assert await own.join(Listener(given))

    with_stream(steps)


def test_who_goes_before_he_is_let_in_is_forgotten(db: None) -> None:
    async def steps(own: Stream) -> None:
        sent: Sent = []
        gone = asyncio.Event()
        asking = asyncio.create_task(ask(sent, gone=gone))
        while not own.hub.joining:
            await asyncio.sleep(0.01)
        gone.set()
        await asking
        assert (own.hub.listeners, list(own.hub.joining), sent) == (set(), [], [])

    with_stream(steps, working=False)


def test_where_too_many_wait_the_next_is_told_to_come_again(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_JOINING", 2, raising=False)

    async def steps(own: Stream) -> None:
        gone, sent = asyncio.Event(), [[], [], []]  # type: tuple[asyncio.Event, list[Sent]]
        asking = [asyncio.create_task(ask(sent[place], gone=gone)) for place in range(2)]
        while len(own.hub.joining) < 2:
            await asyncio.sleep(0.01)
        await ask(sent[2], gone=gone)
        assert (sent[2][0]["status"], sent[2][1]["body"][:6], len(own.hub.listeners)) == (200, b"retry:", 2)
        gone.set()
        await asyncio.gather(*asking)

    with_stream(steps, working=False)


def test_what_waits_for_a_page_that_does_not_read_has_an_end() -> None:
    slow = Listener(Pass(1, "", ""))
    for _ in range(2 * MOST_WAITING):
        slow.hand(b"x")
    assert slow.queue.qsize() == MOST_WAITING + 1
