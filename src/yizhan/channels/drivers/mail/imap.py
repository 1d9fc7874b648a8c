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
SECONDS = 30


@dataclass(frozen=True)
class Fetched:
    uid: int
    raw: bytes


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
        client = (ImapTls if self.scheme == "imaps" else Imap)(self.host, self.port, timeout=SECONDS)
        if self.scheme == "imap+starttls":
            client.starttls(ssl.create_default_context())
        return client


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
    except PermanentFailure:
        forget_access_token(mailbox)
        return signed_in(mailbox, access_token(mailbox), by_token=True)


def signed_in(mailbox: Mailbox, secret: str, *, by_token: bool = False) -> BaseMailBox:
    outside_commands("a mail server")
    parts = urlsplit(mailbox.imap_url)
    host, user = parts.hostname or "localhost", unquote(parts.username or mailbox.address)
    box = Box(parts.scheme, host, parts.port or (993 if parts.scheme == "imaps" else 143))
    enter = box.xoauth2 if by_token else box.login
    try:
        return enter(user, secret, initial_folder=unquote(parts.path.strip("/")) or "INBOX")
    except imaplib.IMAP4.error as error:
        box.client.shutdown()
        raise PermanentFailure(f"login as {user}: {error}") from error


@contextlib.contextmanager
def opened(mailbox: Mailbox) -> Iterator[BaseMailBox]:
    """A logged-in connection.

    Raises:
        TemporaryFailure: the server is away or breaks off.
        PermanentFailure: it refuses the login.
    """
    try:
        with connect(mailbox) as box:
            yield box
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        raise TemporaryFailure(str(error)) from error


def fetch_new(box: BaseMailBox, mailbox: Mailbox) -> tuple[int, list[Fetched]]:
    """(UIDVALIDITY, at most a batch of messages above the last UID, oldest first, exactly as stored)."""
    folder = box.folder.get() or "INBOX"
    validity = int(box.folder.status(folder, ["UIDVALIDITY"])["UIDVALIDITY"])
    last = mailbox.last_uid if validity == mailbox.uid_validity else 0
    uids = sorted(int(uid) for uid in box.uids(f"UID {last + 1}:*") if int(uid) > last)[:BATCH]
    found: list[Fetched] = []
    for start in range(0, len(uids), CHUNK):
        chunk = ",".join(str(uid) for uid in uids[start : start + CHUNK])
        status, answer = box.client.uid("fetch", chunk, "(UID BODY.PEEK[])")
        if status != "OK":
            raise TemporaryFailure(f"FETCH answered {status}")
        for part in answer:
            number = re.search(rb"UID (\d+)", part[0]) if isinstance(part, tuple) else None
            if number:
                found.append(Fetched(int(number.group(1)), bytes(part[1])))
    return validity, sorted(found, key=lambda item: item.uid)
