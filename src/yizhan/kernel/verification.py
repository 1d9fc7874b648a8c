"""Is the audit whole? Every chain row by row against its digests and its head, and all of it against the checks before.

A check that found everything whole leaves a sealed row, a line in `audit.seals` outside the
database and a line in the log: whoever puts older heads or an older database in place of the
present one is contradicted by them (docs/decisions/0012).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import structlog
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from yizhan.kernel import clock
from yizhan.kernel.chains import VERSION, Head, Row, canonical
from yizhan.kernel.checks import UNREADABLE, checks_made, keep_check, write_outside
from yizhan.kernel.closing_sql import ANCHORS
from yizhan.kernel.models import AuditCheck, AuditEntry

log = structlog.get_logger("yizhan.audit")
CHUNK, NAMED = 5_000, 50
ONE_AT_A_TIME = 0x59697A68  # the advisory lock of a verification
SETTLING = timedelta(minutes=10)  # longer than a number taken and its transaction can be apart
WRAP = 1 << 256
ROWS = f"""
SELECT a.id, a.at, a.actor, a.command, a.outcome, a.object_type, a.object_id, a.before::text, a.after::text, a.address, a.request_id,
    a.previous, a.digest, a.position, h.count, h.digest, h.anchored, h.anchor, h.seal
FROM kernel_audit a LEFT JOIN kernel_audithead h ON h.object_type = a.object_type AND h.object_id = coalesce(a.object_id, 0)
WHERE a.version = {VERSION} ORDER BY a.object_type, coalesce(a.object_id, 0), a.id
"""  # noqa: S608 - our own number
OLD = f"""
SELECT coalesce(o.object_type, h.object_type), coalesce(o.object_id, h.object_id), o.count, o.digest, o.anchor,
    h.count, h.digest, h.anchored, h.anchor, h.seal
FROM ({ANCHORS}) AS o (object_type, object_id, count, digest, anchor)
FULL JOIN kernel_audithead h ON h.object_type = o.object_type AND h.object_id = o.object_id
WHERE o.count IS NOT NULL OR h.anchored > 0 OR h.count <= h.anchored
"""  # noqa: S608 - our own statement
EMPTIED = f"""
SELECT h.object_type, h.object_id, h.count - h.anchored FROM kernel_audithead h WHERE h.count > h.anchored AND NOT EXISTS (
    SELECT FROM kernel_audit a WHERE a.version = {VERSION} AND a.object_type = h.object_type AND coalesce(a.object_id, 0) = h.object_id)
"""  # noqa: S608 - our own number
STRANGE = f"""
SELECT object_type, coalesce(object_id, 0), id, at FROM kernel_audit WHERE version NOT IN (1, {VERSION}) ORDER BY id LIMIT 50
"""  # noqa: S608 - our own number
TEXTS = """
SELECT digest FROM kernel_audittext WHERE text <> '' AND digest <> encode(sha256(convert_to(text, 'UTF8')), 'hex')
ORDER BY at LIMIT 50
"""
STAND = """
SELECT CASE WHEN is_called THEN last_value ELSE 0 END,
    (SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid())
