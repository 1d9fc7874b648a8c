"""A letter whose headers are broken is a letter all the same: its words and its sender are read, a ticket is made."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from yizhan.channels.drivers.mail.letter import parse
from yizhan.channels.models import InboundMessage
from yizhan.channels.services import mail as mail_service
from yizhan.channels.services.mailboxes import add_mailbox
from yizhan.channels.services.polling import store_raw
from yizhan.kernel import clock
from yizhan.kernel.actor import system_actor
from yizhan.tickets.models import Ticket

PIECES = [
    "=?", "?=", "text/plain", "text/html", ";", "charset", "charset=", "=", "*", "'", '"', "%", "utf-8", "name*0", "filename*1*", "*0*",
    "multipart/mixed", "boundary=b", "message/rfc822", "/", "\\", "(", ")", "<", ">", "@", ",", ":", " ", "\r\n ", "=?utf-8?b?",
    "=?utf-8?q?", "=?x?b?AA", "中", "\0", "%E4", "utf-8''", "[", "]", "*99999999999999999999", "base64", "uuencode", "charsetname*1*",
    "x" * 3000, "7bit", "attachment",
]  # fmt: skip
NAMES = [
    "Content-Type",
    "Content-Disposition",
    "Content-Transfer-Encoding",
    "MIME-Version",
    "Subject",
    "Message-ID",
    "Date",
    "To",
]
VALUE = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
CONCRETE = [
    "Content-Type: =?",
    "Content-Type: text/plain; charsetname*1*",
    "Content-Type: text/plain; charset=\"",
    "Content-Type: text/plain; charset*=utf-8''%FF%",
    "Content-Type: text/plain; charset=gibt-es-nicht",
    "Content-Type: text/plain; charset*99999999999999999999*=a; charset*0=b",
    f"Content-Type: text/plain; {'a=b;' * 5000}",
    "Content-Type: multipart/mixed; boundary*=",
    "Content-Disposition: attachment; filename*1*",
    "Content-Transfer-Encoding: =?utf-8?q?=?=",
]  # fmt: skip


def raw(*headers: str) -> bytes:
    head = ["From: =?utf-8?b?5byg5YCp?= <requester1@demo-a.example>", "Subject: printer", *headers]
    return ("\r\n".join(head) + "\r\n\r\npaper jam\r\n").encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("header", CONCRETE)
def test_the_words_and_the_sender_are_read(header: str) -> None:
    read = parse(raw(header))
    assert (read.sender, read.subject) == ("requester1@demo-a.example", "printer")
    assert "paper jam" in read.body or "multipart" in header or "attachment" in header


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), VALUE), max_size=5))
@example([("Content-Type", "text/plain; charsetname*1*")])
@example([("Content-Type", "=?")])
def test_no_header_raises(headers: list[tuple[str, str]]) -> None:
    assert parse(raw(*(f"{name}: {value}" for name, value in headers))).sender == "requester1@demo-a.example"


@settings(max_examples=100, deadline=None)
@given(VALUE, VALUE)
def test_nor_does_one_of_a_part(kind: str, place: str) -> None:
    inner = f"--b\r\nContent-Type: {kind}\r\nContent-Disposition: {place}\r\n\r\npaper jam\r\n--b--\r\n"
    whole = raw("Content-Type: multipart/mixed; boundary=b").replace(b"paper jam", inner.encode())
    assert parse(whole).sender == "requester1@demo-a.example"


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Content-Type: text/plain; charsetname*1*", CONCRETE[0]])
def test_it_becomes_a_ticket(header: str) -> None:
    given_settings: dict[str, Any] = {"imap_url": "imap://u:secret@127.0.0.1:143", "smtp_url": "", "customer": "demo-a"}
    box = add_mailbox(actor=system_actor("console"), name="main", address="desk@yizhan.example", **given_settings)
    store_raw(box, [raw(header)], clock.now())
    mail_service.process_stored()
    assert InboundMessage.objects.get().state == "processed"
    assert "paper jam" in Ticket.objects.get().description
