"""Whether the program may be let among people: alive, and ready."""

import http.client
import os
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from yizhan.kernel import attachments, breakers, clock
from yizhan.kernel.files import has_room, make_private
from yizhan.kernel.models import Attachment

WORKER_SILENCE = timedelta(seconds=45)
# How long a job that is due may wait before its queue counts as stuck; long works may make others wait.
PATIENCE, LONG = 180, 3600
LONG_QUEUES = {"works", "upkeep"}
OLDEST_JOBS = """
SELECT j.queue_name, extract(epoch FROM now() - min(greatest(e.at, coalesce(j.scheduled_at, e.at))))
FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at <= now()) GROUP BY j.queue_name
"""
# Sending moves the due time of what it could not send, so an old one means that nobody sends at all.
OLDEST_NOTICE = "SELECT extract(epoch FROM now() - min(due_at)) FROM kernel_notice WHERE state = 'pending' AND due_at <= now()"
OUTBOX_PATIENCE = 600
STREAM_PATIENCE = 1.5  # under what a container's health check waits
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not bound


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
    rest = [] if stream_answers() else ["stream"]
    return [*room_problems(), *program_problems(), *rest]


def room_problems() -> list[str]:
    """Of the folders where files are kept: what people send may have a volume of its own, which may not be there (`files`)."""
    files = attachments.root()
    if not files.exists():
        return ["files"]
    return [] if has_room(settings.YIZHAN.data_dir) and has_room(files) else ["disk"]


def make_files_folder() -> None:
    """Once, for a new installation. Where there were files before, a folder that is gone is a fault to be told, not mended."""
    if not attachments.root().exists() and not Attachment.objects.exists():
        make_private(attachments.root())


def stream_answers() -> bool:
    """Whether the event stream that `serve` started beside this process is there. Started otherwise, there is none to ask."""
    if "YIZHAN_STREAM_PORT" not in os.environ:
        return True
    host = os.environ.get("YIZHAN_HOST", "127.0.0.1")
    asked = http.client.HTTPConnection(EVERYWHERE.get(host, host), settings.YIZHAN.stream_port, timeout=STREAM_PATIENCE)
    try:
        asked.request("GET", "/healthz")
        return asked.getresponse().status == 204
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def program_problems() -> list[str]:
    try:
        if migrations_pending():
            return ["migrations"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
            beat = (cursor.fetchone() or (None,))[0]
            found = [f"queue {name}" for name in stuck_queues(cursor)]
            cursor.execute(OLDEST_NOTICE)
            if ((cursor.fetchone() or (None,))[0] or 0) > OUTBOX_PATIENCE:
                found.append("outbox")
    except DatabaseError:
        return ["database"]
    if beat is None or clock.now() - beat > WORKER_SILENCE:
        found.append("worker")
    if settings.YIZHAN.demo and not (settings.YIZHAN.data_dir / "demo.loaded").exists():
        found.append("data")
    return found


def stuck_queues(cursor: Any) -> list[str]:
    """Queues whose oldest due job waits longer than it should: something holds their slots."""
    cursor.execute(OLDEST_JOBS)
    return sorted(name for name, age in cursor.fetchall() if age > (LONG if name in LONG_QUEUES else PATIENCE))


def degraded() -> list[str]:
    """Servers of others that do not answer. People can work without them, so this keeps nobody out."""
    try:
        return breakers.down()
    except DatabaseError:
        return []
