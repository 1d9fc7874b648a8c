"""People in the search index."""

from django.db.models import Q
from django.urls import reverse

from yizhan.kernel import clock, search
from yizhan.kernel.actor import Actor
from yizhan.kernel.models import SearchRow
from yizhan.people.models import Contact
from yizhan.people.policies import PeoplePermission


def contact_entry(contact: Contact) -> search.Entry:
    place = [str(part) for part in (contact.department, contact.site, contact.place, contact.title) if part]
    return search.Entry(
        record=contact, customer_id=contact.customer_id, number="", title=" · ".join([contact.name, *place]),
        at=clock.now(), public=search.text_tokens(*place, names=[contact.name]),
        internal=search.text_tokens(contact.email, phones=[contact.phone]),
    )  # fmt: skip


def index_contact(contact: Contact) -> None:
    search.write(contact_entry(contact))


def visible(actor: Actor) -> Q | None:
    """Contacts of the customers whose contacts the actor may see; phones match for the entitled only."""
    customers = actor.customers_with(PeoplePermission.VIEW_CONTACTS)
    if customers is not None and not customers:
        return None
    entitled = actor.holds(PeoplePermission.VIEW_PHONES)
    audience = Q(audience=SearchRow.Audience.INTERNAL if entitled else SearchRow.Audience.PUBLIC)
    return audience if customers is None else audience & Q(customer_id__in=customers)


search.register(
    search.Source("people.contact", "contact", visible, lambda row: reverse("resource-contacts-detail", args=[row.object_id]))
)
