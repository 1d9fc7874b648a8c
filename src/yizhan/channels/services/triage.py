"""What a person decides about a message that the program could not place; and doing it again."""

from django.utils.translation import gettext_lazy as _

from yizhan.channels.models import InboundMessage
from yizhan.channels.policies import ChannelPermission, inbound
from yizhan.channels.services.mail import process
from yizhan.kernel import audit
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict, Invalid, NotFound
from yizhan.people.policies import PeoplePermission, contacts
from yizhan.people.services.contacts import find_or_add_contact, remember_address

S = InboundMessage.State


def locked(actor: Actor, pk: int) -> InboundMessage:
    rows = inbound.scope(actor, ChannelPermission.VIEW).select_for_update(of=("self",)).select_related("mailbox", "customer")
    message = rows.filter(pk=pk).first()
    if message is None:
        raise NotFound
    inbound.require(actor, ChannelPermission.TRIAGE, message)
    return message


@command
def place_message(*, actor: Actor, message: int, contact: int | None = None, name: str = "", phone: str = "") -> InboundMessage:
    """Attach a waiting message to a known contact, or to a new one; the address is remembered, the message processed.

    Raises:
        Conflict: it does not wait any more.
        Invalid: neither a contact nor a name was given.
    """
    row = locked(actor, message)
    if row.state not in {S.TRIAGE, S.FAILED}:
        raise Conflict(_("This message has been dealt with already."), code="not_waiting")
    before = audit.snapshot(row)
    if contact is not None:
        people = contacts.scope(actor, PeoplePermission.VIEW_CONTACTS).filter(active=True)
        person = people.filter(pk=contact).select_related("customer").first()
        if person is None or not actor.holds(ChannelPermission.TRIAGE, person.customer_id):
            raise Invalid(_("There is no such contact at this customer."), fields={"contact": [str(contact)]})
        row.customer = person.customer
        remember_address(actor=actor, contact=person, email=row.sender)
    elif name.strip():
        person = find_or_add_contact(actor=actor, customer=row.customer, name=name.strip(), phone=phone, email=row.sender)
    else:
        raise Invalid(_("Say who wrote: a known contact, or a name."), fields={"name": [_("This is needed.")]})
    row.contact, row.state, row.ticket = person, S.STORED, None
    process(row)
    audit.record(actor, "place_message", row, before, audit.snapshot(row))
    return row


@command
def discard_message(*, actor: Actor, message: int, reason: str) -> InboundMessage:
    """Say that a waiting message needs no ticket, and why. The raw message stays."""
    row = locked(actor, message)
    if row.state not in {S.TRIAGE, S.FAILED}:
        raise Conflict(_("This message has been dealt with already."), code="not_waiting")
    if not reason.strip():
        raise Invalid(_("Some fields are not right."), fields={"reason": [_("This is needed.")]})
    before = audit.snapshot(row)
    row.state, row.reason = S.DISCARDED, reason.strip()[:300]
    row.save(update_fields=["state", "reason"])
    audit.record(actor, "discard_message", row, before, audit.snapshot(row))
    return row


@command
def replay_message(*, actor: Actor, message: int) -> InboundMessage:
    """Process the raw message again. One that already became a ticket stays as it is: nothing is done twice."""
    row = locked(actor, message)
    if row.state == S.PROCESSED:
        return row
    before = audit.snapshot(row)
    row.state = S.STORED
    process(row)
    audit.record(actor, "replay_message", row, before, audit.snapshot(row))
    return row
