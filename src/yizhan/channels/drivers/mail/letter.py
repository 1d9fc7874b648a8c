"""Raw bytes into a letter: headers, text, files, and whether a machine wrote it.

Everybody may write to us, so every step is linear and what it works on is cut first. The module knows
nothing of Django: `reading` runs it in a child where a letter is large or intricate.
"""

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr
from functools import lru_cache
from typing import Any

from yizhan.channels.drivers.mail.html import words_of
from yizhan.kernel.texts import cleaned

# Mail labelled gb2312 or gbk holds GB18030 in practice: the wider set reads all three.
LABELS = re.compile(rb"(=\?|charset\s*=\s*\"?)(gb2312|gbk|gb_2312-80|x-gbk)(?=[\s\"?;*])", re.IGNORECASE)
ROBOTS = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounce[s+-]?.*)@", re.IGNORECASE)
MAX_FILES, MAX_REFERENCES, MAX_BODY = 30, 100, 200_000
# The standard parser's time grows with the square of a header's length. Real ones are far below these.
LONGEST = {"from": 1000, "subject": 4000, "references": 8000}
USUALLY_LONGEST = 2000
# Decoders whose time grows with the square of the text, or that read escapes no mail program writes.
ODD_CHARSETS = re.compile(r"punycode|idna|escape|undefined|mbcs|oem", re.IGNORECASE)
PLAIN = re.compile(r"\s*([\w.+-]+(?:/[\w.+-]+)?)(?=[\s;]|$)", re.ASCII)
REGISTRY = HeaderRegistry()


@lru_cache(maxsize=512)
def content_header(name: str, value: str) -> Any:
    """The parser asks a part for its type ten times and reads it anew each time: a third of a letter's time."""
    return REGISTRY(name, value)


def read_header(name: str, value: str) -> Any:
    """The header as the standard parser reads it; where that raises, what stands plainly at its beginning."""
    value = value[: LONGEST.get(name.lower(), USUALLY_LONGEST)]
    read = content_header if name.lower().startswith("content-") else REGISTRY
    try:
        return read(name, value)
    except Exception:  # noqa: BLE001 - the standard parser raises all sorts on broken headers
        plain = PLAIN.match(value)
        return read(name, plain.group(1) if plain else "")


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
    automatic: str
    files: list[File] = field(default_factory=list)


def source_key(mailbox_id: int, raw: bytes) -> str:
    """Unique by mailbox, Message-ID and body, whatever the transport added to the header on its way."""
    head, _, body = raw.partition(b"\r\n\r\n") if b"\r\n\r\n" in raw else raw.partition(b"\n\n")
    found = re.search(rb"^message-id:\s*(.*?)\r?$", head, re.IGNORECASE | re.MULTILINE)
    parts = [str(mailbox_id).encode(), found.group(1).strip() if found else b"", hashlib.sha256(body.strip()).digest()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def header(message: EmailMessage, name: str) -> str:
    try:
        return cleaned(str(message.get(name, ""))).replace("\n", " ").strip()
    except Exception:  # noqa: BLE001 - the standard parser raises all sorts on broken headers; one header is no letter
        return ""


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
    try:
        part = message.get_body(preferencelist=("plain", "html"))
    except Exception:  # noqa: BLE001 - not what it says it is: its first words, whatever they are called
        part = next((leaf for leaf in message.walk() if not leaf.is_multipart()), None)
    if part is None:
        return ""
    text = decoded(content_of(part)[: 4 * MAX_BODY], part)
    return cleaned(words_of(text) if part.get_content_type() == "text/html" else text).strip()[:MAX_BODY]


def content_of(part: MIMEPart) -> bytes:
    """What a part holds; nothing where its wrapping is not what it is called."""
    try:
        content = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - the standard parser raises all sorts on broken parts; the raw letter has them
        return b""
    return content if isinstance(content, bytes) else b""


def decoded(payload: bytes, part: MIMEPart) -> str:
    try:
        charset = str(part.get_param("charset", "ascii"))
        return payload.decode("latin-1" if ODD_CHARSETS.search(charset) else charset, "replace")
    except Exception:  # noqa: BLE001 - what a parameter may do to the parser, and a charset's name to Python
        return payload.decode("gb18030", "replace")


def name_of(part: MIMEPart) -> str:
    try:
        return cleaned(part.get_filename() or "") or "file"
    except Exception:  # noqa: BLE001 - a broken name is no reason to lose the file
        return "file"


def files_of(message: EmailMessage) -> list[File]:
    found: list[File] = []
    try:
        for part in message.iter_attachments():
            if content := content_of(part):
                found.append(File(name_of(part), content))
            if len(found) == MAX_FILES:
                break
    except Exception:  # noqa: BLE001 - parts that are none: the files so far; the raw letter has the rest
        return found
    return found


def sender_of(message: EmailMessage) -> tuple[str, str]:
    try:
        return parseaddr(header(message, "From"))
    except Exception:  # noqa: BLE001 - no address is one of the answers
        return "", ""


def parse(raw: bytes) -> Letter:
    """Read a mail, however broken; what cannot be read is empty, the raw bytes are kept elsewhere."""
    raw = LABELS.sub(rb"\1gb18030", raw)
    try:
        message = message_from_bytes(raw, policy=POLICY)
    except RecursionError:  # letters within letters beyond any sense: its head alone
        message = message_from_bytes(re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0], policy=POLICY)
    assert isinstance(message, EmailMessage)
    name, sender = sender_of(message)
    references = re.findall(r"<[^<>\s]+>", f"{header(message, 'References')} {header(message, 'In-Reply-To')}")
    return Letter(
        message_id=header(message, "Message-ID")[:300], sender=sender.lower()[:254], sender_name=name[:120],
        subject=header(message, "Subject"), body=text_of(message),
        references=tuple(dict.fromkeys(references))[:MAX_REFERENCES], automatic=automatic_reason(message, sender),
        files=files_of(message),
    )  # fmt: skip


def in_child(raw: bytes) -> dict[str, Any]:
    """A letter as JSON values, for `reading`."""
    letter = parse(raw)
    return {**vars(letter), "files": [(file.name, b64encode(file.content).decode()) for file in letter.files]}
