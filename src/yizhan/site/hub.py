"""Everybody who listens, in one place: one read for all of them, then each by his own access.

A turn asks the database the same number of questions however many listen. Who is about to be told something
is looked at anew first; all the others every few seconds, so that a stream ends with its session.
"""

import asyncio
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.crypto import constant_time_compare

from yizhan.kernel import live
from yizhan.kernel.actor import Actor
from yizhan.kernel.live import Cursor, Known, LiveEvent
from yizhan.people.access import users_with_access
from yizhan.site.live import Pass

LOOKING, TYPING = 45.0, 6.0
MOST_WAITING = 5_000
# Who missed more than this asks for his whole page instead: that is cheaper for him too.
MOST_MISSED = 2_000
SESSIONS = "SELECT session_key FROM django_session WHERE session_key = ANY(%s) AND expire_date > now()"


@dataclass(eq=False)
class Listener:
    """One open page. `actor` is None until it is let in, and again once its session has ended."""

    given: Pass
    after: Cursor | None = None
    number: str = ""
    actor: Actor | None = None
    may_look: bool = False
    shown: list[dict[str, Any]] | None = None
    gone: bool = False
    ended: bool = False
    queue: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)

    def hand(self, part: bytes | None) -> None:
        """Put into its queue; who cannot keep up is let go and resumes at its cursor."""
        if not self.ended:
            self.ended = part is None or self.queue.qsize() >= MOST_WAITING
            self.queue.put_nowait(None if self.ended else part)


Told = list[tuple[Listener, bytes | None]]


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
        if not people:
            del self.seen[str(news["number"])]

    def forget(self) -> None:
        """Let go of pages that everybody left without a word."""
        now = time.monotonic()
        self.seen = {n: people for n, people in self.seen.items() if any(now - seen <= LOOKING for _, seen, _ in people.values())}

    def around(self, number: str, but: int) -> list[dict[str, Any]]:
        """The others at a ticket now, by name, and whether they type."""
        now, people = time.monotonic(), self.seen.get(number, {})
        for user in [user for user, (_, seen, _) in people.items() if now - seen > LOOKING]:
            del people[user]
        if not people:
            self.seen.pop(number, None)
        return [{"name": n, "typing": now - typed < TYPING} for user, (n, _, typed) in people.items() if user != but]


class Hub:
    """The listeners and how far the news is read. Its database work runs in one thread, a turn at a time."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.joining: dict[Listener, None] = {}
        self.position: Cursor | None = None
        self.ahead: dict[int, LiveEvent] = {}
        self.crowd = Crowd()

    def turn(self, present: list[Listener], joining: list[Listener], *, everybody: bool) -> tuple[Told, bool]:
        """(what to hand to whom, whether to look again soon). None ends a stream.

        `everybody`: look anew at who they are and what they may see, not only at those who are told something.
        A turn that fails leaves everything as it was: the next one tells it all.
        """
        came = {listener: listener.after for listener in joining}
        try:
            return self.tell_all(present, joining, everybody=everybody)
        except BaseException:
            for listener, after in came.items():
                listener.after = after
            raise

    def tell_all(self, present: list[Listener], joining: list[Listener], *, everybody: bool) -> tuple[Told, bool]:
        told: Told = []
        begun = self.position or live.horizon()
        events, end, again = live.read(begun, self.ahead)
        told += self.admit([*joining, *(present if everybody else ())])
        back = [x for x in joining if x.actor and x.after is not None]
        for listener in joining:
            listener.after = begun if listener.after is None else min(listener.after, begun)
        told += self.catch_up(back, begun)
        told += self.tell(live.known(list(self.ahead.values())), back, checked=True)
        told += self.tell(live.known(events), [x for x in (*present, *joining) if x.actor], checked=everybody)
        self.position = end
        self.ahead = {e.cursor.id: e for e in (*self.ahead.values(), *events) if e.cursor > end}
        return told, again

    def admit(self, listeners: list[Listener]) -> Told:
        """Who they are now and what they may see; those whose session, account or password is gone are let go."""
        if not listeners:
            return []
        users = users_with_access({listener.given.user_id for listener in listeners})
        with connection.cursor() as cursor:
            cursor.execute(SESSIONS, [list({listener.given.session for listener in listeners})])
            sessions = {key for (key,) in cursor.fetchall()}
        room, names = live.room(), {listener.number for listener in listeners if listener.number}
        records = room.records(names) if room and names else {}
        gone: Told = []
        for listener in listeners:
            proof, actor = users.get(listener.given.user_id, ("", None))
            good = listener.given.session in sessions and constant_time_compare(proof, listener.given.proof)
            listener.actor = actor if good else None
            record = records.get(listener.number)
            listener.may_look = bool(room and listener.actor and record is not None and room.admits(listener.actor, record))
            if listener.actor is None:
                gone.append((listener, None))
        return gone

    def catch_up(self, late: list[Listener], until: Cursor) -> Told:
        """What those who come back missed, read once for all of them; who missed too much is told to ask anew."""
        late = [x for x in late if x.after is not None and x.after < until]
        told: Told = []
        if not late:
            return told
        bound = live.back(until, MOST_MISSED)
        for listener in late:
            if bound is not None and listener.after is not None and listener.after < bound:
                listener.after = until
                told.append((listener, message(until, {"type": "Reload"})))
        position = min(x.after for x in late if x.after is not None)
        while position < until:
            events, position, more = live.read(position)
            told += self.tell(live.known([e for e in events if e.cursor <= until]), late, checked=True)
            if not more:
                break
        return told

    def tell(self, news: list[Known], listeners: list[Listener], *, checked: bool) -> Told:
        """Each his own. Who would hear something is looked at anew before he does."""
        if not checked:
            concerned = [x for x in listeners if any(self.heard(x, one) for one in news)]
            gone = self.admit(concerned)
            return [*gone, *self.tell(news, [x for x in concerned if x.actor], checked=True)]
        return [(x, part) for x in listeners for one in news if (part := self.heard(x, one))]

    def heard(self, listener: Listener, one: Known) -> bytes | None:
        """The event as this listener hears it; None where he was told already, or it is not his to know."""
        event, source, record = one
        if listener.actor is None or (listener.after is not None and event.cursor <= listener.after):
            return None
        item = live.tried(source.told, listener.actor, event, record)
        return None if item is None else message(event.resume or event.cursor, {**item, "event": event.cursor.id})

    def presence(self, listeners: Iterable[Listener]) -> Told:
        """Who else is there, to those for whom that has changed."""
        told: Told = []
        for listener in listeners:
            if listener.number and listener.may_look:
                around = self.crowd.around(listener.number, listener.given.user_id)
                if around != (listener.shown or []):
                    listener.shown = around
                    told.append((listener, message(None, {"type": "Presence", "number": listener.number, "people": around})))
        return told


def message(cursor: Cursor | None, item: dict[str, Any]) -> bytes:
    mark = f"id: {cursor}\n" if cursor else ""
    return f"{mark}data: {json.dumps(item, ensure_ascii=False)}\n\n".encode()
