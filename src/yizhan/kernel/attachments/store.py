"""Keeping and finding content. A file is on disk, synced, before any row names it."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection, models, transaction

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.attachments.checking import CheckedFile
from yizhan.kernel.errors import NoRoom
from yizhan.kernel.files import write_durably
from yizhan.kernel.models import Attachment

NOBODYS = 0  # the customer of a file that staff sent without naming one yet
ORPHAN_AGE = timedelta(hours=24)


def root() -> Path:
    folder: Path = settings.YIZHAN.data_dir / "files"
    return folder


def store(actor: Actor, *, customer_id: int, file: CheckedFile) -> Attachment:
    """Keep a file for a customer; it has no owner yet.

    Raises:
        Invalid: empty, larger than the limit, or a picture with too many pixels.
    """
    if file.refusal is not None:
        raise file.refusal
    attachment = Attachment(
        customer_id=customer_id, sha256=file.sha256, name=file.name, size=len(file.content),
        content_type=file.content_type, uploaded_by_id=actor.user_id, created_at=clock.now(),
    )  # fmt: skip
    keep(attachment, file.content)
    return attachment


def keep(attachment: Attachment, content: bytes) -> None:
    """Content first, then the row that names it; nobody removes that content before this is committed.

    Raises:
        NoRoom: the disk takes nothing.
    """
    with transaction.atomic():
        hold(attachment.customer_id, attachment.sha256)
        path = root() / attachment.path
        if not path.exists():
            try:
                write_durably(path, content, mode=0o600)
            except OSError as error:
                raise NoRoom(str(error)) from error
        attachment.save()


def hold(customer_id: int, digest: str, *, alone: bool = False) -> bool:
    """Lock one content until the end of the transaction: shared by all who name it, alone by who removes it.

    Removing does not wait: False says that somebody names it just now.
    """
    call = "pg_try_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {call}(hashtextextended(%s, 0))", [f"file:{customer_id}/{digest}"])
        (held,) = cursor.fetchone() or (False,)
    return held is not False


def settle(attachment: Attachment, customer_id: int) -> None:
    """A file that staff sent before saying for whom: its content moves to the customer's own place."""
    before = attachment.customer_id
    content = (root() / attachment.path).read_bytes()
    attachment.customer_id = customer_id
    keep(attachment, content)
    transaction.on_commit(lambda: drop(before, attachment.sha256))


def adopt(
    attachments: Iterable[Attachment], owner: models.Model, *, customer_id: int, part_id: int | None, internal: bool
) -> None:
    """Give ownerless files to a customer's record; `part_id` names the message within it. The caller holds them locked."""
    for attachment in attachments:
        if attachment.customer_id == NOBODYS != customer_id:
            settle(attachment, customer_id)
        attachment.owner_type, attachment.owner_id = owner._meta.label_lower, owner.pk
        attachment.part_id, attachment.internal = part_id, internal
        attachment.save(update_fields=["customer_id", "owner_type", "owner_id", "part_id", "internal"])


def open_content(attachment: Attachment) -> BinaryIO:
    return (root() / attachment.path).open("rb")


def drop(customer_id: int, digest: str) -> bool:
    """Remove a content that no row names. What somebody names just now stays, and so does its row."""
    with transaction.atomic():
        if not hold(customer_id, digest, alone=True):
            return False
        if Attachment.objects.filter(customer_id=customer_id, sha256=digest).exists():
            return False
        (root() / f"{customer_id}/{digest[:2]}/{digest}").unlink(missing_ok=True)
        return True


def sweep_orphans() -> int:
    """Delete what nobody took within 24 hours, and the content that no row names. Returns how many rows went.

    A row that is being taken at this moment is left alone; the next night looks again.
    """
    old = clock.now() - ORPHAN_AGE
    with transaction.atomic():
        rows = list(Attachment.objects.select_for_update(skip_locked=True).filter(owner_type="", created_at__lt=old))
        Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for customer_id, digest in {(row.customer_id, row.sha256) for row in rows}:
        drop(customer_id, digest)
    sweep_strays(old.timestamp())
    return len(rows)


def sweep_strays(before: float) -> None:
    """Contents whose row was never committed or has gone, and halves that a crash left, a day after they were written."""
    for folder in sorted(root().glob("[0-9]*/??")):
        aged = [path.name for path in folder.iterdir() if path.stat().st_mtime < before]
        customer_id = int(folder.parent.name)
        named = set(Attachment.objects.filter(customer_id=customer_id, sha256__in=aged).values_list("sha256", flat=True))
        for name in set(aged) - named:
            if name.endswith(".part"):
                (folder / name).unlink(missing_ok=True)
            else:
                drop(customer_id, name)
