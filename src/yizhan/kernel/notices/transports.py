"""How a notice leaves: by SMTP, or into a folder where no server is configured."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from yizhan.kernel import breakers, reaching
from yizhan.kernel.errors import PermanentFailure, TemporaryFailure
from yizhan.kernel.files import write_durably
from yizhan.kernel.models import Notice

SECONDS, ALTOGETHER = 20, 60
UNWRITABLE = (ValueError, LookupError, AttributeError, MessageError)  # what the standard library raises on odd addresses
Transport = Callable[[Notice], None]
_transports: dict[str, Transport] = {}


class LoginRefused(TemporaryFailure):
    """The server does not let us in: the mailbox's fault, not the letter's, which waits until that is mended."""


def register_transport(name: str, transport: Transport) -> None:
    _transports[name] = transport


def transport_of(name: str) -> Transport:
    try:
        return _transports[name]
    except KeyError as error:
        raise PermanentFailure(f"no transport named {name}") from error


def build_message(notice: Notice, sender: str) -> EmailMessage:
    """The mail itself, marked as automatic so that no well-behaved program answers it.

    Raises:
        PermanentFailure: an address or a header that no mail can have.
    """
    try:
        return built_message(notice, sender)
    except UNWRITABLE as error:
        raise PermanentFailure(str(error)) from error


def built_message(notice: Notice, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, notice.address, notice.subject
    message["Date"] = formatdate(localtime=False)
    # The same at every attempt: a server that took it before we were cut off knows it for the same letter.
    message["Message-ID"] = f"<notice.{notice.pk}.{int(notice.created_at.timestamp())}@yizhan>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-Yizhan"] = notice.code
    for name, value in notice.headers.items():
        if name in message:
            del message[name]
        message[name] = value
    message.set_content(notice.body)
    return message


class Smtp(smtplib.SMTP):
    """Connects where it may only, and is cut off when a server takes its time, a byte now and a byte then."""

    trusted = False

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self.fuse = threading.Timer(ALTOGETHER, self.cut)
        self.fuse.daemon = True
        self.fuse.start()
        return reaching.connect(host, port, timeout, trusted=self.trusted)

    def cut(self) -> None:
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    def close(self) -> None:
        if hasattr(self, "fuse"):
            self.fuse.cancel()
        super().close()


class SmtpTls(Smtp, smtplib.SMTP_SSL):
    """The same, by TLS from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = super()._get_socket(host, port, timeout)
        return self.context.wrap_socket(plain, server_hostname=self._host)  # type: ignore[attr-defined]


def opened(url: str) -> Smtp:
    """Connected. The address that the operator gave in the environment may be a private one."""
    parts = urlsplit(url)
    secure = parts.scheme == "smtps"
    server: Smtp = SmtpTls(timeout=SECONDS, context=ssl.create_default_context()) if secure else Smtp(timeout=SECONDS)
    server.trusted = url == settings.YIZHAN.smtp_url
    server._host = host = parts.hostname or "localhost"  # type: ignore[attr-defined]
    try:
        code, words = server.connect(host, parts.port or (465 if secure else 25))
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
    except BaseException:
        server.close()
        raise
    return server


def send_smtp(url: str, message: EmailMessage, *, bearer: str = "") -> None:
    """Deliver to `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`, unless the server rests (`breakers`).

    With `bearer`, the sender signs in by XOAUTH2 with that token instead of a password.

    Raises:
        TemporaryFailure: the server is away, rests, answers 4xx, or does not let us in (`LoginRefused`).
        PermanentFailure: the server refuses for good (5xx), or cannot take this letter at all.
    """
    key = server_of(url)
    breakers.ask(key)
    try:
        with opened(url) as server:
            sign_in(server, url, str(message["From"]), bearer)
            hand_over(server, message)
    except reaching.PrivateAddress as error:  # nobody was asked: the next one may be allowed to
        raise TemporaryFailure(str(error)) from error
    except (LoginRefused, PermanentFailure):
        breakers.answered(key)
        raise
    except smtplib.SMTPException as error:
        failure = failure_of(error)
        if failure is None:
            breakers.failed(key, str(error))
            raise TemporaryFailure(str(error)) from error
        breakers.answered(key)
        raise failure from error
    except OSError as error:
        breakers.failed(key, str(error))
        raise TemporaryFailure(str(error)) from error
    breakers.answered(key)


def server_of(url: str) -> str:
    """The server's name among the breakers."""
    parts = urlsplit(url)
    return f"smtp {parts.hostname or 'localhost'}:{parts.port or (465 if parts.scheme == 'smtps' else 25)}"


def sign_in(server: Smtp, url: str, sender: str, bearer: str) -> None:
    """Over to TLS and in, as the address says.

    Raises:
        LoginRefused: by the server's word, or because it has no such way, or takes no such name.
    """
    parts = urlsplit(url)
    try:
        if parts.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if bearer:
            server.ehlo()
            server.auth("XOAUTH2", ByToken(sender, bearer))
        elif parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except UnicodeError as error:
        raise LoginRefused(str(error)) from error
    except smtplib.SMTPException as error:
        if failure_of(error) is None:
            raise
        raise LoginRefused(str(error)) from error


def hand_over(server: Smtp, message: EmailMessage) -> None:
    """The letter itself. What the server's letters cannot hold (no SMTPUTF8) is no better tomorrow."""
    try:
        server.send_message(message)
    except (smtplib.SMTPNotSupportedError, *UNWRITABLE) as error:
        raise PermanentFailure(str(error)) from error


def failure_of(error: smtplib.SMTPException) -> Exception | None:
    """What an answer of the server means for the letter; None where it did not answer, but is away or broke off."""
    if isinstance(error, smtplib.SMTPServerDisconnected | smtplib.SMTPConnectError):
        return None
    code = 500
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((code for code, _words in error.recipients.values()), code)
    elif isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
    return (PermanentFailure if code >= 500 else TemporaryFailure)(str(error))


class ByToken:
    """What XOAUTH2 sends: one line, and an empty one to a refusal, which then ends with the server's words."""

    def __init__(self, user: str, token: str) -> None:
        self.line = f"user={user}\1auth=Bearer {token}\1\1"

    def __call__(self, challenge: bytes | None = None, /) -> str:
        return "" if challenge else self.line


def send_mail(notice: Notice) -> None:
    message = build_message(notice, notice.sender or settings.DEFAULT_FROM_EMAIL)
    if settings.YIZHAN.smtp_url:
        send_smtp(settings.YIZHAN.smtp_url, message)
    else:
        into_sink(notice, message)


def into_sink(notice: Notice, message: EmailMessage) -> None:
    """No server configured: keep the mail where the operator can read it."""
    folder: Path = settings.YIZHAN.data_dir / "outbox"
    write_durably(folder / f"{notice.pk:08d}-{notice.code}.eml", bytes(message), mode=0o600)


register_transport("mail", send_mail)
