"""What tickets themselves do about their own news: telling the requester."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import cast

from django.conf import settings
from django.db.models import Q

from yizhan.kernel import clock, events, notices
from yizhan.kernel.events import Envelope
from yizhan.people.models import Contact
from yizhan.tickets import notices as words
from yizhan.tickets.events import MessagePosted, ServiceRestored, TicketArchived, TicketCompleted, TicketRegistered
from yizhan.tickets.models import AffectedUser, Channel, ClosureCode, Message, ServiceSheet, Ticket
from yizhan.tickets.services.signing import new_link

ACKNOWLEDGE_EVERY = timedelta(hours=1)
SenderOf = Callable[[Ticket], str]
_senders: list[SenderOf] = []


def sender_of(ticket: Ticket) -> str:
    """The address that answers should come back to; `channels` knows the mailboxes."""
    return next((found for found in (find(ticket) for find in _senders) if found), "")


def register_sender(find: SenderOf) -> None:
    _senders.append(find)


def load(envelope: Envelope) -> Ticket:
    return cast(Ticket, envelope.subject)


def language_of(ticket: Ticket) -> str:
    user = ticket.requester.user
    return user.language if user else ticket.customer.language


def tell(
    ticket: Ticket,
    code: str,
    *,
    to: Contact | None = None,
    secret: str = "",
    at_most_every: timedelta | None = None,
    **variables: object,
) -> None:
    """Mail the requester (or somebody else whom it affects), if he has an address and his customer wants notices."""
    person = to or ticket.requester
    address = person.email or (person.user.email if person.user else "")
    if not address or not ticket.customer.notify or code in ticket.customer.muted:
        return
    common = {
        "number": ticket.number, "subject": ticket.subject, "requester": person.name,
        "provider": settings.YIZHAN.provider_name, "hotline": settings.YIZHAN.hotline,
        "engineer": str(ticket.owner or ""),
    }  # fmt: skip
    thread = f"<ticket.{ticket.reply_token}@yizhan>"
    own = f"<ticket.{ticket.reply_token}.{secrets.token_hex(6)}@yizhan>"
    notices.queue(
        code, address=address, language=language_of(ticket), variables={**common, **variables}, about=ticket,
        sender=sender_of(ticket), headers={"References": thread, "Message-ID": own}, at_most_every=at_most_every, secret=secret,
    )  # fmt: skip


@events.inside(TicketRegistered)
def acknowledge(envelope: Envelope) -> None:
    """None for quick logs; at most one per address and hour, so that two programs never feed each other."""
    event = cast(TicketRegistered, envelope.event)
    if event.quick or event.backfilled:
        return
    tell(load(envelope), words.RECEIVED, at_most_every=ACKNOWLEDGE_EVERY)


@events.inside(TicketCompleted)
def ask_for_signature(envelope: Envelope) -> None:
    event = cast(TicketCompleted, envelope.event)
    ticket = load(envelope)
    sheet = ServiceSheet.objects.get(number=event.sheet)
    token = new_link(ticket, sheet)
    link = f"{settings.YIZHAN.base_url}/s/{token}"
    if not event.quick:
        tell(ticket, words.COMPLETED, secret=token, link=link, work=sheet.actions_taken)


@events.inside(ServiceRestored)
@events.inside(TicketCompleted)
def tell_affected(envelope: Envelope) -> None:
    """Everybody with the same fault hears once that it is over."""
    ticket = load(envelope)
    if not ticket.affected_count:
        return
    waiting = AffectedUser.objects.filter(ticket=ticket, told_at=None).select_related("contact__user")
    for row in waiting:
        if row.contact is not None:
            tell(ticket, words.RESTORED, to=row.contact)
    waiting.update(told_at=clock.now())


@events.inside(MessagePosted)
def forward_reply(envelope: Envelope) -> None:
    """An engineer's answer goes out where the requester writes from: by mail."""
    event = cast(MessagePosted, envelope.event)
    if event.by_customer:
        return
    ticket = load(envelope)
    if ticket.channel != Channel.MAIL and not Message.objects.filter(Q(ticket=ticket, channel=Channel.MAIL)).exists():
        return
    message = Message.objects.select_related("author").get(pk=event.message)
    tell(ticket, words.REPLIED, body=message.body, engineer=str(message.author or ""))


@events.inside(TicketArchived)
def tell_closed(envelope: Envelope) -> None:
    """Who gets no service hears why."""
    event = cast(TicketArchived, envelope.event)
    if event.closure_code in {ClosureCode.NORMAL, ClosureCode.FOLLOWED_UP, ClosureCode.CANCELLED}:
        return
    tell(load(envelope), words.CLOSED, reason=event.text)
