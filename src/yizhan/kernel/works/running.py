"""Starting a piece of long work, and running it: all of it, or nothing."""

import errno
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override
from psycopg.errors import DiskFull

from yizhan.kernel import attachments, clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.claims import still_held
from yizhan.kernel.commands import command
from yizhan.kernel.errors import NO_ROOM, Conflict, DomainError, Forbidden, NoRoom, NotFound, TemporaryFailure
from yizhan.kernel.models import Attachment, Work

EVERY, TRIES, LOCK_SPACE = 0.4, 3, 7302
UPDATE = "UPDATE kernel_work SET done = %s, total = %s WHERE id = %s"
log = structlog.get_logger("yizhan.works")


class Lost(Exception):
    """Another worker has taken the work since; nothing of ours is written."""


class Progress:
    """Tells how far the work is, outside its transaction, so that others see it before the end."""

    def __init__(self, work_id: int) -> None:
        self.work_id, self.told = work_id, 0.0
        self.connection = connections["default"].copy()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self.told < EVERY:
            return
        self.told = time.monotonic()
        with self.connection.cursor() as cursor:
            cursor.execute(UPDATE, [done, total, self.work_id])

    def hold(self) -> bool:
        """Take the work for this process as long as it lives. A killed one lets go at once, a slow one keeps it."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, self.work_id])
            return bool((cursor.fetchone() or (False,))[0])

    def close(self) -> None:
        with suppress(DatabaseError), self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, self.work_id])
        self.connection.close()


@dataclass
class Result:
    """What came of it: figures for the page, a file to fetch, and where its owner goes on (`draft` asks him)."""

    figures: dict[str, Any] = field(default_factory=dict)
    output: Attachment | None = None
    state: str = Work.State.DONE


Reader = Callable[[Work], Any]
Runner = Callable[..., Result]
ActorMaker = Callable[[int], Actor | None]
Enqueue = Callable[[int], None]
_runners: dict[str, tuple[Runner, Reader | None]] = {}
_actor_makers: list[ActorMaker] = []
_enqueue: list[Enqueue] = []


def kind(name: str, reader: Reader | None = None) -> Callable[[Runner], Runner]:
    """Register what runs works of this kind, `runner(work, actor, progress)`, in one transaction.

    What takes a child (a sheet that somebody sent) is read by `reader(work)` before that transaction begins; the
    runner gets it as a fourth.
    """

    def register(runner: Runner) -> Runner:
        _runners[name] = (runner, reader)
        return runner

    return register


def actors_from(maker: ActorMaker) -> None:
    """Told by `people` how a user id becomes an actor with the roles held at that moment."""
    _actor_makers[:] = [maker]


def enqueue_with(function: Enqueue) -> None:
    _enqueue[:] = [function]


@command
def start_work(
    *, actor: Actor, kind_name: str, label: str, params: Mapping[str, Any], source: Attachment | None = None, draft: bool = False
) -> Work:
    """Make the record and, unless it is a draft, queue it with the surrounding commit."""
    work = Work.objects.create(
        kind=kind_name, label=label[:200], owner_id=actor.person, params=dict(params), created_at=clock.now()
    )
    if source is not None:
        attachments.adopt([source], work, customer_id=source.customer_id, part_id=None, internal=True)
        work.source = source
        work.save(update_fields=["source"])
    if not draft:
        queue_work(work)
    return work


def waiting_work(actor: Actor, work: Work) -> Work:
    """The draft, locked: of two answers the second is refused.

    Raises:
        NotFound: it is somebody else's.
        Conflict: it waits for nobody.
    """
    found = Work.objects.select_for_update(of=("self",)).filter(pk=work.pk, owner=actor.person).first()
    if found is None:
        raise NotFound
    if found.state != Work.State.DRAFT:
        raise Conflict(_("This has been answered already."), code="not_waiting")
    return found


@command
def go_on(*, actor: Actor, work: Work, params: Mapping[str, Any]) -> None:
    """The owner's answer: with these parameters the work is queued again."""
    found = waiting_work(actor, work)
    found.params |= params
    queue_work(found)


