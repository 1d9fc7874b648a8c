"""The months of the histories: made ahead, also where their rows were there first; the night's work goes on when one step fails."""

from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from yizhan.kernel import audit, clock, partitions
from yizhan.kernel.actor import system_actor
from yizhan.kernel.jobs import housekeeping
from yizhan.kernel.models import IdempotencyKey

SYSTEM = system_actor("test")
EVENT = """INSERT INTO kernel_event (at, type, version, customer_id, object_type, object_id, actor, internal, payload)
VALUES (%s, 'Early', 1, 1, 'test.thing', 5, 'x', false, '{}') RETURNING id"""
RAW = "INSERT INTO channels_raw (at, content) VALUES (%s, 'early') RETURNING id"
TABLES = ("kernel_audit", "kernel_event", "channels_raw")


def ids_in(table: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table}")  # noqa: S608 - a name of ours
        return {number for (number,) in cursor.fetchall()}


def test_a_month_whose_rows_came_early_gets_its_partition(committed: str) -> None:
    """A clock that ran ahead for a moment put rows where no month was made yet; others lie further ahead still."""
    early, later = clock.now() + timedelta(days=100), clock.now() + timedelta(days=300)
    for when in (early, later):
        with clock.at(when), connection.cursor() as cursor:
            audit.write(SYSTEM, "test", "done", "test.thing", 5, {}, {})
            cursor.execute(EVENT, [when])
            cursor.execute(RAW, [when])
    before = {table: ids_in(table) for table in TABLES}
    for _ in range(2):
        with clock.at(early - timedelta(days=40)):
            partitions.ensure_partitions()
    for table in TABLES:
        assert ids_in(table) == before[table]
        with psycopg.connect(committed) as server:
            found = [server.execute(f"SELECT count(*) FROM {table}_{part}").fetchone() for part in (f"{early:%Y%m}", "other")]  # noqa: S608
            assert found == [(1,), (1,)], table
            for statement in ("UPDATE {0} SET at = at", "TRUNCATE {0}"):  # closed as before, what was moved and what stayed
                for part in (f"{early:%Y%m}", "other"):
                    with pytest.raises(psycopg.IntegrityError, match="only grows"), server.transaction():
                        server.execute(statement.format(f"{table}_{part}"))
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}_other")  # noqa: S608
    with connection.cursor() as cursor:  # numbers go on
        cursor.execute(EVENT, [early])
        assert cursor.fetchone()[0] > max(before["kernel_event"])


def test_a_step_of_the_night_that_fails_keeps_no_other_from_its_work(committed: str) -> None:
    old = clock.now() - timedelta(days=2)
    IdempotencyKey.objects.create(actor="x", path="POST /", key="k", body_digest="", created_at=old)
    with psycopg.connect(committed) as server:
        server.execute("DROP FUNCTION kernel_month_partition")
    with pytest.raises(ExceptionGroup) as failed:
        housekeeping(0)
    assert [type(error).__name__ for error in failed.value.exceptions] == ["ProgrammingError"]
    assert not IdempotencyKey.objects.exists()
