"""Fetching from IMAP by UID: what was seen is remembered, what was not is asked for again."""

import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError

from yizhan.channels.drivers.mail.oauth import access_token, forget_access_token, is_granted
from yizhan.channels.models import Mailbox
from yizhan.kernel import reaching
from yizhan.kernel.commands import outside_commands
from yizhan.kernel.errors import PermanentFailure, TemporaryFailure
from yizhan.kernel.sealing import unseal

BATCH, CHUNK = 100, 20
MEGABYTE = 2**20
AT_ONCE, MOST, TASTE = 32 * MEGABYTE, 64 * MEGABYTE, 1 * MEGABYTE  # bytes
SECONDS = 30
FAULTS = (OSError, imaplib.IMAP4.error, ImapToolsError)


class Away(TemporaryFailure):
    """The server itself does not answer or breaks off: no mailbox there can be read just now."""


class Refused(TemporaryFailure):
    """The server answers, and says no to this one mailbox: a folder that is not there, a command it does not know."""


class LoginRefused(PermanentFailure):
    """The server answers, and does not let this mailbox in."""


@dataclass(frozen=True)
class Fetched:
    """A message as it lies in the mailbox; `cut` where it is larger than any letter and only its beginning was taken."""

    uid: int
    raw: bytes
    cut: bool = False


class Imap(imaplib.IMAP4):
    """Connects where it may only."""

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return reaching.connect(self.host, self.port, timeout or SECONDS)


class ImapTls(Imap):
    """The same, by TLS from the first byte."""

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = super()._create_socket(timeout)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


class Box(BaseMailBox):
    """A mailbox by our own connection."""

    def __init__(self, scheme: str, host: str, port: int) -> None:
        self.scheme, self.host, self.port = scheme, host, port
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return (ImapTls if self.scheme == "imaps" else Imap)(self.host, self.port, timeout=SECONDS)


def server_of(mailbox: Mailbox) -> str:
    """The server's name among the breakers."""
    parts = urlsplit(mailbox.imap_url)
    return f"imap {parts.hostname or 'localhost'}:{parts.port or (993 if parts.scheme == 'imaps' else 143)}"


def connect(mailbox: Mailbox) -> BaseMailBox:
    """Signed in, in the folder that the address names. A granted token that is refused is renewed once."""
    if not is_granted(mailbox):
        return signed_in(mailbox, unseal(mailbox.sealed_password) or unquote(urlsplit(mailbox.imap_url).password or ""))
    token = access_token(mailbox)
    try:
        return signed_in(mailbox, token, by_token=True)
    except LoginRefused:
        forget_access_token(mailbox)
        return signed_in(mailbox, access_token(mailbox), by_token=True)


def failure_of(error: Exception, client: imaplib.IMAP4 | None) -> TemporaryFailure:
    """Whose fault it is: the server's, or that of this one mailbox, to which it answered. `client` once it has greeted us."""
    if isinstance(error, reaching.PrivateAddress):
        return TemporaryFailure(str(error))
    if isinstance(error, imaplib.IMAP4.abort):  # the line is cut; with a BYE it is one account that comes too often
        answered = client is not None and bool(client.untagged_responses.get("BYE"))
    elif isinstance(error, ssl.SSLError):
        answered = not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    elif isinstance(error, imaplib.IMAP4.error):
        answered = client is not None
    else:
        answered = not isinstance(error, OSError)
    return (Refused if answered else Away)(str(error))


@contextlib.contextmanager
def told_apart(client: imaplib.IMAP4 | None = None) -> Iterator[None]:
    try:
        yield
    except FAULTS as error:
        raise failure_of(error, client) from error


def enter(box: Box, user: str, secret: str, *, by_token: bool) -> None:
    try:
        (box.xoauth2 if by_token else box.login)(user, secret, initial_folder=None)
    except (*FAULTS, UnicodeError) as error:
        failure = failure_of(error, box.client)
        raise LoginRefused(f"login as {user}: {error}") if isinstance(failure, Refused) else failure from error