@command
def ask_again(*, actor: Actor, work: Work, params: Mapping[str, Any]) -> None:
    """Back to an earlier question; nothing runs."""
    found = waiting_work(actor, work)
    found.params |= params
    found.save(update_fields=["params"])


def queue_work(work: Work) -> None:
    work.state, work.done, work.total, work.error, work.attempts = Work.State.QUEUED, 0, 0, "", 0
    work.save()
    _enqueue[0](work.pk)


def run_work(pk: int) -> None:
    """Run one queued work (or one whose worker was killed) as its owner, with the rights that he holds now.

    It is claimed and the attempt counted before anything is read; only who still holds the claim writes the result.

    Raises:
        TemporaryFailure: another worker is at it, or something was away; the job comes again.
    """
    progress = Progress(pk)
    try:
        if not progress.hold():
            raise TemporaryFailure(f"work {pk} is being run")
        work = claimed_work(pk)
        if work is not None:
            with override(getattr(work.owner, "language", None)):
                perform(work, progress)
    finally:
        progress.close()


def claimed_work(pk: int) -> Work | None:
    """The work with this attempt counted; None when nothing is left to do."""
    token = uuid.uuid4().hex
    waiting = Work.objects.filter(pk=pk, state__in=[Work.State.QUEUED, Work.State.RUNNING])
    if not waiting.update(state=Work.State.RUNNING, claim=token, attempts=F("attempts") + 1):
        return None
    return Work.objects.select_related("owner", "source").filter(pk=pk, claim=token).first()


def perform(work: Work, progress: Progress) -> None:
    try:
        if work.attempts > TRIES:
            raise Conflict(_("This was begun several times and never came to its end."), code="tried_too_often")
        runner, reader = _runners[work.kind]
        read = () if reader is None else (reader(work),)
        with transaction.atomic():
            actor = _actor_makers[0](work.owner_id)
            if actor is None:
                raise Forbidden
            result = runner(work, actor, progress, *read)
            if not still_held(work):
                raise Lost
            finished_work(work, result)
    except Lost:
        log.warning("work_claim_lost", work=work.pk)
    except DomainError as error:
        fail(work, str(error))
    except (TemporaryFailure, OperationalError, InterfaceError) as error:
        if work.attempts < TRIES:
            raise
        log.exception("work_failed", work=work.pk, kind=work.kind)
        fail(work, words_for(error))
    except Exception as error:  # whatever it is, its owner must not wait for ever
        log.exception("work_failed", work=work.pk, kind=work.kind)
        fail(work, words_for(error))


def words_for(error: Exception) -> str:
    """What its owner is told of a fault: a full disk (the files', or the database's) is one that somebody can mend."""
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    if full or isinstance(error, NoRoom) or isinstance(error.__cause__, DiskFull):
        return str(NO_ROOM)
    return _("Something went wrong on our side. It is in the log.")


def finished_work(work: Work, result: Result) -> None:
    if result.output is not None:
        attachments.adopt([result.output], work, customer_id=result.output.customer_id, part_id=None, internal=True)
        work.output = result.output
    work.result, work.state, work.finished_at = {**work.result, **result.figures}, result.state, clock.now()
    work.done, work.claim = max(work.total, 1), ""
    work.total = work.done
    work.save()


def fail(work: Work, message: str) -> None:
    with transaction.atomic():
        if still_held(work):
            work.refresh_from_db()
            work.state, work.error, work.finished_at, work.claim = Work.State.FAILED, message, clock.now(), ""
            work.save()


def may_read_file(actor: Actor, attachment: Attachment) -> bool:
    """A work's files are its owner's alone."""
    return Work.objects.filter(pk=attachment.owner_id or 0, owner=actor.user_id).exists()


attachments.register_owner("kernel.work", may_read_file)
