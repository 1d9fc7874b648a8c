"""Which letters are read here, and which in a child with limits."""

from dataclasses import dataclass
from typing import Any

from yizhan.channels.drivers.mail.letter import File, Letter, parse
from yizhan.kernel import children
from yizhan.kernel.attachments import CheckedFile, check_all
from yizhan.kernel.children import Limits

SMALL, FEW_PARTS = 65_536, 40
LIMITS = Limits(seconds=20, megabytes=1024)


@dataclass(frozen=True)
class ReadLetter(Letter):
    """A letter whose files were looked at."""

    checked: tuple[CheckedFile, ...] = ()


def read_letter(raw: bytes) -> ReadLetter:
    """As `open_letter`, with its files looked at. No transaction may be open."""
    letter = open_letter(raw)
    files = [] if letter.automatic else [(file.name, file.content) for file in letter.files]  # a robot's are never kept
    return ReadLetter(**vars(letter), checked=tuple(check_all(files)))


def open_letter(raw: bytes) -> Letter:
    """A letter; beyond the size and the parts of an ordinary one, a child reads it.

    Raises:
        NeedsTooMuch, Unreadable: it is more than a letter, or none.
        TemporaryFailure: the machine had no time for it.
    """
    return parse(raw) if is_plain(raw) else parse_in_child(raw)


def parse_in_child(raw: bytes) -> Letter:
    found: dict[str, Any] = children.run("yizhan.channels.drivers.mail.letter:in_child", raw, limits=LIMITS)
    files = [File(name, children.unpacked(content)) for name, content in found["files"]]
    return Letter(**{**found, "references": tuple(found["references"]), "files": files})


def is_plain(raw: bytes) -> bool:
    return len(raw) <= SMALL and raw.count(b"\n--") + raw.lower().count(b"message/") <= FEW_PARTS
