"""Contacts that come to us with a request."""

from yizhan.kernel import audit
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.search.tokens import pinyin_key
from yizhan.people.models import Contact, Customer
from yizhan.people.searching import index_contacts


@command
def find_or_add_contact(*, actor: Actor, customer: Customer, name: str, phone: str = "", email: str = "") -> Contact:
    """The customer's contact with this address, or this phone, or (without either) this name; else a new one.

    An address or phone that a known contact lacks is remembered.
    """
    known = Contact.objects.filter(customer=customer, active=True).order_by("pk")
    known = known.select_related("site", "department", "user")
    found = known.filter(email__iexact=email).first() if email else None
    if found is None and phone:
        found = known.filter(phone=phone).first()
    if found is None and name:
        same = known.filter(name=name)
        found = same.filter(phone="").first() if phone else same.first()
        if found and email and found.email:
            found = None
    if found is not None:
        found.customer = customer
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
