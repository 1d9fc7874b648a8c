"""Writing the index, in the transaction of the record it speaks of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from yizhan.kernel.models import SearchRow

Audience = SearchRow.Audience


@dataclass(frozen=True)
class Entry:
    """What one record can be found by. `internal` terms are added for the provider's people only."""

    record: models.Model
    customer_id: int | None
    number: str
    title: str
    at: datetime
    public: Sequence[str]
    internal: Sequence[str] = ()


def rows(entry: Entry) -> list[SearchRow]:
    terms = {Audience.PUBLIC: set(entry.public), Audience.INTERNAL: {*entry.public, *entry.internal}}
    return [
        SearchRow(
            object_type=entry.record._meta.label_lower,
            object_id=entry.record.pk,
            audience=audience,
            customer_id=entry.customer_id,
            number=entry.number,
            title=entry.title[:255],
            tokens=sorted(found),
            at=entry.at,
        )
        for audience, found in terms.items()
    ]


def write_many(entries: Iterable[Entry]) -> None:
    """Write or rewrite the rows of these records, in one statement."""
    SearchRow.objects.bulk_create(
        [row for entry in entries for row in rows(entry)],
        update_conflicts=True,
        unique_fields=["object_type", "object_id", "audience"],
        update_fields=["customer_id", "number", "title", "tokens", "at"],
    )


def write(entry: Entry) -> None:
    write_many([entry])