FROM kernel_audit_id_seq
"""


@dataclass(frozen=True)
class Broken:
    """The first row of a chain that does not fit, and why. `row` is 0 where it is one that is missing at the end."""

    object_type: str
    object_id: int
    row: int
    at: str
    reason: str

    def __str__(self) -> str:
        where = f"row {self.row} of {self.at}" if self.row else "its end"
        return f"{self.object_type or 'refusals'}/{self.object_id}: {where}: {self.reason}"


@dataclass
class Verdict:
    """What a verification found."""

    rows: int = 0
    chains: int = 0
    broken_chains: int = 0
    broken: list[Broken] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    changed_records: int = 0
    changed: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.faults

    @property
    def faults(self) -> int:
        return self.broken_chains + self.changed_records + len(self.problems)

    def note(self, broken: Broken) -> None:
        self.broken_chains += 1
        if len(self.broken) < NAMED:
            self.broken.append(broken)

    def note_changed(self, words: str) -> None:
        self.changed_records += 1
        if len(self.changed) < NAMED:
            self.changed.append(words)

    def lines(self) -> list[str]:
        chains, records = self.broken_chains - len(self.broken), self.changed_records - len(self.changed)
        return [
            *self.problems, *self.changed, *([f"… and {records} more records"] if records else []),
            *(str(item) for item in self.broken), *([f"… and {chains} more chains"] if chains else []),
        ]  # fmt: skip


Proof = Callable[[BaseDatabaseWrapper], Iterator[str]]
PROOFS: list[Proof] = []  # what apps keep under digests of their own


def proof(function: Proof) -> Proof:
    """Registers what else a verification looks at: each line names a record that does not fit its digest."""
    PROOFS.append(function)
    return function


@dataclass
class Sums:
    """Rows at rest, added up: no order, and nobody without the key makes other rows of the same sum."""

    last_upto: int = 0
    next_upto: int = 0
    last: tuple[int, int] = (0, 0)
    next: tuple[int, int] = (0, 0)

    def add(self, number: int, digest: str) -> None:
        try:
            value = int(digest, 16)
        except ValueError:
            value = 0
        if number <= self.last_upto:
            self.last = (self.last[0] + 1, (self.last[1] + value) % WRAP)
        if number <= self.next_upto:
            self.next = (self.next[0] + 1, (self.next[1] + value) % WRAP)


@contextmanager
def one_snapshot() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own whose statements all see the same moment, while people go on working."""
    own = connections["default"].copy()
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
            try:
                own.set_autocommit(False)
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SET LOCAL cursor_tuple_fraction = 1")
                yield own
            finally:
                own.rollback()
                own.set_autocommit(True)
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
    finally:
        own.close()


def streamed(database: BaseDatabaseWrapper, sql: str, size: int = CHUNK) -> Iterator[tuple[Any, ...]]:
    """The rows, `size` of them at a time in memory."""
    with database.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(size):
            yield from rows


def look(database: BaseDatabaseWrapper, sums: Sums) -> Verdict:
    """Every chain, each once; `sums` adds up what it meets."""
    verdict = Verdict()
    look_at_old(database, sums, verdict)
    for (kind, number), group in groupby(streamed(database, ROWS), key=lambda row: (row[5], row[6] or 0)):
        verdict.chains += 1
        found = look_at_chain(kind, number, group, sums, verdict)
        if found:
            verdict.note(found)
    with database.cursor() as cursor:
        cursor.execute(STRANGE)
        for kind, number, row, at in cursor.fetchall():
            verdict.note(Broken(kind, number, row, at.isoformat(), "its digest is of a version that does not exist"))
        cursor.execute(TEXTS)
        verdict.problems += [f"audit text {digest}: changed" for (digest,) in cursor.fetchall()]
    for look_at in PROOFS:
        for words in look_at(database):
            verdict.note_changed(words)
    return verdict


def look_at_chain(kind: str, number: int, group: Iterator[tuple[Any, ...]], sums: Sums, verdict: Verdict) -> Broken | None:
    """The rows since the key, in the order in which they were written. The whole group is read, also behind a broken row."""
    broken: Broken | None = None
    position, previous, at, head = 0, "", "", Head(kind, number)
    seal: str | None = None
    for index, row in enumerate(group):
        verdict.rows += 1
        sums.add(row[0], row[12])
        at = row[1].isoformat()
        if not index:
            seal = row[18]
            if seal is None:
                broken = Broken(kind, number, row[0], at, "its chain has no head")
                continue
            head = Head(kind, number, *row[14:18])
            position, previous = head.anchored, row[11]
        if broken:
            continue
        position += 1
        reason = fault(row, position, previous)
        if reason:
            broken = Broken(kind, number, row[0], at, reason)
        previous = row[12]
    if broken:
        return broken
    if seal != head.seal:
        return Broken(kind, number, 0, "", "the head is not ours: forged or put back")
    if (head.count, head.digest) != (position, previous):
        return Broken(kind, number, 0, "", f"{position} rows are there, the head knows {head.count}")
    return None


def fault(row: tuple[Any, ...], position: int, previous: str) -> str:
    """Why this row cannot be the one that was written here; empty when it is."""
    if row[13] != position:
        return f"it is number {row[13]} of its chain, number {position} is missing"
    if row[11] != previous:
        return "it does not follow the row before it"
    before, after = (canonical(json.loads(text)) for text in row[7:9])
    at, actor, command, outcome, kind, number = row[1:7]
    written = Row(at, actor, command, outcome, kind, number, before, after, address=row[9], request_id=row[10])
    if written.digest(previous, position) != row[12]:
        return "it was changed, or not written by this program"
    return ""


