"""Reads about channels."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import QuerySet

from yizhan.channels.models import Call, InboundMessage, Mailbox, RawPayload
from yizhan.channels.policies import ChannelPermission, calls, inbound, mailboxes
from yizhan.kernel.actor import Actor
from yizhan.people.models import Contact

WAITING = (InboundMessage.State.TRIAGE, InboundMessage.State.FAILED)
MOST = 100
WAITING_COUNT = f"""
SELECT count(*) FROM (
    SELECT FROM channels_inboundmessage
    WHERE state IN ('triage', 'failed') AND (%(all)s OR customer_id = ANY(%(customers)s))
    UNION ALL SELECT FROM channels_call
    WHERE state = 'missed' AND returned_at IS NULL AND (%(all)s OR customer_id IS NULL OR customer_id = ANY(%(customers)s))
    LIMIT {MOST}) AS waiting
"""  # noqa: S608 - nothing of a person's stands in it


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


def waiting_count(actor: Actor) -> int:
    """Messages and missed calls that want a person, at most `MOST`. It stands on every page, so it is asked by hand."""
    customers = actor.customers_with(ChannelPermission.VIEW)
    if customers is not None and not customers:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(WAITING_COUNT, {"all": customers is None, "customers": list(customers or ())})
        (found,) = cursor.fetchone() or (0,)
        return int(found)


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
    return Mailbox.objects.filter(address=address, active=True).first() if address else None


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


def missed_count(actor: Actor) -> int:
    return visible_calls(actor, "missed")[:100].count() if actor.holds(ChannelPermission.VIEW) else 0
