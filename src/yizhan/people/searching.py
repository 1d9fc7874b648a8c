"""People in the search index."""

from collections.abc import Iterable

from django.db.models import Q
from django.urls import reverse

from yizhan.kernel import clock, custom_fields, search
from yizhan.kernel.actor import Actor
from yizhan.kernel.models import CustomField
from yizhan.kernel.search.query import audiences
from yizhan.people.models import Contact
from yizhan.people.policies import PeoplePermission as P


def definitions() -> list[CustomField]:
    return custom_fields.definitions("people.contact")


def contact_entry(contact: Contact, own: list[CustomField]) -> search.Entry:
    public, internal = custom_fields.search_texts(own, contact.custom)
    place = [str(part) for part in (contact.department, contact.site, contact.place, contact.title) if part]
    return search.Entry(
        record=contact, customer_id=contact.customer_id, number="", title=" · ".join([contact.name, *place]),
        at=clock.now(), public=search.text_tokens(*place, *public, names=[contact.name]),
        internal=search.text_tokens(*internal), restricted=search.text_tokens(contact.email, phones=[contact.phone]),
    )  # fmt: skip


def index_contacts(contacts: Iterable[Contact]) -> None:
    """Write or rewrite them in one statement; the names of their places come from memory or one lookup each."""
    listed = list(contacts)
    own = definitions() if any(contact.custom for contact in listed) else []
    search.write_many([contact_entry(contact, own) for contact in listed])


def visible(actor: Actor) -> Q | None:
    """Contacts of the customers whose contacts the actor may see; a customer's people find theirs by public words."""
    customers = actor.customers_with(P.VIEW_CONTACTS)
    if customers is not None and not customers:
        return None
    own = Q() if customers is None else Q(customer_id__in=customers)
    return audiences(internal=actor.customers_with(P.VIEW_STAFF), restricted=actor.customers_with(P.VIEW_PHONES), own=own)


search.register(
    search.Source("people.contact", "contact", visible, lambda row: reverse("resource-contacts-detail", args=[row.object_id]))
)
