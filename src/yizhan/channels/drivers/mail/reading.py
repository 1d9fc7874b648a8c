"""Which letters are read here, and which in a child with limits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
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


def read_letters(raws: Sequence[bytes]) -> list[ReadLetter | Exception]:
    """Each letter with its files looked at, or why it could not be read. No transaction may be open.

    One child looks at the pictures of them all.
    """
    opened = [opened_or_not(raw) for raw in raws]
    files = [files_of(letter) if isinstance(letter, Letter) else [] for letter in opened]
    found: Iterator[CheckedFile] | Exception
    try:
        found = iter(check_all([file for some in files for file in some]))
    except Exception as error:  # noqa: BLE001 - told with each letter that brings files
        found = error
    read: list[ReadLetter | Exception] = []
    for letter, some in zip(opened, files, strict=True):
        if isinstance(letter, Exception):
            read.append(letter)
        elif isinstance(found, Exception):
            read.append(found if some else ReadLetter(**vars(letter)))
        else:
            read.append(ReadLetter(**vars(letter), checked=tuple(islice(found, len(some)))))
    return read


def opened_or_not(raw: bytes) -> Letter | Exception:
    try:
        return open_letter(raw)
    except Exception as error:  # noqa: BLE001 - told with the letter
        return error


def files_of(letter: Letter) -> list[tuple[str, bytes]]:
    """A robot's are never kept."""
    return [] if letter.automatic else [(file.name, file.content) for file in letter.files]


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
