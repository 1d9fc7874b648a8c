"""Taking rows of work for oneself: committed before the work begins, and still held when its result is written.

The attempt is counted with the claim. So a worker that is killed by what it reads has counted it, and one that
was thought dead but was only slow finds its claim gone and writes nothing.
"""

import uuid
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet

from yizhan.kernel import clock

M = TypeVar("M", bound=Model)


def take(rows: QuerySet[M], *, most: int, seconds: int) -> list[M]:
    """At most so many of these rows that nobody holds, claimed for so many seconds; several workers never meet."""
    now = clock.now()
    token = uuid.uuid4().hex
    every = rows.model._default_manager
    with transaction.atomic():
        free = rows.filter(Q(held_until=None) | Q(held_until__lte=now)).select_for_update(skip_locked=True, of=("self",))
        keys = list(free.values_list("pk", flat=True)[:most])
        if not keys:
            return []
        every.filter(pk__in=keys).update(claim=token, held_until=now + timedelta(seconds=seconds), attempts=F("attempts") + 1)
    taken = {row.pk: row for row in every.filter(pk__in=keys, claim=token)}
    return [taken[key] for key in keys if key in taken]


def still_held(row: Model) -> bool:
    """Within the transaction that writes the result: whether the row is still ours; it is locked with the answer."""
    mine = row.__class__._default_manager.select_for_update(of=("self",)).filter(pk=row.pk, claim=row.claim)  # type: ignore[attr-defined]
    return mine.values_list("pk", flat=True).first() is not None
