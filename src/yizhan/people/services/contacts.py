"""Contacts that come to us with a request."""

from itertools import accumulate

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.casing import SAME
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Forbidden, Invalid
from yizhan.kernel.handwritten import Columns, first_row
from yizhan.kernel.search.tokens import pinyin_key
from yizhan.people.models import Contact, Customer, Department, Site, User
from yizhan.people.policies import PeoplePermission, contacts
from yizhan.people.queries import is_ours
from yizhan.people.searching import index_contacts

CONTACT, SITE = Columns(Contact, "p"), Columns(Site, "s")
DEPARTMENT, USER = Columns(Department, "d"), Columns(User, "u")
KNOWN = f"""
SELECT {CONTACT}, {SITE}, {DEPARTMENT}, {USER}
FROM people_contact p LEFT JOIN people_site s ON s.id = p.site_id LEFT JOIN people_department d ON d.id = p.department_id
    LEFT JOIN people_user u ON u.id = p.user_id
WHERE p.customer_id = %s AND p.active AND """  # noqa: S608 - only the models' own column names are put in
BEGINS = list(accumulate((len(CONTACT.names), len(SITE.names), len(DEPARTMENT.names))))


def known_as(customer: Customer, condition: str, value: str) -> Contact | None:
    """The customer's oldest active contact that meets the condition, with place and account."""
    row = first_row(f"{KNOWN} {condition} ORDER BY p.id LIMIT 1", [customer.pk, value])
    contact = CONTACT.made(row) if row else None
    if row and contact:
        contact.customer = customer
        contact.site, contact.department = SITE.made(row, BEGINS[0]), DEPARTMENT.made(row, BEGINS[1])
        contact.user = USER.made(row, BEGINS[2])
    return contact


def rebind(actor: Actor, contact: Contact) -> None:
    """Asked before a contact is written, by whatever way it was changed: whose account speaks as this person?

    Raises:
        Forbidden: another account, or at another customer, and not the actor's to say.
    """
    before, after = contact.stored_binding, contact.binding
    if after == before or (after is None and before is not None and before[0] == contact.user_id):
        return
    accounts = User.objects.in_bulk([found[0] for found in (before, after) if found])
    for found in filter(None, (before, after)):
        if not contacts.may_bind(actor, found[1], accounts[found[0]]):
            raise Forbidden(_("Whose account a contact is, somebody says who may change staff, and nobody of himself."))
    contact.bound_at = clock.now() if after else None


def usable(email: str) -> str:
    """The address as a form would take it; none where it would refuse it, for nobody could correct such a contact.

    None for one of ours either: who writes under a colleague's address would from then on be taken for the customer.
    """
    try:
        Contact._meta.get_field("email").run_validators(email)
    except ValidationError:
        return ""
    return "" if is_ours(email) else email


def require_phone(phone: str) -> None:
    """A new person's number is a number.

    Raises:
        Invalid: beside the entry.
    """
    try:
        Contact._meta.get_field("phone").clean(phone, None)
    except ValidationError as error:
        raise Invalid(_("Some fields are not right."), fields={"phone": list(error.messages)}) from error


def found_as(customer: Customer, name: str, phone: str, email: str) -> Contact | None:
    """By address, by phone; by a name alone only when nothing else was given and one person has it."""
    found = known_as(customer, SAME.format(column="p.email"), email) if email else None
    if found is None and phone:
        found = known_as(customer, "p.phone = %s", phone)
    if found is None and name and not phone and not email:
        same = Contact.objects.filter(customer=customer, active=True, name=name).values_list("pk")[:2]
        found = known_as(customer, "p.name = %s", name) if len(same) == 1 else None
    return found


@command
def find_or_add_contact(*, actor: Actor, customer: Customer, name: str, phone: str = "", email: str = "") -> Contact:
    """Who reports: the customer's contact with this address, or this phone, or (without either) this name; else a new one.

    For who sees this customer's contacts: anybody else would find colleagues by a number, and report in their name.
    Nothing is written into a known contact: sign links go to his address, so only who keeps contacts changes it.
    An address that no form takes is left out.
    Two registrations at once wait for each other here, and make one contact of one new person.

    Raises:
        Forbidden: the customer's contacts are not the actor's to see.
        Invalid: nobody has this number, and it is none.
    """
    if not actor.holds(PeoplePermission.VIEW_CONTACTS, customer.pk):
        raise Forbidden
    found = found_as(customer, name, phone, email)
    if found is not None:
        return found
    require_phone(phone)
    Customer.objects.select_for_update(no_key=True).filter(pk=customer.pk).first()
    found = found_as(customer, name, phone, email)
    if found is not None:
        return found
    label = name or email or phone
    contact = Contact(customer=customer, name=label, phone=phone, email=usable(email), sort_key=pinyin_key(label))
    contact.save(force_insert=True)
    index_contacts([contact])
    audit.record(actor, "create_contact", contact, {}, audit.snapshot(contact))
    return contact


@command
def remember_address(*, actor: Actor, contact: Contact, email: str) -> Contact:
    """Keep the address that somebody wrote from, when a person says whose it is and the contact has none yet.
    An address that no form takes is left out.

    Raises:
        Forbidden: the actor does not keep this customer's contacts.
    """
    contacts.require(actor, PeoplePermission.CHANGE_CONTACTS, contact)
    row = Contact.objects.select_for_update().get(pk=contact.pk)
    if row.email or not usable(email):
        return row
    before = audit.snapshot(row)
    row.email = email
    row.save(update_fields=["email"])
    index_contacts([row])
    audit.record(actor, "change_contact", row, before, audit.snapshot(row))
    return row
