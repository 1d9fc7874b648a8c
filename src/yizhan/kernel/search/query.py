"""Asking the index, within what the actor may see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q

from yizhan.kernel.actor import Actor
from yizhan.kernel.models import SearchRow
from yizhan.kernel.search.tokens import query_tokens


@dataclass(frozen=True)
class Source:
    """One kind of record in the index: its name for programs, who sees which rows, and its page.

    `restrict` gives the condition on index rows, or None when the actor sees none at all.
    """

    object_type: str
    name: str
    restrict: Callable[[Actor], Q | None]
    url: Callable[[SearchRow], str]


@dataclass(frozen=True)
class Hit:
    id: int
    type: str
    object_id: int
    number: str
    title: str
    url: str
    at: datetime


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    _sources[source.object_type] = source


def find(
    actor: Actor, question: str, *, limit: int = 20, before: tuple[datetime, int] | None = None, types: Sequence[str] = ()
) -> list[Hit]:
    """The newest hits in scope. `before` is the (at, id) of the last one seen."""
    terms = query_tokens(question)
    allowed = Q(pk__in=[])
    for source in _sources.values():
        condition = source.restrict(actor) if not types or source.name in types else None
        if condition is not None:
            allowed |= Q(object_type=source.object_type) & condition
    if not terms or not allowed:
        return []
    rows = SearchRow.objects.filter(allowed, tokens__contains=terms)
    if before:
        rows = rows.filter(Q(at__lt=before[0]) | Q(at=before[0], id__lt=before[1]))
    return [
        Hit(r.pk, _sources[r.object_type].name, r.object_id, r.number, r.title, _sources[r.object_type].url(r), r.at)
        for r in rows.defer("tokens").order_by("-at", "-id")[:limit]
    ]


def audiences(*, internal: frozenset[int] | None, restricted: frozenset[int] | None, own: Q | None = None) -> Q | None:
    """The index rows that one may search, each record in one of them; None: not any.

    `internal` are the customers whose staff one is, `restricted` those whose people's numbers one may see (None: all
    of them, as with `Actor.customers_with`), `own` what is seen of the rest, by public words only.
    """
    found = []
    if internal is None or internal:
        ours = Q() if internal is None else Q(customer_id__in=internal)
        if restricted is None:
            found.append(ours & Q(audience=SearchRow.Audience.RESTRICTED))
        else:
            known = Q(customer_id__in=restricted)
            found.append(ours & known & Q(audience=SearchRow.Audience.RESTRICTED))
            found.append(ours & ~known & Q(audience=SearchRow.Audience.INTERNAL))
    if own is not None and internal is not None:
        found.append(own & ~Q(customer_id__in=internal) & Q(audience=SearchRow.Audience.PUBLIC))
    return reduce(or_, found) if found else None
