"""What a channel or program says of a new request, turned into records within the actor's scope."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import attachments, custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Forbidden, Invalid, Text
from yizhan.kernel.handwritten import Columns, first_row
from yizhan.people import policies
from yizhan.people.models import Contact, Customer, Department, Site
from yizhan.people.policies import PeoplePermission
from yizhan.people.services.contacts import find_or_add_contact
from yizhan.tickets.models import Ticket
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.queries import category_of
from yizhan.tickets.schemas import NewTicketIn
from yizhan.tickets.services.messages import own_files
from yizhan.tickets.services.registering import NewTicket, register_ticket
from yizhan.tickets.services.sheets import quick_log

# By hand: with every registration the model query's building took longer than its answer.
CUSTOMER = Columns(Customer, "c")
OF_CODE = f"SELECT {CUSTOMER} FROM people_customer c WHERE c.code = %s AND c.active"  # noqa: S608 - column names only
OF_ID = f"SELECT {CUSTOMER} FROM people_customer c WHERE c.id = %s AND c.active"  # noqa: S608


def unknown(field: str, message: Text) -> Invalid:
    return Invalid(message, code="unknown_reference", fields={field: [message]})


def customer_of(actor: Actor, code: str | None) -> Customer:
    """The customer of that code among those for whom the actor may register; his own without a code."""
    named, value = (OF_CODE, code) if code is not None else (OF_ID, actor.home_customer_id)
    row = first_row(named, [value]) if value is not None else None
    customer = CUSTOMER.made(row) if row else None
    if customer is None or not policies.customers.allows(actor, PeoplePermission.VIEW_PLACES, customer):
        raise unknown("customer", _("There is no such customer."))
    if not actor.holds(TicketPermission.REGISTER, customer.pk):
        raise Forbidden
    return customer


def requester_of(actor: Actor, customer: Customer, body: NewTicketIn) -> Contact:
    """Whom the request is for: named by id or by name, else the caller himself."""
    if body.requester_id is not None and body.requester is not None:
        message = _("Give requester_id or requester, not both.")
        raise Invalid(message, code="two_requesters", fields={"requester": [message], "requester_id": [message]})
    people = Contact.objects.select_related("customer", "site", "department", "user")
    own = people.get(pk=actor.contact_id) if actor.contact_id and actor.home_customer_id == customer.pk else None
    if body.requester_id is not None:
        rows = policies.contacts.scope(actor, PeoplePermission.VIEW_CONTACTS).filter(customer=customer, active=True)
        found = rows.select_related("site", "department", "user").filter(pk=body.requester_id).first()
        if found is None and own is not None and own.pk == body.requester_id:
            found = own
        if found is None:
            raise unknown("requester_id", _("There is no such contact at this customer."))
        return found
    if body.requester is None:
        if own is None:
            message = _("Say who reports: requester_id or requester.")
            raise Invalid(message, code="requester_missing", fields={"requester": [message]})
        return own
    given = body.requester
    if not actor.holds(PeoplePermission.VIEW_CONTACTS, customer.pk):
        if own is None or given.name != own.name:
            raise unknown("requester", _("You report for yourself; your contact person may report for others."))
        return own
    return find_or_add_contact(actor=actor, customer=customer, name=given.name, phone=given.phone or "", email=given.email or "")


def place_of(rows: Any, pk: int | None, field: str) -> Any:
    if pk is None:
        return None
    found = rows.filter(pk=pk, active=True).first()
    if found is None:
        raise unknown(field, _("There is no such place at this customer."))
    return found


@command
def register_request(*, actor: Actor, body: NewTicketIn) -> Ticket:
    """A program's request: contact, ticket, files and (quick log) sheet stand or fall together."""
    new = registration(actor, body)
    files = own_files(actor, body.attachments, new.customer.pk)
    if body.complete:
        sheet = body.complete.sheet.told()
        ticket = quick_log(actor=actor, new=new, level=body.complete.level, sheet=sheet)
    else:
        ticket = register_ticket(actor=actor, new=new)
    attachments.adopt(files, ticket, customer_id=ticket.customer_id, part_id=None, internal=False)
    return ticket


def registration(actor: Actor, body: NewTicketIn) -> NewTicket:
    """The body's references resolved; everything else is the command's to judge."""
    customer = customer_of(actor, body.customer)
    return NewTicket(
        customer=customer,
        requester=requester_of(actor, customer, body),
        subject=body.subject,
        description=body.description,
        kind=body.kind,
        reported_level=body.reported_level,
        category=category_of(body.category),
        site=place_of(Site.objects.filter(customer=customer), body.site, "site"),
        department=place_of(Department.objects.filter(customer=customer), body.department, "department"),
        place=body.place,
        channel=body.channel,
        source_id=body.source_id,
        received_at=body.received_at,
        custom=custom_of(actor, customer, body.custom),
    )


def custom_of(actor: Actor, customer: Customer, given: dict[str, Any]) -> dict[str, Any]:
    """A program's `{key: value}` as it is stored; of our internal fields a customer's people know nothing."""
    if not given:
        return {}
    ours = actor.is_system or tickets.is_staff(actor, customer.pk)
    own = [found for found in custom_fields.definitions("tickets.ticket") if found.public or ours]
    return custom_fields.merged({}, own, custom_fields.from_program(own, given))
