"""Taking rows of work for oneself: committed before the work begins, and still held when its result is written.

The attempt is counted with the claim. So a worker that is killed by what it reads has counted it, and one that
was thought dead but was only slow finds its claim gone and writes nothing. A claim names the process that made
it (`kernel.holders`, decision 0015): what a dead one held is free at once, what a living one holds stays its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet

from yizhan.kernel import clock, holders

M = TypeVar("M", bound=Model)
PAUSE = 10  # seconds, doubled with every attempt
_at_work: set[str] = set()


def pause_after(attempts: int) -> timedelta:
    """How long what failed for a passing reason is left alone."""
    return timedelta(seconds=PAUSE * 2**attempts)


@contextmanager
def taken(rows: QuerySet[M], *, most: int, seconds: int) -> Iterator[list[M]]:
    """At most so many of these rows that nobody holds, claimed for so many seconds; several workers never meet.

    Who leaves without having written a result has abandoned them (`release`).
    """
    token = holders.new_token()
    _at_work.add(token)
    try:
        yield take(rows, token, most, seconds)
    finally:
        _at_work.discard(token)


def take(rows: QuerySet[M], token: str, most: int, seconds: int) -> list[M]:
    now = clock.now()
    every = rows.model._default_manager
    with transaction.atomic():
        free = rows.filter(Q(held_until=None) | Q(held_until__lte=now)).select_for_update(skip_locked=True, of=("self",))
        keys = list(free.values_list("pk", flat=True)[:most])
        if not keys:
            return []
        every.filter(pk__in=keys).update(claim=token, held_until=now + timedelta(seconds=seconds), attempts=F("attempts") + 1)
    found = {row.pk: row for row in every.filter(pk__in=keys, claim=token)}
    return [found[key] for key in keys if key in found]


def release(rows: QuerySet[M]) -> int:
    """Free what a dead process of this machine holds of these rows, and after a pause what this one has abandoned: it
    lives, but lost its database before the result was written. How many were freed."""
    now, freed = clock.now(), 0
    held = rows.filter(held_until__gt=now).exclude(claim="")
    for claim, attempts in set(held.order_by().values_list("claim", "attempts")):
        if holders.is_dead(claim):
            until = None
        elif holders.is_own(claim) and claim not in _at_work:
            until = now + pause_after(attempts)
        else:
            continue
        freed += rows.order_by().filter(claim=claim, attempts=attempts).update(claim="", held_until=until)
    return freed


def still_held(row: Model) -> bool:
    """Within the transaction that writes the result: whether the row is still ours; it is locked with the answer."""
    mine = row.__class__._default_manager.select_for_update(of=("self",)).filter(pk=row.pk, claim=row.claim)  # type: ignore[attr-defined]
    return mine.values_list("pk", flat=True).first() is not None
