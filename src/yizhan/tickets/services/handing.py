"""交班, watching, mentioning: who else has to do with tickets."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, clock, notices
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from yizhan.people.models import User
from yizhan.people.queries import is_technician, staff_users
from yizhan.tickets.events import TransferAccepted, TransferDeclined, TransferOffered
from yizhan.tickets.models import Handover, State, Ticket, Watcher
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.queries import with_joins
from yizhan.tickets.services.acting import Case, lock_ticket
from yizhan.tickets.services.taking import hand_over, required

MENTION = re.compile(r"@([A-Za-z0-9_.-]{1,60}|[\u4e00-\u9fff]{2,8})")
S = Handover.State


def own_open(actor: Actor) -> list[Ticket]:
    """The open tickets that this engineer is accountable for, locked in the order of locks."""
    rows = with_joins(tickets.scope(actor, TicketPermission.VIEW)).select_for_update(of=("self",))
    return list(rows.filter(owner=actor.user_id, state=State.IN_PROGRESS).order_by("pk"))


@command
def offer_handover(*, actor: Actor, to: str, note: str = "") -> Handover:
    """Offer all open tickets to one colleague; those of customers whom he does not serve stay.

    Raises:
        Invalid: no such engineer, or nothing to hand over.
        Conflict: `handover_waits`, an offer waits already; the database says so, however many come at once.
    """
    person = User.objects.filter(username=to, is_active=True).first()
    if person is None or person.pk == actor.person:
        raise Invalid(_("Choose a colleague."), fields={"to": [_("This is needed.")]})
    served: dict[int, bool] = {}
    chosen = []
    for ticket in own_open(actor):
        if served.setdefault(ticket.customer_id, is_technician(person, ticket.customer_id)):
            chosen.append(ticket)
    if not chosen:
        raise Invalid(_("There is no open ticket that this colleague could take."), code="nothing_to_hand_over")
    row = Handover.objects.create(sender_id=actor.person, receiver=person, note=note.strip()[:2000], made_at=clock.now())
    row.tickets.set(chosen)
    for ticket in chosen:
        case = Case(actor, ticket, "offer_handover", row.made_at, audit.snapshot(ticket))
        ticket.transfer_to = person
        case.finish(TransferOffered(ticket.number, person.pk, row.note, in_handover=True))
    audit.record(actor, "offer_handover", row, {}, audit.snapshot(row))
    notices.tell_people(
        actor, [person], "handover", url="/handover/", variables={"who": actor.name, "count": len(chosen)}, about=row
    )
    return row


def open_offer(pk: int, **whose: int) -> tuple[Handover, list[Ticket]]:
    """An offer that waits, with its tickets: they are locked first, as everywhere.

    Raises:
        NotFound: it is not this person's.
        Conflict: it has been answered.
    """
    found = Handover.objects.filter(pk=pk, **whose).first()
    if found is None:
        raise NotFound
    rows = with_joins(Ticket.objects.filter(pk__in=found.tickets.values("pk"))).select_for_update(of=("self",))
    listed = [t for t in rows.order_by("pk") if t.transfer_to_id == found.receiver_id and t.owner_id == found.sender_id]
    row = Handover.objects.select_for_update().get(pk=pk)
    if row.state != S.OFFERED:
        raise Conflict(_("This handover has been answered already."), code="handover_answered")
    return row, listed


def close_offer(actor: Actor, row: Handover, state: str, command_name: str) -> Handover:
    before = audit.snapshot(row)
    row.state, row.answered_at = state, clock.now()
    row.save(update_fields=["state", "answered_at"])
    audit.record(actor, command_name, row, before, audit.snapshot(row))
    return row


@command
def answer_handover(*, actor: Actor, handover: int, accept: bool, reason: str = "") -> Handover:
    """Take everything that was offered and is still offered, or decline it with a reason: once for all of it."""
    row, listed = open_offer(handover, receiver_id=actor.person)
    text = "" if accept else required(reason, "reason")
    me = User.objects.get(pk=actor.person)
    for ticket in listed:
        if ticket.state != State.IN_PROGRESS:
            continue
        case = Case.of(actor, ticket, "answer_handover")
        if accept:
            hand_over(ticket, me)
            case.finish(TransferAccepted(ticket.number, me.pk))
        else:
            ticket.transfer_to = None
            case.finish(TransferDeclined(ticket.number, text))
    close_offer(actor, row, S.ACCEPTED if accept else S.DECLINED, "answer_handover")
    code = "handover_accepted" if accept else "handover_declined"
    sender = User.objects.get(pk=row.sender_id)
    notices.tell_people(actor, [sender], code, url="/handover/", variables={"who": actor.name, "reason": text}, about=row)
    return row


@command
def withdraw_handover(*, actor: Actor, handover: int) -> Handover:
    """Take one's own offer back while nobody has answered it."""
    row, listed = open_offer(handover, sender_id=actor.person)
    for ticket in listed:
        case = Case.of(actor, ticket, "withdraw_handover")
        ticket.transfer_to = None
        case.finish()
    return close_offer(actor, row, S.WITHDRAWN, "withdraw_handover")


@command
def watch_ticket(*, actor: Actor, number: str, on: bool) -> Ticket:
    """Follow a ticket, or stop following it. For the staff only."""
    ticket = lock_ticket(actor, number)
    if not tickets.is_staff(actor, ticket.customer_id):
        raise Forbidden
    if on:
        Watcher.objects.get_or_create(ticket=ticket, user_id=actor.person, defaults={"since": clock.now()})
    else:
        Watcher.objects.filter(ticket=ticket, user=actor.person).delete()
    audit.record(actor, "watch_ticket" if on else "unwatch_ticket", ticket, {"watched": not on}, {"watched": on})
    return ticket


def mentioned(ticket: Ticket, text: str) -> list[User]:
    """Colleagues whom a text names as `@username` or `@姓名` and who serve this customer."""
    names = list(dict.fromkeys(MENTION.findall(text)))[:20]
    return list(staff_users(ticket.customer_id, names)) if names else []


def watch_for(ticket: Ticket, people: Sequence[User]) -> None:
    rows = [Watcher(ticket=ticket, user=person, since=clock.now()) for person in people]
    Watcher.objects.bulk_create(rows, ignore_conflicts=True)
