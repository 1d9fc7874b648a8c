"""Document numbers: one database sequence per prefix, never restarting, the date for the reader."""

import re

from django.db import connection
from django.utils import timezone

from yizhan.kernel import clock

PATTERN = re.compile(r"\b([A-Z]{3})(\d{6})-(\d{5,})\b")


def next_number(prefix: str) -> str:
    """`INC261122-00042`: the sequence's next value behind the local date. Gaps are allowed, waiting is not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s::regclass)", [f"number_{prefix.lower()}"])
        (value,) = cursor.fetchone() or (0,)
    return f"{prefix}{timezone.localtime(clock.now(), clock.DEFAULT_ZONE):%y%m%d}-{value:05d}"


def create_sequence_sql(prefix: str) -> str:
    return f"CREATE SEQUENCE IF NOT EXISTS number_{prefix.lower()}"


def numbers_in(text: str) -> list[str]:
    return [match.group(0) for match in PATTERN.finditer(text.upper())]
