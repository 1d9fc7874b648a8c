"""What a person decides about a message that the program could not place; and doing it again."""

from django.utils.translation import gettext_lazy as _

from yizhan.channels.drivers.mail.reading import ReadLetter, read_letters
from yizhan.channels.models import InboundMessage
from yizhan.channels.policies import ChannelPermission, inbound
from yizhan.channels.queries import raw_content
from yizhan.channels.services.mail import process
from yizhan.kernel import audit
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command, outside_commands
from yizhan.kernel.errors import Conflict, Invalid, NotFound, TemporaryFailure
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


def letter_of(actor: Actor, pk: int) -> ReadLetter | Exception:
    """What the message says, read before any transaction begins: a large letter's reader may take its time.

    Raises:
        NotFound, Forbidden: it is not the actor's to decide.
        Conflict: `busy`, the machine had no time to read it.
    """
    outside_commands("the reader of a letter")
    row = inbound.find(actor, ChannelPermission.VIEW, pk=pk)
    inbound.require(actor, ChannelPermission.TRIAGE, row)
    (found,) = read_letters([raw_content(row)])
    if isinstance(found, TemporaryFailure):
        raise Conflict(_("The machine is busy just now. Nothing was changed; try again in a moment."), code="busy")
    return found


def place_message(*, actor: Actor, message: int, contact: int | None = None, name: str = "", phone: str = "") -> InboundMessage:
    """Attach a waiting message to a known contact, or to a new one; the address is remembered, the message processed.

    Raises:
        Conflict: it does not wait any more.
        Invalid: neither a contact nor a name was given.
    """
    return place_letter(actor=actor, message=message, letter=letter_of(actor, message), contact=contact, name=name, phone=phone)


@command
def place_letter(
    *, actor: Actor, message: int, letter: ReadLetter | Exception, contact: int | None, name: str, phone: str
) -> InboundMessage:
    """The same with the letter read already."""
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
    process(row, letter)
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


def replay_message(*, actor: Actor, message: int) -> InboundMessage:
    """Process the raw message again. One that already became a ticket stays as it is: nothing is done twice."""
    return replay_letter(actor=actor, message=message, letter=letter_of(actor, message))


@command
def replay_letter(*, actor: Actor, message: int, letter: ReadLetter | Exception) -> InboundMessage:
    """The same with the letter read already."""
    row = locked(actor, message)
    if row.state == S.PROCESSED:
        return row
    before = audit.snapshot(row)
    row.state = S.STORED
    process(row, letter)
    audit.record(actor, "replay_message", row, before, audit.snapshot(row))
    return row
