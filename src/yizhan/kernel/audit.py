"""The one history: a row per command, append-only, chained per object, without personal values."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.models import AuditText

LONG = 120
INSERT = """
INSERT INTO kernel_audit (at, actor, command, outcome, object_type, object_id, before, after,
                          address, request_id, previous, digest)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
LAST = "SELECT digest FROM kernel_audit WHERE object_type = %s AND object_id = %s ORDER BY id DESC LIMIT 1"
LAST_OF_MANY = """
SELECT DISTINCT ON (object_id) object_id, digest FROM kernel_audit
WHERE object_type = %s AND object_id = ANY(%s) ORDER BY object_id, id DESC
"""


def canonical(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def keyed_hash(value: object) -> str:
    """What stands for a personal value: the same value gives the same hash, nobody else can make it."""
    return "~" + hmac.new(settings.SECRET_KEY.encode(), str(value).encode(), hashlib.sha256).hexdigest()[:16]


def long_text(value: str) -> str:
    digest = hashlib.sha256(value.encode()).hexdigest()
    AuditText.objects.bulk_create([AuditText(digest=digest, text=value, at=clock.now())], ignore_conflicts=True)
    return f"#{digest}"


def snapshot(record: models.Model) -> dict[str, Any]:
    """The record's own columns by name."""
    return {field.attname: getattr(record, field.attname) for field in record._meta.concrete_fields}


def safe(record_type: type[models.Model], values: Mapping[str, Any]) -> dict[str, Any]:
    personal: frozenset[str] = getattr(record_type, "AUDIT_PERSONAL", frozenset())
    result: dict[str, Any] = {}
    for key, value in values.items():
        if key in personal and value not in (None, ""):
            result[key] = keyed_hash(value)
        elif key == "custom" and isinstance(value, dict):
            result[key] = {name: keyed_hash(item) for name, item in value.items()}
        elif isinstance(value, str) and len(value) > LONG:
            result[key] = long_text(value)
        else:
            result[key] = value
    return result


def record(actor: Actor, command: str, subject: models.Model, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Write one entry about `subject`; `before` and `after` are cut to what differs."""
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    old = safe(type(subject), {k: before[k] for k in sorted(changed) if k in before})
    new = safe(type(subject), {k: after[k] for k in sorted(changed) if k in after})
    write(actor, command, "done", subject._meta.label_lower, subject.pk, old, new, first=not before)


def record_many(actor: Actor, entries: Sequence[tuple[str, models.Model, Mapping[str, Any], Mapping[str, Any]]]) -> None:
    """The same for many records of one kind, in two statements; each keeps its own chain."""
    if not entries:
        return
    subject = entries[0][1]
    known = [record.pk for _, record, before, _ in entries if before]
    at, object_type = clock.now(), subject._meta.label_lower
    with connection.cursor() as cursor:
        cursor.execute(LAST_OF_MANY, [object_type, known])
        last: dict[int, str] = dict(cursor.fetchall())
        rows = []
        for command, row, before, after in entries:
            changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
            old = canonical(safe(type(row), {k: before[k] for k in sorted(changed) if k in before}))
            new = canonical(safe(type(row), {k: after[k] for k in sorted(changed) if k in after}))
            previous = last.get(row.pk, "")
            digest = entry_digest(previous, at.isoformat(), actor.label, command, "done", object_type, str(row.pk), old, new)
            main = [at, actor.label, command, "done", object_type, row.pk, old, new]
            rows.append([*main, actor.address, actor.request_id, previous, digest])
        cursor.executemany(INSERT, rows)


def entry_digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def record_refusal(actor: Actor, command: str) -> None:
    """A protected action was refused: kept in a transaction of its own."""
    write(actor, command, "refused", "", None, {}, {})


def write(
    actor: Actor,
    command: str,
    outcome: str,
    object_type: str,
    object_id: int | None,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    first: bool = False,
) -> None:
    """`first`: the object was made by this command, so its chain begins here."""
    at = clock.now()
    with connection.cursor() as cursor:
        previous = ""
        if object_id is not None and not first:
            cursor.execute(LAST, [object_type, object_id])
            previous = (cursor.fetchone() or ("",))[0]
        old, new = canonical(before), canonical(after)
        digest = entry_digest(previous, at.isoformat(), actor.label, command, outcome, object_type, str(object_id), old, new)
        row: list[Any] = [at, actor.label, command, outcome, object_type, object_id, old, new]
        cursor.execute(INSERT, [*row, actor.address, actor.request_id, previous, digest])
