"""Mailboxes that a provider opens to us: the client's settings, the sign-in, and its end."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from yizhan.channels.drivers.mail.oauth import finish_sign_in
from yizhan.channels.models import Mailbox, MailGrant
from yizhan.channels.policies import ChannelPermission, mailboxes
from yizhan.kernel import audit
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Invalid, NotFound
from yizhan.kernel.sealing import seal

TOKENS = ("sealed_access_token", "expires_at", "sealed_refresh_token")
OPEN = ("authorize_url", "token_url", "scope", "client_id")


@dataclass(frozen=True)
class Client:
    """How this program is known at a provider."""

    authorize_url: str
    token_url: str
    scope: str
    client_id: str
    client_secret: str = ""


def is_safe(url: str) -> bool:
    """HTTPS; plain HTTP only on this machine itself, where nobody listens in between."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return True
    if parts.scheme != "http" or not parts.hostname:
        return False
    try:
        return ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def add_grant(actor: Actor, mailbox: Mailbox, client: Client) -> MailGrant:
    """The client's settings, for a mailbox just made; tokens come with the sign-in.

    Raises:
        Invalid: an address that is not HTTPS, or something missing.
    """
    grant = MailGrant(
        mailbox=mailbox, authorize_url=client.authorize_url, token_url=client.token_url, scope=client.scope,
        client_id=client.client_id, sealed_client_secret=seal(client.client_secret),
    )  # fmt: skip
    for field in ("authorize_url", "token_url"):
        if not is_safe(getattr(grant, field)):
            unsafe = _("The provider's addresses begin with https://.")
            raise Invalid(unsafe, fields={field: [unsafe]})
    try:
        grant.clean_fields()
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), fields=error.message_dict) from error
    grant.save()
    audit.record(actor, "add_mail_grant", grant, {}, {name: getattr(grant, name) for name in OPEN})
    return grant


def granted_mailbox(actor: Actor, pk: int) -> Mailbox:
    """A mailbox that is opened by a grant and that this actor keeps.

    Raises:
        NotFound, Forbidden.
    """
    mailbox = mailboxes.find(actor, ChannelPermission.VIEW, pk=pk)
    mailboxes.require(actor, ChannelPermission.CHANGE, mailbox)
    if not MailGrant.objects.filter(mailbox=mailbox).exists():
        raise NotFound
    return mailbox


def connect_mailbox(*, actor: Actor, mailbox: int, redirect_uri: str, code: str, verifier: str) -> Mailbox:
    """Keep what the provider grants for the code that the administrator brought back; the mailbox is read from now on.

    Raises:
        NotFound, Forbidden; TemporaryFailure, PermanentFailure: the provider's own words.
    """
    granted = MailGrant.objects.get(mailbox=granted_mailbox(actor, mailbox))
    finish_sign_in(granted, redirect_uri, code=code, verifier=verifier)
    return keep_sign_in(actor=actor, mailbox=mailbox, granted=granted)


@command
def keep_sign_in(*, actor: Actor, mailbox: int, granted: MailGrant) -> Mailbox:
    """What came back from the provider, kept: the mailbox is read from now on."""
    row = granted_mailbox(actor, mailbox)
    grant = MailGrant.objects.select_for_update().get(mailbox=row)
    for name in TOKENS:
        setattr(grant, name, getattr(granted, name))
    grant.save(update_fields=TOKENS)
    before = row.active
    row.active, row.failures, row.retry_at, row.failed_at, row.error = True, 0, None, None, ""
    row.save(update_fields=["active", "failures", "retry_at", "failed_at", "error"])
    audit.record(actor, "connect_mailbox", row, {"active": before}, {"active": True})
    return row
