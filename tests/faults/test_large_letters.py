"""Large letters in a real mailbox: fetched a few megabytes at a time, and one that is too large is seen all the same."""

import imaplib

import pytest

from tests.mail_servers import PASSWORD, MailServers
from yizhan.channels.drivers.mail import imap
from yizhan.channels.models import InboundMessage, Mailbox
from yizhan.channels.services.mailboxes import add_mailbox
from yizhan.channels.services.polling import keep, poll_mailbox
from yizhan.kernel.actor import system_actor

pytestmark = [pytest.mark.server("dovecot"), pytest.mark.server("postfix")]
ADDRESS = "large@yizhan.example"
MEGABYTES = (12, 12, 12, 70)


@pytest.fixture
def large_box(db: None, mail_servers: MailServers) -> Mailbox:
    add_mailbox(
        actor=system_actor("console"), name="large", address=ADDRESS, imap_url=f"imap://127.0.0.1:{mail_servers.imap}",
        smtp_url="", customer="demo-a", password=PASSWORD,
    )  # fmt: skip
    with imaplib.IMAP4("127.0.0.1", mail_servers.imap, timeout=120) as client:
        client.login(ADDRESS, PASSWORD)
        for number, size in enumerate(MEGABYTES):
            head = f"From: x@demo-a.example\r\nSubject: large {number}\r\nMessage-ID: <l{number}@x.example>\r\n\r\n"
            client.append("INBOX", "", "", head.encode() + (b"x" * 76 + b"\r\n") * (size * 2**20 // 78))
    return Mailbox.objects.get(name="large")


@pytest.mark.django_db(transaction=False)
def test_memory_is_bounded_and_nothing_goes_unseen(large_box: Mailbox) -> None:
    taken = []
    with imap.opened(large_box) as box:
        while True:
            validity, fetched = imap.fetch_new(box, large_box)
            if not fetched:
                break
            taken.append([(len(item.raw) // 2**20, item.cut) for item in fetched])
            keep(large_box, validity, fetched)
    assert [(size, cut) for batch in taken for size, cut in batch] == [(12, False)] * 3 + [(1, True)]
    assert all(sum(size for size, _ in batch) <= 32 for batch in taken)
    rows = InboundMessage.objects.filter(mailbox=large_box).order_by("pk")
    assert [row.state for row in rows] == ["stored"] * 3 + ["failed"]
    assert "邮箱" in rows[3].reason
    assert poll_mailbox("large") == 0