def written_here(entry: AuditEntry) -> bool:
    """Whether one row has the digest that only this installation's key gives it."""
    what = (entry.at, entry.actor, entry.command, entry.outcome, entry.object_type, entry.object_id)
    written = Row(*what, canonical(entry.before), canonical(entry.after), entry.address, entry.request_id)
    return entry.version == VERSION and written.digest(entry.previous, entry.position) == entry.digest


def look_at_old(database: BaseDatabaseWrapper, sums: Sums, verdict: Verdict) -> None:
    """Rows of before the key against their anchors; heads of chains that have lost all their rows."""
    for kind, number, count, digest, anchor, *mine in streamed(database, OLD):
        verdict.rows += count or 0
        if mine[0] is None:
            verdict.note(Broken(kind, number, 0, "", "rows without a key, written after the upgrade"))
            continue
        head = Head(kind, number, *mine[:4])
        sums.add(0, head.anchor)
        alone = head.count <= head.anchored
        verdict.chains += alone
        if (head.anchored, head.anchor) != (count or 0, anchor or ""):
            verdict.note(Broken(kind, number, 0, "", "rows of before the key were changed, added or taken away"))
        elif alone and head.seal != mine[4]:
            verdict.note(Broken(kind, number, 0, "", "the head is not ours: forged or put back"))
        elif alone and (head.count, head.digest) != (count or 0, digest or ""):
            verdict.note(Broken(kind, number, 0, "", f"{count or 0} rows are there, the head knows {head.count}"))
    for kind, number, missing in streamed(database, EMPTIED):
        verdict.note(Broken(kind, number, 0, "", f"0 rows are there, the head knows {missing}"))


def verify() -> Verdict:
    """Look at everything in one snapshot, and keep what was found."""
    if not key_fits():
        log.error("audit_key_differs")
        return Verdict(problems=["the audit was sealed with another key than the one that this program was given"])
    with one_snapshot() as database:
        return verify_in(database)


def verify_in(database: BaseDatabaseWrapper) -> Verdict:
    now = clock.now().astimezone(UTC)
    with database.cursor() as cursor:
        cursor.execute(STAND)
        upto, oldest = cursor.fetchone() or (0, None)
    before = checks_made()
    last = before.last
    still = min(oldest or now, now) - SETTLING  # whatever ran when a check before that moment was made has ended
    at_rest = [row.upto for row in before.ours.values() if row.at <= still and not row.broken]
    sums = Sums(last.rest_upto if last else 0, max([last.rest_upto if last else 0, *at_rest]))
    try:
        verdict = look(database, sums)
    except UNREADABLE as error:
        verdict = Verdict(problems=[f"something cannot even be read, so not all was looked at: {error}"])
    else:
        verdict.problems += at_rest_still(last, sums)
    verdict.problems += before.problems()
    keep(verdict, last, sums, now, upto)
    return verdict


def at_rest_still(last: AuditCheck | None, sums: Sums) -> list[str]:
    if last and last.rest_sum and sums.last != (last.rest_rows, int(last.rest_sum, 16)):
        return [f"since the check of {last.at.isoformat()} rows that were at rest then have changed or are gone"]
    return []


def keep(verdict: Verdict, last: AuditCheck | None, sums: Sums, now: datetime, upto: int) -> None:
    """A row of its own, chained to the check before; whole ones also outside the database."""
    rest = (sums.next_upto, sums.next[0], f"{sums.next[1]:x}")
    if not verdict.whole:
        rest = (last.rest_upto, last.rest_rows, last.rest_sum) if last else (0, 0, "")
    row = AuditCheck(
        at=now, rows=verdict.rows, chains=verdict.chains, broken=verdict.faults,
        report=verdict.lines()[:NAMED], upto=upto, rest_upto=rest[0], rest_rows=rest[1], rest_sum=rest[2],
        previous=last.seal if last else "",
    )  # fmt: skip
    keep_check(row)
    if not verdict.whole:
        log.error("audit_broken", broken=row.broken, first=row.report[:3])
        return
    log.info("audit_whole", rows=row.rows, chains=row.chains, seal=row.seal)
    write_outside(row)


def key_fits() -> bool:
    """Whether the heads in this database were sealed with the key that this process holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT object_type, object_id, count, digest, anchored, anchor, seal FROM kernel_audithead WHERE seal <> '' LIMIT 20"
        )
        rows = cursor.fetchall()
    return not rows or any(Head(*row[:6]).seal == row[6] for row in rows)
