"""People in the search index."""

from collections.abc import Iterable

from django.db.models import Q
from django.urls import reverse

from yizhan.kernel import clock, custom_fields, search
from yizhan.kernel.actor import Actor
from yizhan.kernel.models import CustomField, SearchRow
from yizhan.people import policies
from yizhan.people.models import Contact
from yizhan.people.policies import PeoplePermission


def definitions() -> list[CustomField]:
    return custom_fields.definitions("people.contact")


def contact_entry(contact: Contact, own: list[CustomField]) -> search.Entry:
    public, internal = custom_fields.search_texts(own, contact.custom)
    place = [str(part) for part in (contact.department, contact.site, contact.place, contact.title) if part]
    return search.Entry(
        record=contact, customer_id=contact.customer_id, number="", title=" · ".join([contact.name, *place]),
        at=clock.now(), public=search.text_tokens(*place, *public, names=[contact.name]),
        internal=search.text_tokens(contact.email, *internal, phones=[contact.phone]),
    )  # fmt: skip


def index_contacts(contacts: Iterable[Contact]) -> None:
    """Write or rewrite them in one statement; the names of their places come from memory or one lookup each."""
    listed = list(contacts)
    own = definitions() if any(contact.custom for contact in listed) else []
    search.write_many([contact_entry(contact, own) for contact in listed])


def visible(actor: Actor) -> Q | None:
    """Contacts of the customers whose contacts the actor may see; phones match for the entitled only."""
    customers = actor.customers_with(PeoplePermission.VIEW_CONTACTS)
    if customers is not None and not customers:
        return None
    entitled = policies.contacts.where_shown(actor, "phone")
    audience = entitled & Q(audience=SearchRow.Audience.INTERNAL)
    if entitled:
        audience |= ~entitled & Q(audience=SearchRow.Audience.PUBLIC)
    return audience if customers is None else audience & Q(customer_id__in=customers)


search.register(
    search.Source("people.contact", "contact", visible, lambda row: reverse("resource-contacts-detail", args=[row.object_id]))
)
