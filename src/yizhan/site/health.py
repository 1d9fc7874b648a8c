"""Whether the program may be let among people: alive, and ready."""

from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from yizhan.kernel import clock

WORKER_SILENCE = timedelta(seconds=45)


def expected_migrations() -> set[tuple[str, str]]:
    return set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def migrations_pending() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            return bool(expected_migrations() - set(cursor.fetchall()))
    except DatabaseError:
        return True


def problems() -> list[str]:
    """What is not ready yet, by name; empty means ready."""
    try:
        if migrations_pending():
            return ["migrations"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
            beat = (cursor.fetchone() or (None,))[0]
    except DatabaseError:
        return ["database"]
    found = []
    if beat is None or clock.now() - beat > WORKER_SILENCE:
        found.append("worker")
    if settings.YIZHAN.demo and not (settings.YIZHAN.data_dir / "demo.loaded").exists():
        found.append("data")
    return found
