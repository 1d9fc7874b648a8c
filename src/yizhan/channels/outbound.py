"""Notices leave through the mailbox that speaks for the ticket's customer, so that answers come back to it."""

from email.message import EmailMessage
from urllib.parse import quote, urlsplit, urlunsplit

from yizhan.channels.drivers.mail.oauth import access_token, forget_access_token, is_granted
from yizhan.channels.models import Mailbox
from yizhan.channels.queries import address_for, mailbox_addressed
from yizhan.kernel.errors import PermanentFailure
from yizhan.kernel.models import Notice
from yizhan.kernel.notices import once, register_transport
from yizhan.kernel.notices.transports import LoginRefused, build_message, send_mail, send_smtp
from yizhan.kernel.sealing import unseal
from yizhan.tickets.models import Ticket
from yizhan.tickets.subscribers import register_sender


def with_credentials(url: str, user: str, password: str) -> str:
    """The SMTP address with the mailbox's own user and password, where it names none and TLS or a port asks for one."""
    parts = urlsplit(url)
    if parts.username and not parts.password and password:
        place = f"{parts.username}:{quote(password, safe='')}@{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        return urlunsplit(parts._replace(netloc=place))
    if parts.username is None and password and parts.scheme in {"smtps", "smtp+starttls"}:
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))
    return url


def send_through_mailbox(notice: Notice) -> None:
    mailbox = mailbox_addressed(notice.sender)
    if mailbox is None or not mailbox.smtp_url:
        send_mail(notice)
        return
    message = build_message(notice, mailbox.address)
    if is_granted(mailbox):
        send_as_granted(mailbox, message)
    else:
        send_smtp(with_credentials(mailbox.smtp_url, mailbox.address, unseal(mailbox.sealed_password)), message)


def send_as_granted(mailbox: Mailbox, message: EmailMessage) -> None:
    """By the provider's token. A grant that was taken back lets the letter wait for the next sign-in."""
    try:
        token = access_token(mailbox)
    except PermanentFailure as error:
        raise LoginRefused(str(error)) from error
    try:
        send_smtp(mailbox.smtp_url, message, bearer=token)
    except LoginRefused:
        forget_access_token(mailbox)
        raise


def sender_for(ticket: Ticket) -> str:
    return once(("sender", ticket.customer_id), lambda: address_for(ticket.customer_id))


register_transport("mail", send_through_mailbox)
register_sender(sender_for)
