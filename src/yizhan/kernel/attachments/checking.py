"""What a file is, found out before any transaction begins: a picture's reader may take its time."""

import hashlib
from collections.abc import Iterable, Sequence
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


def check_uploads(files: Iterable["UploadedFile[Any]"]) -> list[CheckedFile]:
    """Uploaded files, each checked once however often a request asks; the pictures among them by one child."""
    sent: list[Any] = list(files)
    fresh = [file for file in sent if not hasattr(file, "checked")]
    for file in fresh:
        file.seek(0)
    for file, found in zip(fresh, check_all([(file.name or "", read_upload(file)) for file in fresh]), strict=True):
        file.checked = found
    return [file.checked for file in sent]


def check(name: str, content: bytes, most: int | None = None) -> CheckedFile:
    """As `check_all`, of one. `most` lets what the program itself writes be larger than uploads."""
    return check_all([(name, content)], most)[0]


def check_all(files: Sequence[tuple[str, bytes]], most: int | None = None) -> list[CheckedFile]:
    """Look at contents with their names. Pictures are looked at in a child, so no transaction may be open then.

    Raises:
        TemporaryFailure: the machine had no time for it.
    """
    types = [sniff(content, name) for name, content in files]
    refusals = [refusal_of_size(content, most or limit()) for _, content in files]
    pictures = [i for i, kind in enumerate(types) if kind.startswith("image/") and refusals[i] is None]
    for i, fits in zip(pictures, fitting([files[i][1] for i in pictures]), strict=True):
        if not fits:
            refusals[i] = Invalid(_("The picture has too many pixels."), code="too_many_pixels")
    return [
        CheckedFile(clean_name(name), content, hashlib.sha256(content).hexdigest(), kind, refusal)
        for (name, content), kind, refusal in zip(files, types, refusals, strict=True)
    ]


def refusal_of_size(content: bytes, largest: int) -> Invalid | None:
    if not content:
        return Invalid(_("The file is empty."), code="empty_file")
    if len(content) > largest:
        words = _("The file is larger than the limit of {limit} MB.").format(limit=largest // 2**20)
        return Invalid(words, code="too_large")
    return None


def fitting(pictures: Sequence[bytes]) -> list[bool]:
    """Of each picture whether its pixels would leave the memory of whoever opens it alone.

    A child looks, since looking may take as much: at all of them together, and one by one where that is too much.
    """
    if not pictures:
        return []
    try:
        lengths = [len(content) for content in pictures]
        sizes = children.run("yizhan.kernel.readers.pixels:sizes", b"".join(pictures), limits=LIMITS, lengths=lengths)
    except NeedsTooMuch:
        return [fitting([content])[0] for content in pictures] if len(pictures) > 1 else [False]
    except Unreadable:
        return [True] * len(pictures)
    return [size is None or size[0] * size[1] <= MAX_PIXELS for size in sizes]


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


def clean_name(name: str) -> str:
    kept = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    return kept.strip(". ")[:200] or "file"
