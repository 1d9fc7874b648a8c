"""Queueing a notice with what caused it, and sending what is due."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

import structlog
from django.db import connection, models, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from yizhan.kernel import claims, clock
from yizhan.kernel.breakers import Resting
from yizhan.kernel.errors import PermanentFailure, TemporaryFailure
from yizhan.kernel.models import Notice
from yizhan.kernel.notices.templates import render
from yizhan.kernel.notices.transports import transport_of

TRIES = 12
BATCH = 50
HELD = 180  # longer than any transport may take
RECENT = "SELECT EXISTS (SELECT FROM kernel_notice WHERE code = %s AND address = %s AND created_at > %s)"
log = structlog.get_logger("yizhan.notices")


class Gathering:
    """Notices of one batch, written together at its end: one statement, one wake-up."""

    def __init__(self) -> None:
        self.rows: list[Notice] = []
        self.recent: dict[tuple[str, str], bool] = {}
        self.asked: dict[tuple[str, int], str] = {}


_gathering: ContextVar[Gathering | None] = ContextVar("gathering_notices", default=None)


@contextmanager
def gathered() -> Iterator[None]:
    """Within the caller's transaction: what is queued inside is written at the end. A failure writes nothing."""
    batch = Gathering()
    token = _gathering.set(batch)
    try:
        yield
    finally:
        _gathering.reset(token)
    if batch.rows:
        Notice.objects.bulk_create(batch.rows)
        wake()


def once(key: tuple[str, int], ask: Callable[[], str]) -> str:
    """What `ask` answers; within a batch it is asked once."""
    batch = _gathering.get()
    if batch is None:
        return ask()
    if key not in batch.asked:
        batch.asked[key] = ask()
    return batch.asked[key]


def was_queued(code: str, address: str, since: datetime) -> bool:
    """Asked at every registration, so by hand."""
    with connection.cursor() as cursor:
        cursor.execute(RECENT, [code, address, since])
        (found,) = cursor.fetchone() or (False,)
        return bool(found)


def went_lately(code: str, address: str, since: datetime) -> bool:
    """Whether the same notice went (or is about to go) to this address; asked once a batch."""
    batch, key = _gathering.get(), (code, address)
    if batch is None:
        return was_queued(code, address, since)
    if key not in batch.recent:
        batch.recent[key] = was_queued(code, address, since)
    known, batch.recent[key] = batch.recent[key], True
    return known


def queue(
    code: str,
    *,
    address: str,
    language: str,
    variables: Mapping[str, object],
    about: models.Model | None = None,
    sender: str = "",
    headers: Mapping[str, str] | None = None,
    transport: str = "mail",
    at_most_every: timedelta | None = None,
    secret: str = "",
    due_at: datetime | None = None,
) -> Notice | None:
    """Put a notice into the outbox; it leaves after the surrounding commit.

    Returns None when there is no address, the template is off, or the same notice went
    to the same address within `at_most_every` (answers to mail must not feed a loop).
    `secret` is blanked in the kept copy once the notice has left or is given up.
    """
    now = clock.now()
    if not address or (at_most_every and went_lately(code, address, now - at_most_every)):
        return None
    words = render(code, language, variables)
    if words is None:
        return None
    notice = Notice(
        code=code, transport=transport, sender=sender, address=address, subject=words[0], body=words[1],
        secret=secret, headers=dict(headers or {}), object_type=about._meta.label_lower if about else "",
        object_id=about.pk if about else None, due_at=due_at or now, created_at=now,
    )  # fmt: skip
    batch = _gathering.get()
    if batch is not None:
        batch.rows.append(notice)
        return notice
    notice.save(force_insert=True)
    wake()
    return notice


def wake() -> None:
    """Enqueue the sending job, once: a second request while one waits is no error."""
    try:
        with transaction.atomic():
            app.configure_task("kernel.send_notices", queue="mail_out", queueing_lock="kernel.send_notices").defer()
    except AlreadyEnqueued:
        pass


def send_due() -> int:
    """Send what is due, one at a time; each is claimed first, and nothing is locked while a server is talked to. How many left."""
    sent = 0
    claims.release(Notice.objects.filter(state=Notice.State.PENDING))
    for _ in range(BATCH):
        due = Notice.objects.filter(state=Notice.State.PENDING, due_at__lte=clock.now()).order_by("due_at", "pk")
        with claims.taken(due, most=1, seconds=HELD) as taken:
            if not taken:
                return sent
            deliver(taken[0])
        sent += taken[0].state == Notice.State.SENT
    wake()
    return sent


def deliver(notice: Notice) -> None:
    """One attempt, counted already. One that a server's rest prevents is none."""
    try:
        if notice.attempts > TRIES:
            raise PermanentFailure(notice.error or "its worker did not survive it")
        transport_of(notice.transport)(notice)
    except PermanentFailure as error:
        notice.state, notice.error = Notice.State.FAILED, str(error)
    except Resting as rest:
        notice.attempts, notice.due_at = notice.attempts - 1, rest.until + timedelta(seconds=1)
    except (TemporaryFailure, OSError) as error:
        notice.error = str(error)
        wait = timedelta(seconds=min(30 * 2**notice.attempts, 6 * 3600))
        notice.due_at = clock.now() + wait
        if notice.attempts >= TRIES:
            notice.state = Notice.State.FAILED
        log.warning("notice_not_sent", notice=notice.pk, code=notice.code, attempts=notice.attempts, error=notice.error)
    else:
        notice.state, notice.sent_at, notice.error = Notice.State.SENT, clock.now(), ""
    if notice.state != Notice.State.PENDING and notice.secret:
        notice.body, notice.error = (words.replace(notice.secret, "…") for words in (notice.body, notice.error))
        notice.secret = ""
    keep(notice)


def keep(notice: Notice) -> None:
    """What became of the attempt, if the notice is still ours: a slow sender does not undo what the next one did."""
    with transaction.atomic():
        if not claims.still_held(notice):
            log.warning("notice_claim_lost", notice=notice.pk)
            return
        notice.claim, notice.held_until = "", None
        notice.save(update_fields=["state", "attempts", "due_at", "sent_at", "error", "body", "secret", "claim", "held_until"])
