"""The one history: a row per command, append-only, chained per object, without personal values."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connections, models, transaction

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.chains import Row, append, append_many, canonical, settled
from yizhan.kernel.models import AuditText

__all__ = ["canonical", "record", "record_attempt", "record_many", "record_refusal", "safe", "snapshot", "write"]
log = structlog.get_logger("yizhan.audit")
LONG = 120


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
    rows = []
    for command, subject, before, after in entries:
        changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
        old = safe(type(subject), {k: before[k] for k in sorted(changed) if k in before})
        new = safe(type(subject), {k: after[k] for k in sorted(changed) if k in after})
        rows.append(entry(actor, command, "done", subject._meta.label_lower, subject.pk, old, new))
    append_many(rows, {subject.pk for _, subject, before, _ in entries if not before})


def record_refusal(actor: Actor, command: str) -> None:
    """A protected action was refused: kept whatever becomes of a transaction that the caller holds open."""
    write_apart(entry(actor, command, "refused", "", None, {}, {}))


def record_attempt(actor: Actor, command: str, object_type: str, object_id: int) -> None:
    """What somebody outside tried and was refused, in the chain of what he tried it on."""
    write_apart(entry(actor, command, "refused", object_type, object_id, {}, {}), patience="1s")


def write_apart(row: Row, patience: str = "5s") -> None:
    """Write a row that no rollback takes along, waiting no longer than `patience` for the one before it in its chain.

    Where the caller holds a transaction open, it goes over a connection of its own.
    """
    kept = connections["default"]
    if own := kept.copy() if holds_transaction() else None:
        connections["default"] = own
    try:
        with transaction.atomic():
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [patience])
            append(row)
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', '0', true)")
    except DatabaseError:
        log.exception("refusal_not_audited", command=row.command, actor=row.actor)
    finally:
        if own:
            connections["default"] = kept
            own.close()


def holds_transaction() -> bool:
    """Whether somebody's transaction is open around us, other than the one in which a test runs."""
    return any(not block._from_testcase for block in transaction.get_connection().atomic_blocks)


def entry(
    actor: Actor, command: str, outcome: str, object_type: str, object_id: int | None, before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Row:  # fmt: skip
    old, new = canonical(settled(before)), canonical(settled(after))
    return Row(clock.now(), actor.label, command, outcome, object_type, object_id, old, new, actor.address, actor.request_id)


def write(
    actor: Actor,
    command: str,
    outcome: str,
    object_type: str,
    object_id: int | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    first: bool = False,
) -> None:
    """`first`: the object was made by this command, so its chain begins here."""
    append(entry(actor, command, outcome, object_type, object_id, before, after), first=first)
