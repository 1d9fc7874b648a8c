"""A thin face over Procrastinate: reactions, periodic work, the rescue of stalled jobs."""

from datetime import timedelta

import structlog
from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yizhan.kernel import attachments, clock, events, notices, partitions, verification, works
from yizhan.kernel.errors import TemporaryFailure
from yizhan.kernel.models import Attachment, IdempotencyKey, News, StoredEvent, Work
from yizhan.kernel.works import running

# Until it ran: another worker may be at it, or the database away. How often it may begin is counted with the work.
AGAIN = RetryStrategy(max_attempts=None, wait=15, retry_exceptions={TemporaryFailure, OperationalError, InterfaceError})
RETRY = RetryStrategy(max_attempts=8, exponential_wait=3)
WORKS_KEPT, NEWS_KEPT = timedelta(days=30), timedelta(days=60)
log = structlog.get_logger("yizhan.jobs")


@app.task(name="kernel.react", queue="reactions", retry=RETRY, pass_context=False)
def react(path: str, event_id: int) -> None:
    """Run one after-commit reaction with its stored event."""
    stored = StoredEvent.objects.filter(id=event_id).first()
    if stored is None:
        log.error("event_missing", event=event_id, reaction=path)
        return
    events.reaction_at(path)(stored)


def enqueue(path: str, event_id: int) -> None:
    react.defer(path=path, event_id=event_id)


events.enqueue_with(enqueue)


@app.task(name="kernel.send_notices", queue="mail_out", queueing_lock="kernel.send_notices")
def send_notices() -> None:
    notices.send_due()


@app.periodic(cron="* * * * *")
@app.task(name="kernel.send_due_notices", queue="mail_out", queueing_lock="kernel.send_due_notices")
def send_due_notices(timestamp: int) -> None:
    """What failed before, or whose job was lost: due rows are asked for, ticks are not counted."""
    notices.send_due()


@app.task(name="kernel.run_work", queue="works", retry=AGAIN)
def run_work(pk: int) -> None:
    works.run_work(pk)


def enqueue_work(pk: int) -> None:
    run_work.defer(pk=pk)


running.enqueue_with(enqueue_work)


@app.periodic(cron="* * * * *")
@app.task(name="kernel.rescue", queue="rescue", queueing_lock="kernel.rescue")
async def rescue(timestamp: int) -> None:
    """Jobs that a killed worker left in `doing` are put back."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=60):
        await app.job_manager.retry_job(job)


@app.periodic(cron="41 3 * * *")
@app.task(name="kernel.verify_audit", queue="upkeep", queueing_lock="kernel.verify_audit")
def verify_audit(timestamp: int) -> None:
    """Every night, so that nobody needs to remember it; `/metrics` and `./yizhan check` tell what it found."""
    verification.verify()


@app.periodic(cron="17 3 * * *")
@app.task(name="kernel.housekeeping", queue="upkeep", queueing_lock="kernel.housekeeping")
def housekeeping(timestamp: int) -> None:
    """Every step by itself: one that fails is told at the end, and keeps no other from its work."""
    failed: list[Exception] = []
    for step in (partitions.ensure_partitions, forget_old_works, forget_old_news, attachments.sweep_orphans, forget_old_keys):
        try:
            step()
        except Exception as error:  # noqa: BLE001 - all of them are raised together below
            failed.append(error)
    if failed:
        raise ExceptionGroup("housekeeping", failed)


def forget_old_works() -> None:
    old = Work.objects.filter(created_at__lt=clock.now() - WORKS_KEPT)
    Attachment.objects.filter(owner_type="kernel.work", owner_id__in=old.values("pk")).update(owner_type="", owner_id=None)
    old.delete()


def forget_old_news() -> None:
    News.objects.filter(at__lt=clock.now() - NEWS_KEPT).delete()


def forget_old_keys() -> None:
    IdempotencyKey.objects.filter(created_at__lt=clock.now() - timedelta(hours=24)).delete()
