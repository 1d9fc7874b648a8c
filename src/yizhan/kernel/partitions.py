"""Monthly partitions of the history, made ahead of need."""

from datetime import datetime, timedelta

from django.db import connection

from yizhan.kernel import clock
from yizhan.kernel.history_sql import MONTHS

PARTITIONED = ["kernel_audit", "kernel_event"]


def partition_monthly(table: str) -> None:
    """An upper app has a partitioned table of its own."""
    if table not in PARTITIONED:
        PARTITIONED.append(table)


def ensure_partitions(since: datetime | None = None) -> None:
    """Make every month's partitions from `since` (default: now) to two months ahead."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, [PARTITIONED, since or now, now + timedelta(days=62)])
