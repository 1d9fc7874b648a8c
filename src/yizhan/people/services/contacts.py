"""Contacts that come to us with a request."""

from itertools import accumulate

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Forbidden
from yizhan.kernel.handwritten import Columns, first_row
from yizhan.kernel.search.tokens import pinyin_key
from yizhan.people.models import Contact, Customer, Department, Site, User
from yizhan.people.policies import contacts
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


@command
def find_or_add_contact(*, actor: Actor, customer: Customer, name: str, phone: str = "", email: str = "") -> Contact:
    """The customer's contact with this address, or this phone, or (without either) this name; else a new one.

    An address or phone that a known contact lacks is remembered.
    """
    found = known_as(customer, "upper(p.email) = upper(%s)", email) if email else None
    if found is None and phone:
        found = known_as(customer, "p.phone = %s", phone)
    if found is None and name:
        found = known_as(customer, "p.name = %s AND p.phone = ''" if phone else "p.name = %s", name)
        if found and email and found.email:
            found = None
    before = audit.snapshot(found) if found else {}
    contact = found or Contact(customer=customer, name=name or email or phone)
    contact.phone, contact.email = contact.phone or phone, contact.email or email
    if found and audit.snapshot(contact) == before:
        return contact
    contact.sort_key = pinyin_key(contact.name)
    contact.save()
    index_contacts([contact])
    audit.record(actor, "change_contact" if found else "create_contact", contact, before, audit.snapshot(contact))
    return contact
