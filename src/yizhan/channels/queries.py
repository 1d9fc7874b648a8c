"""Reads about channels."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from yizhan.channels.models import Call, InboundMessage, Mailbox, RawPayload
from yizhan.channels.policies import ChannelPermission, calls, inbound, mailboxes
from yizhan.kernel.actor import Actor
from yizhan.kernel.casing import in_any_case
from yizhan.kernel.models import Notice
from yizhan.kernel.paging import counted_together
from yizhan.people.models import Contact
from yizhan.people.policies import PeoplePermission
from yizhan.tickets.policies import TicketPermission, tickets

WAITING = (InboundMessage.State.TRIAGE, InboundMessage.State.FAILED)
MOST = 100


def raw_content(message: InboundMessage) -> bytes:
    raw = RawPayload.objects.get(at=message.raw_at, id=message.raw_id)
    return bytes(raw.content)


def raw_contents(messages: Sequence[InboundMessage]) -> dict[int, bytes]:
    """The same for a batch, by message id, in one statement."""
    rows = RawPayload.objects.filter(at__in={m.raw_at for m in messages}, id__in={m.raw_id for m in messages})
    found = {row.id: bytes(row.content) for row in rows}
    return {message.pk: found[message.raw_id] for message in messages}


def inbound_messages(actor: Actor, state: str) -> QuerySet[InboundMessage]:
    """What came in for the actor's customers; `waiting` is what a person must look at."""
    rows = inbound.scope(actor, ChannelPermission.VIEW).select_related("mailbox", "customer", "ticket", "contact")
    if state == "waiting":
        return rows.filter(state__in=WAITING)
    return rows.filter(state=state) if state in InboundMessage.State.values else rows


@dataclass(frozen=True)
class Waiting:
    """Received messages and missed calls that want a person, each at most `MOST`."""

    messages: int = 0
    calls: int = 0


def waiting_counts(actor: Actor) -> Waiting:
    """The lists' own numbers, in one statement, for they stand on every page."""
    if not actor.holds(ChannelPermission.VIEW):
        return Waiting()
    return Waiting(*counted_together([inbound_messages(actor, "waiting"), visible_calls(actor, "missed")], MOST))


def failed_notices(actor: Actor) -> QuerySet[Notice]:
    """Letters that did not leave, to who sorts what comes in or keeps the settings: those about his customers' tickets.

    The others (accounts, the firm's own) are for who holds that for every customer.
    """
    held = [actor.customers_with(p) for p in (ChannelPermission.TRIAGE, PeoplePermission.CHANGE_SETTINGS)]
    rows = Notice.objects.filter(state=Notice.State.FAILED).order_by("-created_at")
    if any(customers is None for customers in held):
        return rows
    served = frozenset[int]().union(*(customers for customers in held if customers))
    theirs = tickets.scope(actor, TicketPermission.VIEW).filter(customer__in=served)
    return rows.filter(object_type="tickets.ticket", object_id__in=theirs.values("pk"))


def visible_mailboxes(actor: Actor) -> QuerySet[Mailbox]:
    return mailboxes.scope(actor, ChannelPermission.VIEW).select_related("customer", "grant").order_by("name")


def address_for(customer_id: int) -> str:
    """The address of the mailbox that speaks for a customer; empty without one. Asked with every registration."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT address FROM channels_mailbox WHERE customer_id = %s AND active ORDER BY id LIMIT 1", [customer_id]
        )
        (found,) = cursor.fetchone() or ("",)
        return str(found)


def mailbox_addressed(address: str) -> Mailbox | None:
    return Mailbox.objects.filter(in_any_case("address", address), active=True).first() if address else None


def contact_calling(number: str, customer_id: int | None) -> Contact | None:
    """The one active contact with this number (its last eleven digits); None when nobody or several have it."""
    if len(number) < 3:
        return None
    rows = Contact.objects.filter(active=True, phone=number)
    rows = rows.filter(customer=customer_id) if customer_id else rows
    found = list(rows[:2])
    return found[0] if len(found) == 1 else None


def visible_calls(actor: Actor, which: str) -> QuerySet[Call]:
    rows = calls.scope(actor, ChannelPermission.VIEW).select_related(
        "contact", "customer", "agent", "ticket", "returned_by", "line"
    )
    return rows.filter(state=Call.State.MISSED, returned_at=None) if which == "missed" else rows
