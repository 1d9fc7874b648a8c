"""Reads about channels."""

from django.db.models import Q, QuerySet

from yizhan.channels.models import InboundMessage, Mailbox, RawPayload
from yizhan.channels.policies import ChannelPermission, inbound, mailboxes
from yizhan.kernel.actor import Actor

WAITING = (InboundMessage.State.TRIAGE, InboundMessage.State.FAILED)


def raw_content(message: InboundMessage) -> bytes:
    raw = RawPayload.objects.get(at=message.raw_at, id=message.raw_id)
    return bytes(raw.content)


def inbound_messages(actor: Actor, state: str) -> QuerySet[InboundMessage]:
    """What came in for the actor's customers; `waiting` is what a person must look at."""
    rows = inbound.scope(actor, ChannelPermission.VIEW).select_related("mailbox", "customer", "ticket", "contact")
    if state == "waiting":
        return rows.filter(state__in=WAITING)
    return rows.filter(state=state) if state in InboundMessage.State.values else rows


def waiting_count(actor: Actor) -> int:
    if not actor.holds(ChannelPermission.VIEW):
        return 0
    return inbound.scope(actor, ChannelPermission.VIEW).filter(state__in=WAITING)[:100].count()


def visible_mailboxes(actor: Actor) -> QuerySet[Mailbox]:
    return mailboxes.scope(actor, ChannelPermission.VIEW).select_related("customer").order_by("name")


def mailbox_for(customer_id: int) -> Mailbox | None:
    """The mailbox that speaks for a customer."""
    return Mailbox.objects.filter(Q(customer_id=customer_id), active=True).order_by("pk").first()


def mailbox_addressed(address: str) -> Mailbox | None:
    return Mailbox.objects.filter(address=address, active=True).first() if address else None
