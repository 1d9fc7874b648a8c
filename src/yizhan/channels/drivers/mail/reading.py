"""Which letters are read here, and which in a child with limits."""

from typing import Any

from yizhan.channels.drivers.mail.letter import File, Letter, parse
from yizhan.kernel import children
from yizhan.kernel.children import Limits

SMALL, FEW_PARTS = 65_536, 40
LIMITS = Limits(seconds=20, megabytes=1024)


def read_letter(raw: bytes) -> Letter:
    """A letter; beyond the size and the parts of an ordinary one, a child reads it.

    Raises:
        NeedsTooMuch, Unreadable: it is more than a letter, or none.
        TemporaryFailure: the machine had no time for it.
    """
    if is_plain(raw):
        return parse(raw)
    found: dict[str, Any] = children.run("yizhan.channels.drivers.mail.letter:in_child", raw, limits=LIMITS)
    files = [File(name, children.unpacked(content)) for name, content in found["files"]]
    return Letter(**{**found, "references": tuple(found["references"]), "files": files})


def is_plain(raw: bytes) -> bool:
    return len(raw) <= SMALL and raw.count(b"\n--") + raw.lower().count(b"message/") <= FEW_PARTS
