"""同一故障+1: many callers, one fault, one record."""

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict, Forbidden, NotFound
from yizhan.people.models import Contact
from yizhan.people.services.contacts import require_phone
from yizhan.tickets.events import UserAffected
from yizhan.tickets.models import AffectedUser, Ticket
from yizhan.tickets.parameters import PersonName, Phone, Place
from yizhan.tickets.queries import known_faults
from yizhan.tickets.services.acting import Case, begin
from yizhan.tickets.services.taking import required
from yizhan.tickets.states import TicketLife


@command
def add_affected(
    *, actor: Actor, number: str, name: PersonName, phone: Phone = "", place: Place = "", version: int | None = None
) -> Ticket:
    """Note down one more who has the same fault; from the first on it is a known fault of this customer.

    Raises:
        Conflict: `already_affected`, the same person twice.
        Invalid: no contact of this name has this number, and it is none.
    """
    case = begin(actor, number, TicketLife.add_affected, version)
    clean, number_called = required(name, "name")[:80], phone.strip()[:30]
    people = Contact.objects.filter(customer=case.ticket.customer, active=True, name=clean)
    known = people.filter(phone=number_called).first() if number_called else people.first() if people.count() == 1 else None
    if known is None:
        require_phone(number_called)
    return add(case, clean, number_called, place.strip()[:80], known)


def add(case: Case, name: str, phone: str, place: str, contact: Contact | None) -> Ticket:
    same = AffectedUser.objects.filter(ticket=case.ticket, name=name, phone=phone).exists()
    if same or (contact is not None and contact.pk == case.ticket.requester_id):
        raise Conflict(_("This person is noted down already."), code="already_affected")
    row = AffectedUser.objects.create(
        ticket=case.ticket, contact=contact, name=name, phone=phone, place=place, added_by_id=case.actor.user_id,
        added_at=case.now,
    )  # fmt: skip
    audit.record(case.actor, "add_affected", row, {}, audit.snapshot(row))
    case.ticket.affected_count += 1
    return case.finish(UserAffected(case.ticket.number, case.ticket.affected_count))


@command
def report_same_fault(*, actor: Actor, number: str) -> Ticket:
    """A requester's own “me too” on a known fault of his organisation; he need not see the record itself.

    Raises:
        NotFound: no such known fault.
    """
    if actor.contact_id is None:
        raise Forbidden
    found = known_faults(actor).filter(number=number).select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound
    me = Contact.objects.get(pk=actor.contact_id)
    case = Case(actor, found, "report_same_fault", clock.now(), audit.snapshot(found), may_leave_scope=True)
    return add(case, me.name, me.phone, me.place, me)
