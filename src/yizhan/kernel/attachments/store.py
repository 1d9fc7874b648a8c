"""Keeping and finding content. A file is on disk, synced, before any row names it."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import filetype
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import children, clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.children import Limits, NeedsTooMuch, Unreadable
from yizhan.kernel.errors import Invalid
from yizhan.kernel.files import write_durably
from yizhan.kernel.models import Attachment

MAX_PIXELS = 60_000_000
LIMITS = Limits(seconds=10, megabytes=512)
NOBODYS = 0  # the customer of a file that staff sent without naming one yet
ORPHAN_AGE = timedelta(hours=24)


def root() -> Path:
    folder: Path = settings.YIZHAN.data_dir / "files"
    return folder


def read_upload(stream: Any) -> bytes:
    """An uploaded file's content, never more than a byte above the limit: `store` refuses it by that byte."""
    content: bytes = stream.read(limit() + 1)
    return content


def sniff(content: bytes, name: str) -> str:
    """The type by content, never by what the sender claims; text when it decodes as UTF-8."""
    kind = filetype.guess(content[:8192])
    if kind is not None:
        return str(kind.mime)
    try:
        content[:8192].decode("utf-8", errors="strict" if len(content) <= 8192 else "ignore")
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "application/octet-stream" if b"\0" in content[:8192] else "text/plain"


def check_image(content: bytes) -> None:
    """Refuse pictures whose pixels would fill the memory of whoever opens them; a child looks, since looking may take as much."""
    try:
        size = children.run("yizhan.kernel.readers.pixels:size", content, limits=LIMITS)
    except NeedsTooMuch:
        size = None
    except Unreadable:
        return
    if size is None or size[0] * size[1] > MAX_PIXELS:
        raise Invalid(_("The picture has too many pixels."), code="too_many_pixels")


def clean_name(name: str) -> str:
    kept = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    return kept.strip(". ")[:200] or "file"


def limit() -> int:
    """The largest upload, in bytes."""
    size: int = settings.YIZHAN.attachment_limit
    return size


def store(actor: Actor, *, customer_id: int, name: str, content: bytes, most: int | None = None) -> Attachment:
    """Keep a file for a customer; it has no owner yet. `most` lets what the program itself writes be larger than uploads.

    Raises:
        Invalid: empty, larger than the limit, or a picture with too many pixels.
    """
    largest = most or limit()
    if not content:
        raise Invalid(_("The file is empty."), code="empty_file")
    if len(content) > largest:
        raise Invalid(_("The file is larger than the limit of {limit} MB.").format(limit=largest // 2**20), code="too_large")
    content_type = sniff(content, name)
    if content_type.startswith("image/"):
        check_image(content)
    attachment = Attachment(
        customer_id=customer_id, sha256=hashlib.sha256(content).hexdigest(), name=clean_name(name), size=len(content),
        content_type=content_type, uploaded_by_id=actor.user_id, created_at=clock.now(),
    )  # fmt: skip
    path = root() / attachment.path
    if not path.exists():
        write_durably(path, content, mode=0o600)
    attachment.save(force_insert=True)
    return attachment


def settle(attachment: Attachment, customer_id: int) -> None:
    """A file that staff sent before saying for whom: its content moves to the customer's own place."""
    content = (root() / attachment.path).read_bytes()
    attachment.customer_id = customer_id
    if not (root() / attachment.path).exists():
        write_durably(root() / attachment.path, content, mode=0o600)


def adopt(
    attachments: Iterable[Attachment], owner: models.Model, *, customer_id: int, part_id: int | None, internal: bool
) -> None:
    """Give ownerless files to a customer's record; `part_id` names the message within it."""
    for attachment in attachments:
        if attachment.customer_id == NOBODYS:
            settle(attachment, customer_id)
        attachment.owner_type, attachment.owner_id = owner._meta.label_lower, owner.pk
        attachment.part_id, attachment.internal = part_id, internal
        attachment.save(update_fields=["customer_id", "owner_type", "owner_id", "part_id", "internal"])


def open_content(attachment: Attachment) -> BinaryIO:
    return (root() / attachment.path).open("rb")


def sweep_orphans() -> int:
    """Delete what nobody took within 24 hours; the content goes when no row names it any more."""
    rows = list(Attachment.objects.filter(owner_type="", created_at__lt=clock.now() - ORPHAN_AGE))
    for row in rows:
        path, customer, digest = root() / row.path, row.customer_id, row.sha256
        row.delete()
        if not Attachment.objects.filter(customer_id=customer, sha256=digest).exists():
            path.unlink(missing_ok=True)
    return len(rows)
