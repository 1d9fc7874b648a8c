"""Raw bytes into a letter: headers, text, files, and whether a machine wrote it."""

import hashlib
import html
import re
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from functools import lru_cache
from typing import Any

import nh3

# Mail labelled gb2312 or gbk holds GB18030 in practice: the wider set reads all three.
LABELS = re.compile(rb"(=\?|charset\s*=\s*\"?)(gb2312|gbk|gb_2312-80|x-gbk)(?=[\s\"?;*])", re.IGNORECASE)
ROBOTS = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounce[s+-]?.*)@", re.IGNORECASE)
MAX_FILES = 30
REGISTRY = HeaderRegistry()


@lru_cache(maxsize=512)
def content_header(name: str, value: str) -> Any:
    """The parser asks a part for its type ten times and reads it anew each time: a third of a letter's time."""
    return REGISTRY(name, value)


def read_header(name: str, value: str) -> Any:
    return content_header(name, value) if name.lower().startswith("content-") else REGISTRY(name, value)


POLICY = policy.default.clone(header_factory=read_header)


@dataclass(frozen=True)
class File:
    name: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """One parsed mail. `references` are the Message-IDs that it answers, oldest first."""

    message_id: str
    sender: str
    sender_name: str
    subject: str
    body: str
    references: tuple[str, ...]
    recipients: tuple[str, ...]
    automatic: str
    files: list[File] = field(default_factory=list)


def source_key(mailbox_id: int, raw: bytes) -> str:
    """Unique by mailbox, Message-ID and body, whatever the transport added to the header on its way."""
    head, _, body = raw.partition(b"\r\n\r\n") if b"\r\n\r\n" in raw else raw.partition(b"\n\n")
    found = re.search(rb"^message-id:\s*(.*?)\r?$", head, re.IGNORECASE | re.MULTILINE)
    parts = [str(mailbox_id).encode(), found.group(1).strip() if found else b"", hashlib.sha256(body.strip()).digest()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def clean(text: str) -> str:
    """Text that PostgreSQL takes: no NUL, no lone surrogate, no other control but tab and line end."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c in "\n\t" or ord(c) >= 32)


def header(message: EmailMessage, name: str) -> str:
    try:
        return clean(str(message.get(name, ""))).replace("\n", " ").strip()
    except Exception:  # noqa: BLE001 - the standard parser raises all sorts on broken headers; one header is no letter
        return ""


def addresses(message: EmailMessage, *names: str) -> tuple[str, ...]:
    given = [header(message, name) for name in names]
    return tuple(address.lower() for _, address in getaddresses(given) if "@" in address)


def automatic_reason(message: EmailMessage, sender: str) -> str:
    """Why a machine must have written this; empty when a person did."""
    submitted = header(message, "Auto-Submitted").lower()
    if submitted and submitted != "no":
        return "Auto-Submitted"
    if header(message, "X-Yizhan"):
        return "X-Yizhan"
    if message.get_content_type() == "multipart/report" or header(message, "Return-Path") == "<>":
        return "bounce"
    if header(message, "Precedence").lower() in {"bulk", "junk", "list", "auto_reply"}:
        return "Precedence"
    if header(message, "X-Autoreply") or header(message, "X-Autorespond"):
        return "X-Autoreply"
    if not sender:
        return "no sender"
    return "robot" if ROBOTS.match(sender) else ""


def text_of(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        text = part.get_content()
    except (LookupError, UnicodeError, ValueError, KeyError, AttributeError):
        payload = part.get_payload(decode=True)
        text = payload.decode("gb18030", "replace") if isinstance(payload, bytes) else str(payload or "")
    text = str(text)
    return clean(from_html(text) if part.get_content_type() == "text/html" else text).strip()


def from_html(text: str) -> str:
    """The words of an HTML mail, its lines kept."""
    text = re.sub(r"(?is)<(style|script|head)\b.*?</\1>", "", text)
    text = re.sub(r"(?i)<br\s*/?>|</(p|div|tr|li|h[1-6])>", "\n", text)
    words = html.unescape(nh3.clean(text, tags=set()))
    return re.sub(r"\n\s*\n\s*\n+", "\n\n", words.replace("\xa0", " "))


def files_of(message: EmailMessage) -> list[File]:
    found = []
    for part in message.iter_attachments():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            found.append(File(clean(part.get_filename() or "file"), content))
    return found[:MAX_FILES]


def parse(raw: bytes) -> Letter:
    """Read a mail, however broken; what cannot be read is empty, the raw bytes are kept elsewhere."""
    message = message_from_bytes(LABELS.sub(rb"\1gb18030", raw), policy=POLICY)
    assert isinstance(message, EmailMessage)
    name, sender = parseaddr(header(message, "From"))
    references = re.findall(r"<[^<>\s]+>", f"{header(message, 'References')} {header(message, 'In-Reply-To')}")
    try:
        files = files_of(message)
    except (LookupError, ValueError, AttributeError, KeyError, TypeError):
        files = []
    return Letter(
        message_id=header(message, "Message-ID")[:300], sender=sender.lower()[:254], sender_name=name[:120],
        subject=header(message, "Subject"), body=text_of(message), references=tuple(dict.fromkeys(references)),
        recipients=addresses(message, "To", "Cc"), automatic=automatic_reason(message, sender), files=files,
    )  # fmt: skip
