"""Fetching mailboxes: every message is stored and committed before the server hears that we have it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from yizhan.channels.drivers.mail.imap import Away, Fetched, LoginRefused, Refused, fetch_new, opened, server_of
from yizhan.channels.drivers.mail.letter import source_key
from yizhan.channels.models import InboundMessage, Mailbox
from yizhan.kernel import breakers, clock
from yizhan.kernel.errors import PermanentFailure, TemporaryFailure

LOCK_SPACE = 7301
INSERT_RAW = "INSERT INTO channels_raw (at, content) VALUES (%s, %s) RETURNING id"
log = structlog.get_logger("yizhan.channels")


def keep_raw(now: datetime, content: bytes) -> int:
    """Keep a message exactly as it came; its id within that moment's partition."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT_RAW, [now, content])
        (number,) = cursor.fetchone() or (0,)
        return int(number)


def store_raw(mailbox: Mailbox, items: Sequence[bytes], now: datetime, *, cut: Collection[bytes] = ()) -> int:
    """Keep raw messages, each once; those that were cut wait for a person. Returns how many were new."""
    known = {source_key(mailbox.pk, raw): raw for raw in items}
    seen = set(InboundMessage.objects.filter(key__in=known).values_list("key", flat=True))
    rows = []
    for key, raw in known.items():
        if key in seen:
            continue
        number = keep_raw(now, raw)
        rows.append(
            InboundMessage(
                key=key,
                driver="mail",
                mailbox=mailbox,
                customer_id=mailbox.customer_id,
                raw_at=now,
                raw_id=number,
                received_at=now,
                size=len(raw),
                state=InboundMessage.State.FAILED if raw in cut else InboundMessage.State.STORED,
                reason=_("Too large: only its beginning was taken. The whole letter lies in the mailbox.") if raw in cut else "",
            )
        )
    InboundMessage.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def keep(mailbox: Mailbox, validity: int, fetched: Sequence[Fetched]) -> int:
    """Store a batch and remember how far we are, in one transaction."""
    with transaction.atomic():
        cut = [item.raw for item in fetched if item.cut]
        stored = store_raw(mailbox, [item.raw for item in fetched], clock.now(), cut=cut)
        mailbox.uid_validity = validity
        if fetched:
            mailbox.last_uid = fetched[-1].uid
        mailbox.polled_at, mailbox.failed_at, mailbox.error = clock.now(), None, ""
        mailbox.failures, mailbox.retry_at = 0, None
        mailbox.save(update_fields=["uid_validity", "last_uid", "polled_at", "failed_at", "error", "failures", "retry_at"])
    return stored


def pause_after(failures: int, error: Exception) -> timedelta:
    """How long to leave a mailbox alone: twice as long each time, up to ten minutes.

    A refused login starts at a minute: providers lock accounts that knock too often.
    """
    first = 60 if isinstance(error, PermanentFailure) else 10
    return timedelta(seconds=min(first * 2 ** min(failures - 1, 10), 600))


def due_mailboxes() -> list[str]:
    """Names of the active mailboxes whose pause after a failure is over."""
    rows = Mailbox.objects.filter(Q(retry_at=None) | Q(retry_at__lte=clock.now()), active=True)
    return list(rows.order_by("pk").values_list("name", flat=True))


def poll_mailbox(name: str) -> int:
    """Fetch everything new of one mailbox. Two polls of the same one never overlap.

    Returns how many messages were stored; a failure is kept on the mailbox for the channel page.
    """
    mailbox = Mailbox.objects.get(name=name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, mailbox.pk])
        if not (cursor.fetchone() or (False,))[0]:
            return 0
    try:
        mailbox.refresh_from_db()
        breakers.ask(server_of(mailbox))
        stored = fetch_all(mailbox)
        breakers.answered(server_of(mailbox))
        return stored
    except breakers.Resting:
        return 0
    except (TemporaryFailure, PermanentFailure) as error:
        if isinstance(error, Away):
            breakers.failed(server_of(mailbox), str(error), first=10)
        elif isinstance(error, Refused | LoginRefused):
            breakers.answered(server_of(mailbox))
        mailbox.failed_at, mailbox.error = mailbox.failed_at or clock.now(), str(error)[:500]
        mailbox.failures = min(mailbox.failures + 1, 1000)
        mailbox.retry_at = clock.now() + pause_after(mailbox.failures, error)
        mailbox.save(update_fields=["failed_at", "error", "failures", "retry_at"])
        log.warning("mailbox_down", mailbox=name, error=str(error))
        raise
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, mailbox.pk])


def fetch_all(mailbox: Mailbox) -> int:
    stored = 0
    with opened(mailbox) as box:
        while True:
            validity, fetched = fetch_new(box, mailbox)
            if validity != mailbox.uid_validity:
                mailbox.last_uid = 0
            stored += keep(mailbox, validity, fetched)
            if not fetched:
                return stored
