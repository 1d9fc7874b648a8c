"""How the audit's rows hang together: keyed digests, one chain per object, and the heads that know where each chain ends.

A row's digest is an HMAC over all that it says and over the digest before it. The key is kept
apart from the database, so whoever can write there still cannot make a row that fits. A chain's
head holds its length and last digest under a seal of its own: a last row that is taken away
shows (docs/decisions/0012).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction

VERSION = 2  # 1: without a key, in whatever zone the clock had; such rows are anchored as they were
COLUMNS = (
    "at, actor, command, outcome, object_type, object_id, before, after, address, request_id, previous, digest, position, version"
)
VALUES = (
    "%s::timestamptz, %s::text, %s::text, %s::text, %s::text, %s::bigint, %s::jsonb, %s::jsonb, %s::text, %s::text, "
    "%s::text, %s::text, %s::bigint, %s::smallint"
)
BEGIN = f"""
WITH head AS (INSERT INTO kernel_audithead (count, digest, seal, object_type, object_id)
    VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1)
INSERT INTO kernel_audit ({COLUMNS}) SELECT {VALUES} FROM head
"""  # noqa: S608 - our own columns
GO_ON = f"""
WITH head AS (UPDATE kernel_audithead SET count = %s, digest = %s, seal = %s WHERE object_type = %s AND object_id = %s RETURNING 1)
INSERT INTO kernel_audit ({COLUMNS}) SELECT {VALUES} FROM head
"""  # noqa: S608 - our own columns
HEADS = """
SELECT object_id, count, digest, anchored, anchor FROM kernel_audithead
WHERE object_type = %s AND object_id = ANY(%s::bigint[]) ORDER BY object_id FOR UPDATE
"""
MISSING = """
INSERT INTO kernel_audithead (object_type, object_id, count, digest, seal)
SELECT %s, id, 0, '', '' FROM unnest(%s::bigint[]) AS id ORDER BY id ON CONFLICT DO NOTHING
"""


def canonical(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def settled(value: Any) -> Any:
    """The value in the shape in which it comes back from jsonb, so that its text is the same then."""
    if isinstance(value, Mapping):
        return {str(key): settled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [settled(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def keyed(*parts: Any) -> str:
    return hmac.new(settings.AUDIT_KEY.encode(), canonical(parts).encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Row:
    """One entry as the digest reads it: every column but the identity and what chains it."""

    at: datetime
    actor: str
    command: str
    outcome: str
    object_type: str
    object_id: int | None
    before: str
    after: str
    address: str
    request_id: str

    def digest(self, previous: str, position: int) -> str:
        what = (self.actor, self.command, self.outcome, self.object_type, self.object_id, self.before, self.after)
        at = self.at.astimezone(UTC).isoformat()
        return keyed("row", VERSION, previous, position, at, *what, self.address, self.request_id)

    @property
    def columns(self) -> list[Any]:
        what = [self.at, self.actor, self.command, self.outcome, self.object_type, self.object_id]
        return [*what, self.before, self.after, self.address, self.request_id]


@dataclass(frozen=True)
class Head:
    """Where a chain ends. `anchored` rows are older than the key; `anchor` is the digest over them all."""

    object_type: str
    object_id: int
    count: int = 0
    digest: str = ""
    anchored: int = 0
    anchor: str = ""

    @property
    def seal(self) -> str:
        return keyed("head", self.object_type, self.object_id, self.count, self.digest, self.anchored, self.anchor)

    def after(self, row: Row) -> tuple["Head", list[Any]]:
        """The head with this row behind it, and what the statement that writes both is given."""
        position = self.count + 1
        digest = row.digest(self.digest, position)
        head = replace(self, count=position, digest=digest)
        own = [head.count, head.digest, head.seal, head.object_type, head.object_id]
        return head, [*own, *row.columns, self.digest, digest, position, VERSION]


def whole() -> AbstractContextManager[Any]:
    """Head and row are written together: in the caller's transaction, or in one of their own."""
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


def locked(object_type: str, ids: Sequence[int]) -> dict[int, Head]:
    """The heads of these objects, locked in the order of their ids until the transaction ends; made where there is none."""
    wanted = sorted(set(ids))
    found: dict[int, Head] = {}
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(HEADS, [object_type, wanted])
            found = {row[0]: Head(object_type, *row) for row in cursor.fetchall()}
            missing = [number for number in wanted if number not in found]
            if not missing:
                break
            cursor.execute(MISSING, [object_type, missing])
    return found


def append(row: Row, *, first: bool = False) -> None:
    """Write one row behind its chain's last. `first`: the object was made just now, so nobody else can know its chain."""
    number = row.object_id or 0
    with whole(), connection.cursor() as cursor:
        if first:
            cursor.execute(BEGIN, Head(row.object_type, number).after(row)[1])
            if cursor.rowcount:
                return
        cursor.execute(GO_ON, locked(row.object_type, [number])[number].after(row)[1])


def append_many(rows: Sequence[Row], fresh: set[int]) -> None:
    """The same for rows of one kind of object: one statement for the heads, one for all rows that begin or go on."""
    object_type = rows[0].object_type
    known = [row.object_id or 0 for row in rows if row.object_id not in fresh]
    with whole():
        heads = locked(object_type, known) if known else {}
        begin: list[list[Any]] = []
        go_on: list[list[Any]] = []
        for row in rows:
            number = row.object_id or 0
            begins = number not in heads
            heads[number], given = heads.get(number, Head(object_type, number)).after(row)
            (begin if begins else go_on).append(given)
        with connection.cursor() as cursor:
            for sql, given_rows in ((BEGIN, begin), (GO_ON, go_on)):
                if given_rows:
                    cursor.executemany(sql, given_rows)
                if given_rows and cursor.rowcount != len(given_rows):
                    raise IntegrityError(f"the chain of a new {object_type} has begun already")


def begin_by_copy(driver: Any, rows: Sequence[Row]) -> None:
    """The first row of each of very many chains, for filling: nobody else can know these objects."""
    made = [Head(row.object_type, row.object_id or 0).after(row)[1] for row in rows]
    with driver.copy("COPY kernel_audithead (count, digest, seal, object_type, object_id) FROM STDIN") as copy:
        for given in made:
            copy.write_row(given[:5])
    with driver.copy(f"COPY kernel_audit ({COLUMNS}) FROM STDIN") as copy:
        for given in made:
            copy.write_row(given[5:])
