"""Setting up mailboxes."""

from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from yizhan.channels.drivers.mail.imap import opened, server_of
from yizhan.channels.models import Mailbox
from yizhan.channels.policies import ChannelPermission, mailboxes
from yizhan.channels.services.grants import Client, add_grant
from yizhan.kernel import audit, breakers
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.constraints import require_sound
from yizhan.kernel.errors import Forbidden, Invalid, NotFound
from yizhan.kernel.notices import transports
from yizhan.kernel.sealing import seal
from yizhan.people.models import Customer

IMAP, SMTP = {"imap", "imaps", "imap+starttls"}, {"smtp", "smtps", "smtp+starttls"}
SECRET = ("sealed_password", "imap_url", "smtp_url")


def try_mailbox(mailbox: Mailbox) -> int:
    """Sign in and count what lies there; nothing is fetched or marked.

    Raises:
        TemporaryFailure, PermanentFailure: with the server's own words.
    """
    with opened(mailbox) as box:
        return int(box.folder.status(box.folder.get() or "INBOX", ["MESSAGES"])["MESSAGES"])


@command
def set_mailbox_active(*, actor: Actor, mailbox: int, active: bool) -> Mailbox:
    """Stop or resume reading a mailbox; resuming forgets the pause after failures, its own and its server's."""
    row = mailboxes.scope(actor, ChannelPermission.VIEW).select_for_update(of=("self",)).filter(pk=mailbox).first()
    if row is None:
        raise NotFound
    mailboxes.require(actor, ChannelPermission.CHANGE, row)
    before = row.active
    row.active, row.failures, row.retry_at = active, 0, None
    row.save(update_fields=["active", "failures", "retry_at"])
    if active:
        breakers.answered(server_of(row))
        breakers.answered(transports.server_of(row.smtp_url))
    audit.record(actor, "set_mailbox_active", row, {"active": before}, {"active": active})
    return row


def try_and_add_mailbox(
    *, actor: Actor, name: str, address: str, imap_url: str, smtp_url: str, customer: str, password: str = ""
) -> int:
    """Sign in there, and keep the mailbox only when that worked; how many messages lie there.

    The server is asked between two looks at the rules, and no transaction waits for its answer.
    """
    box = checked_mailbox(
        actor, name=name, address=address, imap_url=imap_url, smtp_url=smtp_url, customer=customer, password=password
    )
    waiting = try_mailbox(box)
    add_mailbox(
        actor=actor, name=name, address=address, imap_url=imap_url, smtp_url=smtp_url, customer=customer, password=password
    )
    return waiting


@command
def add_mailbox(
    *, actor: Actor, name: str, address: str, imap_url: str, smtp_url: str, customer: str, password: str = "",
    client: Client | None = None,
) -> Mailbox:  # fmt: skip
    """Read a mailbox for a customer. A password in the URL is taken out and sealed.

    With `client` it is opened by a provider's grant instead, and rests until somebody has signed in there.

    Raises:
        Forbidden, Invalid (unknown customer, wrong URL, name or address in use).
        Conflict: `already_there`, somebody set it up in this moment.
    """
    mailbox = checked_mailbox(
        actor, name=name, address=address, imap_url=imap_url, smtp_url=smtp_url, customer=customer, password=password
    )
    mailbox.active = client is None
    mailbox.save()
    shown = {key: value for key, value in audit.snapshot(mailbox).items() if key not in SECRET}
    audit.record(actor, "add_mailbox", mailbox, {}, shown)
    if client is not None:
        add_grant(actor, mailbox, client)
    return mailbox


def checked_mailbox(
    actor: Actor, *, name: str, address: str, imap_url: str, smtp_url: str, customer: str, password: str = ""
) -> Mailbox:
    """The mailbox as it would be kept, not saved yet; everything that can be wrong with it is asked here."""
    served = Customer.objects.filter(code=customer, active=True).first()
    if served is None:
        unknown = _("There is no such customer.")
        raise Invalid(unknown, code="unknown_reference", fields={"customer": [unknown]})
    if not actor.holds(ChannelPermission.CHANGE, served.pk):
        raise Forbidden
    for url, schemes, field in ((imap_url, IMAP, "imap"), (smtp_url, SMTP, "smtp")):
        parts = urlsplit(url)
        if url and (parts.scheme not in schemes or not parts.hostname):
            wrong = _("The address of the server is not right.")
            raise Invalid(wrong, fields={field: [wrong]})
    given = urlsplit(imap_url)
    secret = password or given.password or ""
    if given.password:
        imap_url = imap_url.replace(f":{given.password}@", "@", 1)
    mailbox = Mailbox(
        name=name, address=address, imap_url=imap_url, smtp_url=smtp_url, customer=served, sealed_password=seal(secret)
    )
    require_sound(mailbox)
    return mailbox
