"""Document numbers: one database sequence per prefix, never restarting, the date for the reader."""

import re
from collections.abc import Sequence

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


def next_numbers(prefixes: Sequence[str]) -> list[str]:
    """The same for many, in one statement."""
    with connection.cursor() as cursor:
        named = [f"number_{prefix.lower()}" for prefix in prefixes]
        cursor.execute("SELECT nextval(name::regclass) FROM unnest(%s::text[]) WITH ORDINALITY AS t(name, n) ORDER BY n", [named])
        values = [row[0] for row in cursor.fetchall()]
    day = f"{timezone.localtime(clock.now(), clock.DEFAULT_ZONE):%y%m%d}"
    return [f"{prefix}{day}-{value:05d}" for prefix, value in zip(prefixes, values, strict=True)]


def create_sequence_sql(prefix: str) -> str:
    return f"CREATE SEQUENCE IF NOT EXISTS number_{prefix.lower()}"


def numbers_in(text: str) -> list[str]:
    return [match.group(0) for match in PATTERN.finditer(text.upper())]
