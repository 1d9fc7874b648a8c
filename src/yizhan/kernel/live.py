"""Live news: which stored events concern whose open page. Each app says so of its own records.

One read brings what is new, one more per kind of record what the policies ask about; who hears what is
then decided in memory, listener by listener.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

from yizhan.kernel.actor import Actor

MOST = 1_000
# Serials commit out of order. What lies below the oldest transaction under way (`low`) is complete, in the order of
# (transaction, id). What is committed above it is told at once all the same, for one long transaction must not keep
# everybody's news back; a reader names what he has of it (`ahead`) until the horizon has passed it.
# Nothing is news for longer than a day, nor with a transaction that this cluster has not had: a restore brings such rows.
READ = """
WITH horizon AS MATERIALIZED (
    SELECT pg_snapshot_xmin(s)::text::bigint AS low, pg_snapshot_xmax(s)::text::bigint AS high FROM pg_current_snapshot() AS s)
SELECT h.low, e.xact, e.id, e.type, e.object_type, e.object_id, e.internal, e.payload::text
FROM horizon h LEFT JOIN LATERAL (
    SELECT * FROM kernel_event n
    WHERE n.xact >= %(xact)s AND (n.xact, n.id) > (%(xact)s, %(id)s) AND n.xact < h.high
        AND n.at > now() - interval '1 day' AND NOT n.id = ANY(%(ahead)s)
    ORDER BY n.xact, n.id LIMIT %(most)s) AS e ON true
"""
HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
BACK = """
(SELECT xact, id FROM kernel_event WHERE xact <= %(xact)s AND (xact, id) <= (%(xact)s, %(id)s)
ORDER BY xact DESC, id DESC OFFSET %(count)s LIMIT 1)
UNION ALL
(SELECT xact, id FROM kernel_event
WHERE xact <= %(xact)s AND (xact, id) <= (%(xact)s, %(id)s) AND at <= now() - interval '1 day'
ORDER BY xact DESC, id DESC LIMIT 1)
"""
log = structlog.get_logger("yizhan.live")
Answer = TypeVar("Answer")


class Cursor(NamedTuple):
    """Where somebody is in the news: all up to this event of this transaction is told."""

    xact: int
    id: int

    def __str__(self) -> str:
        return f"{self.xact}-{self.id}"

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """A page's Last-Event-ID. An older page's has no id: it had been told the whole transaction."""
        parts = text.split("-")
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts) or len(parts) > 2:
            return None
        return cls(int(parts[0]), int(parts[1]) if len(parts) == 2 else 2**62)


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One stored event, as far as open pages are concerned. `payload` is its JSON, read by who needs it.

    `resume` is where a page that heard it goes on; before it, where an older transaction is still under way.
    """

    cursor: Cursor
    type: str
    object_type: str
    object_id: int
    internal: bool
    payload: str
    resume: Cursor | None = None


class LiveSource(ABC):
    """What an app tells of its records. Register one per kind of record."""

    object_type: str

    @abstractmethod
    def records(self, ids: Collection[int]) -> Mapping[int, Any]:
        """What `told` needs to know of these records, in one statement; what is missing is told to nobody."""

    @abstractmethod
    def told(self, actor: Actor, event: LiveEvent, record: Any) -> dict[str, Any] | None:
        """What this person hears of the event; None where it is not his to know. Asks the policy, not the database."""


class Room(ABC):
    """Where people see who else is there: a kind of page by its name."""

    @abstractmethod
    def records(self, names: Collection[str]) -> Mapping[str, Any]:
        """The records of these pages, in one statement."""

    @abstractmethod
    def admits(self, actor: Actor, record: Any) -> bool:
        """Whether he may see who else is there."""


_sources: dict[str, LiveSource] = {}
_rooms: list[Room] = []


def register_source(source: LiveSource) -> None:
    _sources[source.object_type] = source


def register_room(room: Room) -> None:
    _rooms[:] = [room]


def room() -> Room | None:
    return _rooms[0] if _rooms else None


def horizon() -> Cursor:
    """Now: everything below is complete, everything from here on is still to be told."""
    with connection.cursor() as cursor:
        cursor.execute(HORIZON)
        return Cursor(int((cursor.fetchone() or (0,))[0]), 0)


def read(after: Cursor, ahead: Collection[int] = (), most: int = MOST) -> tuple[list[LiveEvent], Cursor, bool]:
    """(what comes next but for the events `ahead`, up to where it is complete, whether there is more), in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(READ, {"xact": after.xact, "id": after.id, "ahead": list(ahead), "most": most})
        rows = cursor.fetchall()
    low = Cursor(rows[0][0], 0)
    found = [
        LiveEvent(place := Cursor(xact, pk), kind, object_type, object_id, internal, payload, min(place, low))
        for _, xact, pk, kind, object_type, object_id, internal, payload in rows
        if pk is not None
    ]
    more = len(found) == most
    return found, max(after, min(low, found[-1].cursor) if more else low), more


def back(until: Cursor, count: int) -> Cursor | None:
    """The cursor from which no more than so many events, and none older than a day, lie before the other; None: any."""
    with connection.cursor() as cursor:
        cursor.execute(BACK, {"xact": until.xact, "id": until.id, "count": count})
        return max((Cursor(*row) for row in cursor.fetchall()), default=None)


def tried(ask: Callable[..., Answer], *arguments: Any) -> Answer | None:
    """What an app's source answers. One with a fault of its own tells nothing; it must not stop what others tell."""
    try:
        return ask(*arguments)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("live_source", source=getattr(ask, "__qualname__", ""))
        return None


Known = tuple[LiveEvent, LiveSource, Any]


def known(events: list[LiveEvent]) -> list[Known]:
    """The events that some app tells of, with their records: a statement per kind, however many listen."""
    ids: dict[str, set[int]] = {}
    for event in events:
        if event.object_type in _sources:
            ids.setdefault(event.object_type, set()).add(event.object_id)
    records = {name: tried(_sources[name].records, wanted) or {} for name, wanted in ids.items()}
    return [
        (event, _sources[event.object_type], records[event.object_type][event.object_id])
        for event in events
        if event.object_id in records.get(event.object_type, {})
    ]
