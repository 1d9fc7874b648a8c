"""The ticket list's columns: what may stand on the screen and in the Excel file; and the ledger that customers know."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import custom_fields
from yizhan.kernel.actor import Actor, Permission
from yizhan.kernel.errors import Forbidden
from yizhan.kernel.listing import Column, Listing, register_listing
from yizhan.kernel.listing.queries import is_among
from yizhan.kernel.policy import Policy
from yizhan.kernel.resource.declaration import custom_column
from yizhan.people.models.customers import masked
from yizhan.people.policies import PeoplePermission, contacts, customers, departments, number_for, sites, users
from yizhan.tickets.models import ServiceSheet, SignOff, SubState, Ticket
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.queries import FILTERS, filtered, for_list, ticket_view, with_joins

LEDGER = (
    "number", "received_at", "department", "requester", "phone", "subject", "level", "actions_taken", "outcome", "owner",
    "arrived_at", "completed_at", "signature", "remark",
)  # fmt: skip
FROM_SHEET = {"diagnosis", "actions_taken", "outcome", "labour_minutes", "cause_category"}


def last_sheet(ticket: Ticket) -> ServiceSheet | None:
    sheets = list(ticket.sheets.all())
    return sheets[-1] if sheets else None


def of_sheet(name: str) -> Callable[[Ticket], Any]:
    def value(ticket: Ticket) -> Any:
        sheet = last_sheet(ticket)
        if sheet is None:
            return None
        shown = getattr(sheet, f"get_{name}_display", None)
        return shown() if shown else getattr(sheet, name)

    return value


def signature(ticket: Ticket) -> str:
    signed = [sign for sign in ticket.sign_offs.all() if sign.valid]
    return f"{signed[0].signer_name or ''} {signed[0].get_method_display()}".strip() if signed else ""


def text(name: str) -> Callable[[Ticket], Any]:
    return lambda ticket: str(getattr(ticket, name) or "")


def shown(name: str) -> Callable[[Ticket], Any]:
    return lambda ticket: str(getattr(ticket, f"get_{name}_display")())


def plain(name: str) -> Callable[[Ticket], Any]:
    return lambda ticket: getattr(ticket, name)


def state(ticket: Ticket) -> str:
    """The state; of a dispatched ticket with whom it waits for."""
    dispatched = f" · {ticket.sub_state_words}" if ticket.sub_state == SubState.OFFERED else ""
    return f"{ticket.get_state_display()}{dispatched}"


COLUMNS: tuple[Column, ...] = (
    Column("number", _("ticket number"), plain("number")), Column("kind", _("kind"), shown("kind")),
    Column("subject", _("subject"), plain("subject")), Column("description", _("description"), plain("description")),
    Column("customer", _("customer"), text("customer")), Column("site", _("site"), text("site")),
    Column("department", _("department"), text("department")), Column("place", _("place"), plain("place")),
    Column("requester", _("requester"), text("requester")), Column("phone", _("phone"), lambda t: masked(t.requester.phone)),
    Column("category", _("category"), text("category")), Column("channel", _("channel"), shown("channel")),
    Column("reported_level", _("reported level"), shown("reported_level")), Column("level", _("level"), shown("level")),
    Column("state", _("state"), state), Column("sub_state", _("sub-state"), plain("sub_state_words")),
    Column("owner", _("owner"), text("owner")), Column("handler", _("handler"), text("handler")),
    Column("first_contact_owner", _("first contact"), text("first_contact_owner")),
    Column("received_at", _("received"), plain("received_at")), Column("responded_at", _("responded"), plain("responded_at")),
    Column("arrived_at", _("arrived"), plain("arrived_at")), Column("restored_at", _("restored"), plain("restored_at")),
    Column("completed_at", _("completed at"), plain("completed_at")), Column("archived_at", _("archived at"), plain("archived_at")),
    Column("touched_at", _("last news"), plain("touched_at")), Column("remind_count", _("chased"), plain("remind_count")),
    Column("reopened_count", _("reopened"), plain("reopened_count")), Column("diagnosis", _("diagnosis"), of_sheet("diagnosis")),
    Column("cause_category", _("cause"), of_sheet("cause_category")),
    Column("actions_taken", _("what was done"), of_sheet("actions_taken")), Column("outcome", _("outcome"), of_sheet("outcome")),
    Column("labour_minutes", _("labour, minutes"), of_sheet("labour_minutes")),
    Column("signature", _("signature"), signature),
    Column("rating", _("rating"), lambda t: t.rating.score if hasattr(t, "rating") else None),
    Column("closure_code", _("closure"), shown("closure_code")), Column("remark", _("remark"), plain("closure_reason")),
)  # fmt: skip


NAMED: dict[str, tuple[Policy[Any], Permission, str]] = {
    "customer": (customers, PeoplePermission.VIEW_PLACES, "code"), "site": (sites, PeoplePermission.VIEW_PLACES, "pk"),
    "department": (departments, PeoplePermission.VIEW_PLACES, "pk"),
    "requester_id": (contacts, PeoplePermission.VIEW_CONTACTS, "pk"),
    "owner": (users, PeoplePermission.VIEW_STAFF, "username"), "handler": (users, PeoplePermission.VIEW_STAFF, "username"),
}  # fmt: skip


class TicketListing(Listing[Ticket]):
    """The staff's list of tickets; `view` and the filters are those of its page and of REST."""

    name, label, order = "tickets", _("Tickets"), ("-received_at", "-id")

    def offered_columns(self, actor: Actor) -> dict[str, Column]:
        found = {column.name: column for column in COLUMNS}
        found["phone"] = Column("phone", _("phone"), lambda t: number_for(actor, t.customer_id, t.requester.phone))
        for definition in custom_fields.definitions("tickets.ticket"):
            found[definition.name] = custom_column(definition, actor, tickets)
        return found

    def usual_columns(self, actor: Actor) -> list[str]:
        return ["level", "subject", "number", "customer", "requester", "state", "owner", "received_at", "touched_at"]

    def require_view(self, actor: Actor) -> None:
        if not tickets.is_staff_somewhere(actor):
            raise Forbidden

    def found(self, actor: Actor, given: QueryDict) -> QuerySet[Ticket]:
        return with_joins(self.matching(actor, given))

    def lines(self, actor: Actor, given: QueryDict) -> QuerySet[Ticket]:
        """The same with no more than the usual line shows."""
        return for_list(self.matching(actor, given))

    def matching(self, actor: Actor, given: QueryDict) -> QuerySet[Ticket]:
        """The same without the joins, for counting."""
        return filtered(ticket_view(actor, given.get("view", "open")), chosen_filters(given))

    def with_columns(self, rows: QuerySet[Ticket], columns: Sequence[Column]) -> QuerySet[Ticket]:
        names = {column.name for column in columns}
        if names & FROM_SHEET:
            rows = rows.prefetch_related(Prefetch("sheets", ServiceSheet.objects.defer("content").order_by("pk")))
        if "signature" in names:
            rows = rows.prefetch_related(Prefetch("sign_offs", SignOff.objects.filter(valid=True).defer("strokes")))
        return rows

    def may_read(self, actor: Actor, given: QueryDict) -> bool:
        """Who serves everybody reads all. Others: no free words, and only customers, places and people whom they see."""
        if actor.customers_with(TicketPermission.VIEW) is None:
            return True
        if given.get("q") or any(name.startswith("custom.") for name in given):
            return False
        for name, (policy, permission, key) in NAMED.items():
            values = [value for value in given.getlist(name) if value]
            if values and not is_among(policy.scope(actor, permission), key, values):
                return False
        return True

    def address(self) -> str:
        return reverse("tickets")


def chosen_filters(given: QueryDict) -> dict[str, list[str]]:
    """The filters that an address names, several values of one as alternatives."""
    found = {name: [v for v in given.getlist(name) if v and "\0" not in v][:10] for name in FILTERS}
    return {name: values for name, values in found.items() if values}


listing = TicketListing()
register_listing(listing)
