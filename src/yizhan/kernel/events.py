"""News that travels up: stored rows, reactions in the same transaction, reactions after it."""

import dataclasses
import importlib
from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.db import connection, models

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.audit import canonical

INSERT = """
WITH stored AS (
    INSERT INTO kernel_event (at, type, version, customer_id, object_type, object_id, actor, internal, payload)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id)
SELECT id, pg_notify(%s, id::text) FROM stored
"""
CHANNEL = "yizhan_events"


@dataclasses.dataclass(frozen=True)
class Event:
    """A fact about one record, in the past tense. `INTERNAL` ones are never shown to the customer."""

    VERSION: ClassVar[int] = 1
    INTERNAL: ClassVar[bool] = False

    @property
    def type(self) -> str:
        return type(self).__name__

    def payload(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


E = TypeVar("E", bound=Event)


@dataclasses.dataclass(frozen=True)
class Envelope:
    """An event with where it happened; what subscribers get."""

    id: int
    event: Event
    object_type: str
    object_id: int
    customer_id: int | None
    actor: Actor
    subject: models.Model


Reaction = Callable[[Envelope], None]
_inside: dict[type[Event], list[Reaction]] = defaultdict(list)
_after: dict[str, list[str]] = defaultdict(list)


def inside(event: type[Event]) -> Callable[[Reaction], Reaction]:
    """Subscribe within the command's transaction: a failure rolls the command back."""

    def register(reaction: Reaction) -> Reaction:
        _inside[event].append(reaction)
        return reaction

    return register


def after_commit(*events: type[Event]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Subscribe as a job, enqueued in the command's transaction and run with the event's row."""

    def register(reaction: Callable[..., None]) -> Callable[..., None]:
        for event in events:
            _after[event.__name__].append(f"{reaction.__module__}:{reaction.__name__}")
        return reaction

    return register


def reaction_at(path: str) -> Callable[..., None]:
    module, name = path.split(":")
    found: Callable[..., None] = getattr(importlib.import_module(module), name)
    return found


Enqueue = Callable[[str, int], None]
_enqueue: list[Enqueue] = []


def enqueue_with(function: Enqueue) -> None:
    """Told by `kernel.jobs` how an after-commit reaction becomes a job."""
    _enqueue[:] = [function]


def emit(actor: Actor, subject: models.Model, customer_id: int | None, event: Event) -> None:
    """Store the event, wake live pages at commit, and set its reactions going."""
    row = [clock.now(), event.type, event.VERSION, customer_id, subject._meta.label_lower, subject.pk]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [*row, actor.label, event.INTERNAL, canonical(event.payload()), CHANNEL])
        number, _ = cursor.fetchone() or (0, None)
    envelope = Envelope(number, event, subject._meta.label_lower, subject.pk, customer_id, actor, subject)
    for reaction in _inside.get(type(event), ()):
        reaction(envelope)
    for path in _after.get(event.type, ()):
        _enqueue[0](path, number)