def signed_in(mailbox: Mailbox, secret: str, *, by_token: bool = False) -> BaseMailBox:
    outside_commands("a mail server")
    parts = urlsplit(mailbox.imap_url)
    host, user = parts.hostname or "localhost", unquote(parts.username or mailbox.address)
    with told_apart():
        box = Box(parts.scheme, host, parts.port or (993 if parts.scheme == "imaps" else 143))
    try:
        with told_apart(box.client):
            if parts.scheme == "imap+starttls":
                if "STARTTLS" not in box.client.capabilities:
                    raise Refused("no STARTTLS there")
                box.client.starttls(ssl.create_default_context())
            enter(box, user, secret, by_token=by_token)
            box.folder.set(unquote(parts.path.strip("/")) or "INBOX")
    except BaseException:
        with contextlib.suppress(OSError):
            box.client.shutdown()
        raise
    return box


@contextlib.contextmanager
def opened(mailbox: Mailbox) -> Iterator[BaseMailBox]:
    """A logged-in connection.

    Raises:
        Away: the server does not answer or breaks off.
        Refused, LoginRefused: it answers, and not as this mailbox needs it.
        TemporaryFailure, PermanentFailure: it was not asked: a private address, or a provider that gives us no token.
    """
    box = connect(mailbox)
    try:
        with told_apart(box.client):
            yield box
    finally:
        with contextlib.suppress(*FAULTS):
            box.logout()


def fetch_new(box: BaseMailBox, mailbox: Mailbox) -> tuple[int, list[Fetched]]:
    """(UIDVALIDITY, messages above the last UID, oldest first, exactly as stored): at most `BATCH`, and `AT_ONCE` bytes or one.

    Of a message over `MOST` bytes its beginning is taken, so that no letter fills the memory and none goes unseen.
    """
    folder = box.folder.get() or "INBOX"
    validity = int(box.folder.status(folder, ["UIDVALIDITY"])["UIDVALIDITY"])
    last = mailbox.last_uid if validity == mailbox.uid_validity else 0
    uids = sorted(int(uid) for uid in box.uids(f"UID {last + 1}:*") if int(uid) > last)[:BATCH]
    sizes = sizes_of(box, uids)
    found: list[Fetched] = []
    taken = 0
    for chunk in chunks(uids, sizes):
        if found and taken + sum(min(sizes[uid], MOST) for uid in chunk) > AT_ONCE:
            break
        cut = sizes[chunk[0]] > MOST
        found += [Fetched(uid, raw, cut) for uid, raw in contents(box, chunk, f"<0.{TASTE}>" if cut else "")]
        taken = sum(len(item.raw) for item in found)
    return validity, sorted(found, key=lambda item: item.uid)


def sizes_of(box: BaseMailBox, uids: list[int]) -> dict[int, int]:
    """Bytes of each message, as the server tells them before anything is fetched."""
    if not uids:
        return {}
    status, answer = box.client.uid("fetch", ",".join(map(str, uids)), "(UID RFC822.SIZE)")
    if status != "OK":
        raise Refused(f"FETCH answered {status}")
    told: dict[int, int] = {}
    for part in answer:
        line = part[0] if isinstance(part, tuple) else part or b""
        uid, size = re.search(rb"UID (\d+)", line), re.search(rb"RFC822\.SIZE (\d+)", line)
        if uid and size:
            told[int(uid[1])] = int(size[1])
    return {uid: told.get(uid, MOST) for uid in uids}


def chunks(uids: list[int], sizes: dict[int, int]) -> Iterator[list[int]]:
    """Runs of UIDs that are fetched by one command: `CHUNK` at most, and no more than a large letter's bytes."""
    chunk: list[int] = []
    for uid in uids:
        if chunk and (len(chunk) == CHUNK or sum(sizes[u] for u in chunk) + sizes[uid] > AT_ONCE):
            yield chunk
            chunk = []
        chunk.append(uid)
    if chunk:
        yield chunk


def contents(box: BaseMailBox, uids: list[int], part_of: str = "") -> Iterator[tuple[int, bytes]]:
    status, answer = box.client.uid("fetch", ",".join(map(str, uids)), f"(UID BODY.PEEK[]{part_of})")
    if status != "OK":
        raise Refused(f"FETCH answered {status}")
    for part in answer:
        number = re.search(rb"UID (\d+)", part[0]) if isinstance(part, tuple) else None
        if number:
            yield int(number.group(1)), bytes(part[1])
