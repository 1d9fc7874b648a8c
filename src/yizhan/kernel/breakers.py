"""One circuit breaker per foreign server, shared by all processes: who does not answer is left alone for a while.

After a pause that doubles, one caller may try; the others wait for what it finds.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from yizhan.kernel import clock
from yizhan.kernel.errors import TemporaryFailure
from yizhan.kernel.models import ForeignServer

FIRST, LONGEST = 30, 600
PROBE = timedelta(seconds=90)
TRY = "UPDATE kernel_foreignserver SET retry_at = %s WHERE key = %s AND retry_at <= %s"
FAILED = """
INSERT INTO kernel_foreignserver AS s (key, failures, down_since, retry_at, error) VALUES (%(key)s, 1, %(now)s, %(first)s, %(error)s)
ON CONFLICT (key) DO UPDATE SET failures = least(s.failures + 1, 1000), down_since = coalesce(s.down_since, %(now)s),
    retry_at = %(now)s + make_interval(secs => least(%(seconds)s * 2 ^ least(s.failures, 20), %(longest)s)), error = %(error)s
"""


class Resting(TemporaryFailure):
    """The server did not answer lately; nobody asks it before `until`."""

    def __init__(self, key: str, until: datetime) -> None:
        super().__init__(f"{key} is left alone until {until:%H:%M:%S}")
        self.until = until


def ask(key: str) -> None:
    """Go on, or learn that the server rests.

    Raises:
        Resting.
    """
    row = ForeignServer.objects.filter(key=key).exclude(retry_at=None).first()
    if row is None or row.retry_at is None:
        return
    now = clock.now()
    if row.retry_at > now:
        raise Resting(key, row.retry_at)
    with connection.cursor() as cursor:
        cursor.execute(TRY, [now + PROBE, key, now])
        if not cursor.rowcount:
            raise Resting(key, now + PROBE)


def failed(key: str, error: str, *, first: int = FIRST) -> None:
    """It did not answer: leave it alone, twice as long each time."""
    now = clock.now()
    given: dict[str, Any] = {
        "key": key, "now": now, "first": now + timedelta(seconds=first), "seconds": first, "longest": LONGEST, "error": error[:500],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(FAILED, given)


def answered(key: str) -> None:
    ForeignServer.objects.filter(key=key, failures__gt=0).update(failures=0, down_since=None, retry_at=None, error="")


def down() -> list[str]:
    """The servers that do not answer, for readiness and metrics."""
    return list(ForeignServer.objects.exclude(down_since=None).order_by("key").values_list("key", flat=True))
