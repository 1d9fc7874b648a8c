"""The verifications of the audit that were made: which of them are ours, the last of them, and what is known of them outside.

Whoever may add rows may add checks too. Those that are not sealed by this installation, and copies of those that are, are
told and count for nothing: neither what the metrics show nor what the next check follows is ever one of them.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from django.conf import settings
from django.db import DataError, IntegrityError, ProgrammingError, transaction

from yizhan.kernel.chains import keyed
from yizhan.kernel.files import write_private
from yizhan.kernel.models import AuditCheck

NAMED = 20
UNREADABLE = (DataError, ValueError, RecursionError)  # what somebody else wrote may be beyond any reader


def seal_of(row: AuditCheck) -> str:
    facts = (row.rows, row.chains, row.broken, row.upto, row.rest_upto, row.rest_rows, row.rest_sum, row.previous)
    return keyed("check", row.at.astimezone(UTC).isoformat(), row.report, *facts)


@dataclass
class Checks:
    """Those that are ours by their seals, and the ids of all others."""

    ours: dict[str, AuditCheck] = field(default_factory=dict)
    strange: list[int] = field(default_factory=list)

    @property
    def last(self) -> AuditCheck | None:
        """The one that no other follows."""
        followed = {row.previous for row in self.ours.values()}
        return max((row for seal, row in self.ours.items() if seal not in followed), key=lambda row: row.pk, default=None)

    @property
    def in_one_chain(self) -> bool:
        followed = {row.previous for row in self.ours.values()}
        return len(followed) == len(self.ours) and followed - self.ours.keys() <= {""}

    def problems(self) -> list[str]:
        """Whether all are ours, none is missing between, and the last known outside is among them."""
        found = [f"check {number} of the audit is not ours: planted, changed or copied" for number in self.strange[:NAMED]]
        if more := len(self.strange) - len(found):
            found.append(f"… and {more} more checks that are not ours")
        if not self.in_one_chain:
            found.append("a check of the audit is missing between those that are there")
        outside = last_outside()
        if outside and outside not in self.ours:
            found.append(f"the last check in {seals_file()} is not in the database: an older database stands in its place")
        return found


def checks_made() -> Checks:
    checks = Checks()
    for number, row in stored():
        if row is None or row.seal in checks.ours or row.seal != seal_of(row):
            checks.strange.append(number)
        else:
            checks.ours[row.seal] = row
    return checks


def stored() -> Iterator[tuple[int, AuditCheck | None]]:
    """Every row by its id; None where it cannot even be read."""
    rows = AuditCheck.objects.order_by("id")
    try:
        found = list(rows)
    except UNREADABLE:
        for number in list(rows.values_list("pk", flat=True)):
            try:
                yield number, rows.get(pk=number)
            except UNREADABLE:
                yield number, None
        return
    yield from ((row.pk, row) for row in found)


def keep_check(row: AuditCheck) -> None:
    """Seal and store it under the first number that is free: the next one may have been taken by somebody else."""
    row.seal = seal_of(row)
    while not added(row):
        row.pk = None


def added(row: AuditCheck) -> bool:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def seals_file() -> Path:
    path: Path = settings.YIZHAN.data_dir / "audit.seals"
    return path


def write_outside(row: AuditCheck) -> None:
    line = json.dumps({"at": row.at.isoformat(), "rows": row.rows, "chains": row.chains, "seal": row.seal})
    descriptor = os.open(seals_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(line + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def begin_outside_anew() -> None:
    """After a restore: what is kept outside begins with the last whole check that came back and is ours, if there is one."""
    try:
        checks = checks_made()
    except ProgrammingError:  # of a version that had no checks, or kept them otherwise
        checks = Checks()
    row = checks.last
    while row is not None and row.broken:
        row = checks.ours.get(row.previous)
    line = json.dumps({"at": row.at.isoformat(), "restored": True, "seal": row.seal}) + "\n" if row else ""
    write_private(seals_file(), line)


def last_outside() -> str:
    try:
        lines = seals_file().read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return ""
    for line in reversed(lines):
        try:
            return str(json.loads(line)["seal"])
        except (ValueError, KeyError, TypeError):
            continue
    return ""


def last_check() -> AuditCheck | None:
    """What the latest verification found."""
    return checks_made().last
