"""REST of tickets: thin, every rule is a command's."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status

from yizhan.kernel import custom_fields
from yizhan.kernel.errors import Forbidden, Invalid, NotFound
from yizhan.kernel.lifecycle import Transition
from yizhan.kernel.lifecycle.bodies import body_of, perform
from yizhan.kernel.paging import paginate
from yizhan.kernel.rest import documented, listed, read_body
from yizhan.kernel.web import actor_of, clean_limit
from yizhan.tickets import schemas as s
from yizhan.tickets.intake import register_request
from yizhan.tickets.models import Channel, Ticket
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.presenting import EntryOut, MessageOut, TicketOut, definitions_for, entry_out, sheet_out, ticket_out
from yizhan.tickets.queries import category_of, filtered, ticket_fields, ticket_view, with_joins
from yizhan.tickets.services.messages import NewMessage, TicketChanges, edit_ticket, post_message
from yizhan.tickets.states import TicketLife
from yizhan.tickets.timeline import timeline

router = Router(tags=["tickets"])
ORDER = ("-received_at", "-id")
OUT, OUT_MADE = {200: dict[str, Any]}, {201: dict[str, Any]}
ONE, MANY, MADE, STORY = {200: TicketOut}, {200: listed(TicketOut)}, {201: TicketOut}, {200: listed(EntryOut)}


class Filters(Schema):
    """Each by field name; `view` is one of open, unassigned, offered, mine, following, completed, archived, all."""

    view: str = "all"
    state: str | None = None
    sub_state: str | None = None
    kind: str | None = None
    channel: str | None = None
    level: int | None = None
    customer: str | None = None
    category: str | None = None
    owner: str | None = None
    handler: str | None = None
    site: int | None = None
    department: int | None = None
    requester_id: int | None = None


def visible(request: HttpRequest, number: str) -> Ticket:
    rows = with_joins(tickets.scope(actor_of(request), TicketPermission.VIEW))
    ticket = rows.filter(number=number).first()
    if ticket is None:
        raise NotFound
    return ticket


@router.get("", response=OUT, operation_id="tickets_list", openapi_extra=documented(answers=MANY))
def list_tickets(request: HttpRequest, filters: Query[Filters], limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
    actor = actor_of(request)
    rows = filtered(ticket_view(actor, filters.view), filters.dict(exclude_none=True, exclude={"view"}))
    page = paginate(with_joins(rows), ORDER, limit=clean_limit(limit), cursor=cursor)
    own = definitions_for(page.items)
    return {"items": [ticket_out(actor, ticket, own) for ticket in page.items], "next": page.next}


@router.post("", response=OUT_MADE, operation_id="tickets_create", openapi_extra=documented(s.NewTicketIn, answers=MADE))
def create_ticket(request: HttpRequest) -> Status[dict[str, Any]]:
    actor = actor_of(request)
    if not actor.holds(TicketPermission.REGISTER):
        raise Forbidden
    body = read_body(request, s.NewTicketIn)
    if body.channel not in Channel.values:
        raise Invalid(_("Some fields are not right."), fields={"channel": [_("Unknown channel.")]})
    ticket = register_request(actor=actor, body=body)
    return Status(201, ticket_out(actor, ticket))


@router.get("/{number}", response=OUT, operation_id="tickets_read", openapi_extra=documented(answers=ONE))
def read_ticket(request: HttpRequest, number: str) -> dict[str, Any]:
    ticket = visible(request, number)
    sheets = ticket.sheets.select_related("category", "submitted_by").order_by("pk")
    return {**ticket_out(actor_of(request), ticket), "sheets": [sheet_out(sheet) for sheet in sheets]}


@router.patch("/{number}", response=OUT, operation_id="tickets_change", openapi_extra=documented(s.TicketChangeIn, answers=ONE))
def change_ticket(request: HttpRequest, number: str) -> dict[str, Any]:
    actor, ticket = actor_of(request), visible(request, number)
    tickets.require(actor, TicketPermission.EDIT, ticket)
    given = read_body(request, s.TicketChangeIn).dict(exclude_unset=True)
    version = given.pop("version", None)
    if given.get("custom") is not None:
        given["custom"] = custom_fields.from_program(ticket_fields(ticket), given["custom"])
    places = registration_places(given, ticket)
    changes = TicketChanges(**{**given, **places})
    edited = edit_ticket(actor=actor, number=number, changes=changes, version=version)
    return ticket_out(actor, edited)


def registration_places(given: dict[str, Any], ticket: Ticket) -> dict[str, Any]:
    """Ids and codes of a PATCH as the records they name."""
    found: dict[str, Any] = {}
    if "category" in given:
        found["category"] = category_of(given["category"])
    for name, model in (("site", ticket.customer.site_set), ("department", ticket.customer.department_set)):
        if given.get(name) is not None:
            found[name] = model.filter(pk=given[name], active=True).first()
            if found[name] is None:
                raise Invalid(f"{name}: {given[name]}", code="unknown_reference", fields={name: [f"{given[name]}?"]})
    return found


@router.get("/{number}/timeline", response=OUT, operation_id="tickets_timeline", openapi_extra=documented(answers=STORY))
def read_timeline(request: HttpRequest, number: str) -> dict[str, Any]:
    entries = timeline(actor_of(request), visible(request, number))
    return {"items": [entry_out(entry) for entry in entries], "next": None}


@router.post(
    "/{number}/messages", response=OUT_MADE, operation_id="tickets_message",
    openapi_extra=documented(s.MessageIn, answers={201: MessageOut}),
)  # fmt: skip
def write_message(request: HttpRequest, number: str) -> Status[dict[str, Any]]:
    actor, ticket = actor_of(request), visible(request, number)
    if not tickets.allows(actor, TicketPermission.NOTE, ticket):
        tickets.require(actor, TicketPermission.REPLY, ticket)
    body = read_body(request, s.MessageIn)
    message = NewMessage(body.body, body.internal, tuple(body.attachments), Channel.API)
    row = post_message(actor=actor, number=number, message=message, version=body.version)
    shown = {"id": row.pk, "body": row.body, "internal": row.internal, "created_at": row.created_at}
    return Status(201, {**shown, "attachments": body.attachments})


def act(request: HttpRequest, number: str, transition: Transition) -> dict[str, Any]:
    """404 by scope, 403, 422 body, 409, 422 guard: in this order."""
    actor, ticket = actor_of(request), visible(request, number)
    tickets.require(actor, transition.permission, ticket)
    body = read_body(request, body_of(transition))
    return ticket_out(actor, perform(transition, actor, number, body))


def add_action(transition: Transition) -> None:
    """One operation per action, so that each body stands in OpenAPI with its example."""

    def view(request: HttpRequest, number: str) -> dict[str, Any]:
        return act(request, number, transition)

    path, words = f"/{{number}}/actions/{transition}", transition.action.replace("_", " ").capitalize()
    router.add_api_operation(
        path, ["POST"], view, response=OUT, operation_id=f"tickets_{transition}", summary=words,
        openapi_extra=documented(body_of(transition), answers=ONE),
    )  # fmt: skip


for _transition in TicketLife.transitions.values():
    add_action(_transition)


@router.post("/{number}/actions/{action}", response=OUT, operation_id="tickets_unknown_action", include_in_schema=False)
def unknown_action(request: HttpRequest, number: str, action: str) -> dict[str, Any]:
    visible(request, number)
    raise NotFound(_("There is no such action."), code="unknown_action")
