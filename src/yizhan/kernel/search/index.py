"""Writing the index, in the transaction of the record it speaks of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models

from yizhan.kernel.models import SearchRow

Audience = SearchRow.Audience
UPSERT = f"""
INSERT INTO kernel_searchrow (object_type, object_id, audience, customer_id, number, title, tokens, at) VALUES
    (%(type)s, %(id)s, {Audience.PUBLIC.value}, %(customer)s, %(number)s, %(title)s, %(public)s::text[], %(at)s),
    (%(type)s, %(id)s, {Audience.INTERNAL.value}, %(customer)s, %(number)s, %(title)s, %(internal)s::text[], %(at)s),
    (%(type)s, %(id)s, {Audience.RESTRICTED.value}, %(customer)s, %(number)s, %(title)s, %(restricted)s::text[], %(at)s)
ON CONFLICT (object_type, object_id, audience) DO UPDATE SET customer_id = EXCLUDED.customer_id,
    number = EXCLUDED.number, title = EXCLUDED.title, tokens = EXCLUDED.tokens, at = EXCLUDED.at
"""  # noqa: S608 - the three numbers are the enumeration's


@dataclass(frozen=True)
class Entry:
    """What one record can be found by. `internal` terms are added for the provider's people only, `restricted`
    ones (numbers and addresses of people) for those of them who may see such.
    """

    record: models.Model
    customer_id: int | None
    number: str
    title: str
    at: datetime
    public: Sequence[str]
    internal: Sequence[str] = ()
    restricted: Sequence[str] = ()


def rows_of(entry: Entry) -> dict[str, Any]:
    """The entry's three rows, for `UPSERT`."""
    public = set(entry.public)
    internal = public.union(entry.internal)
    return {
        "type": entry.record._meta.label_lower, "id": entry.record.pk, "customer": entry.customer_id, "number": entry.number,
        "title": entry.title[:255], "at": entry.at, "public": sorted(public), "internal": sorted(internal),
        "restricted": sorted(internal.union(entry.restricted)),
    }  # fmt: skip


def write_many(entries: Iterable[Entry]) -> None:
    """Write or rewrite the rows of these records, in one journey to the database."""
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT, [rows_of(entry) for entry in entries])


def write(entry: Entry) -> None:
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, rows_of(entry))
