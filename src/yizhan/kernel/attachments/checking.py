"""What a file is, found out before any transaction begins: a picture's reader may take its time."""

import hashlib
from dataclasses import dataclass
from typing import Any

import filetype
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import children
from yizhan.kernel.children import Limits, NeedsTooMuch, Unreadable
from yizhan.kernel.errors import Invalid

MAX_PIXELS = 60_000_000
LIMITS = Limits(seconds=10, megabytes=512)


@dataclass(frozen=True)
class CheckedFile:
    """A content and what was found of it. `refusal` is raised by `store`, where its sender may know."""

    name: str
    content: bytes
    sha256: str
    content_type: str
    refusal: Invalid | None = None


def limit() -> int:
    """The largest upload, in bytes."""
    size: int = settings.YIZHAN.attachment_limit
    return size


def read_upload(stream: Any) -> bytes:
    """An uploaded file's content, never more than a byte above the limit: it is refused by that byte."""
    content: bytes = stream.read(limit() + 1)
    return content


def check_upload(file: "UploadedFile[Any]") -> CheckedFile:
    """An uploaded file, checked once however often a request asks."""
    known: CheckedFile | None = getattr(file, "checked", None)
    if known is None:
        file.seek(0)
        known = check(file.name or "", read_upload(file))
        file.checked = known  # type: ignore[attr-defined]
    return known


def check(name: str, content: bytes, most: int | None = None) -> CheckedFile:
    """Look at a content. `most` lets what the program itself writes be larger than uploads.

    Pictures are looked at in a child, so no transaction may be open then.

    Raises:
        TemporaryFailure: the machine had no time for it.
    """
    content_type, refusal = sniff(content, name), None
    try:
        check_size(content, most or limit())
        if content_type.startswith("image/"):
            check_image(content)
    except Invalid as error:
        refusal = error
    return CheckedFile(clean_name(name), content, hashlib.sha256(content).hexdigest(), content_type, refusal)


def check_size(content: bytes, largest: int) -> None:
    if not content:
        raise Invalid(_("The file is empty."), code="empty_file")
    if len(content) > largest:
        raise Invalid(_("The file is larger than the limit of {limit} MB.").format(limit=largest // 2**20), code="too_large")


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
