"""Work itself: judging, appointments, remote sessions, visits, pauses, restoration."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Forbidden, Invalid
from yizhan.kernel.lifecycle.asking import When
from yizhan.tickets.events import (
    EngineerArrived,
    EngineerDeparted,
    EngineerLeft,
    LevelJudged,
    RemoteStarted,
    ServiceRestored,
    TicketResumed,
    TicketSuspended,
    VisitScheduled,
)
from yizhan.tickets.models import Level, Paused, Proof, RemoteSession, State, SubState, Ticket, Visit
from yizhan.tickets.parameters import Agreement, LevelNumber, Name, PauseReason, Session, Shown, Tool, Words
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.services.acting import Case, begin, working_sub_state
from yizhan.tickets.services.taking import required
from yizhan.tickets.states import TicketLife

BACKDATED = timedelta(minutes=30)
NEEDS_ETA = {Paused.WAIT_VENDOR, Paused.REPAIR_OUT}


def wrong(field: str, message: object) -> Invalid:
    return Invalid(_("Some fields are not right."), fields={field: [message]})


@command
def judge_level(*, actor: Actor, number: str, level: LevelNumber, reason: Words = "", version: int | None = None) -> Ticket:
    """Say how bad it is after first contact. Later lowering is the service manager's.

    Changing the reported level needs a reason; confirming it is one tap.
    """
    case = begin(actor, number, TicketLife.judge_level, version)
    ticket = case.ticket
    if level not in Level.values:
        raise wrong("level", _("A level is 1, 2, 3 or 4."))
    if level != ticket.level:
        required(reason, "reason")
    lowers = ticket.level_judged and level > ticket.level
    if lowers and not tickets.allows(actor, TicketPermission.LOWER, ticket):
        raise Forbidden(_("Only the service manager lowers a level that was judged."), code="lowering_needs_manager")
    before, ticket.level, ticket.level_judged = ticket.level, level, True
    return case.finish(LevelJudged(ticket.number, level, before, reason.strip()))


@command
def schedule_ticket(*, actor: Actor, number: str, at: When, note: Agreement, version: int | None = None) -> Ticket:
    """Agree on a time with somebody (`note` says with whom)."""
    case = begin(actor, number, TicketLife.schedule, version)
    text = required(note, "note")
    if at <= case.now:
        raise wrong("at", _("The agreed time lies in the past."))
    case.ticket.scheduled_at, case.ticket.scheduled_note = at, text
    if case.ticket.sub_state not in {SubState.ON_SITE, SubState.EN_ROUTE}:
        case.move(State.IN_PROGRESS, SubState.SCHEDULED)
    return case.finish(VisitScheduled(case.ticket.number, at.isoformat(), text))


@command
def start_remote(*, actor: Actor, number: str, tool: Tool, session: Session = "", version: int | None = None) -> Ticket:
    """Begin a remote session; tool and session number stay on the record."""
    case = begin(actor, number, TicketLife.start_remote, version)
    tool = required(tool, "tool")
    RemoteSession.objects.create(
        ticket=case.ticket, engineer_id=actor.person, tool=tool, session=session.strip(), started_at=case.now
    )
    if case.ticket.sub_state not in {SubState.ON_SITE, SubState.EN_ROUTE}:
        case.move(State.IN_PROGRESS, SubState.REMOTE)
    return case.finish(RemoteStarted(case.ticket.number, tool, session.strip()))


def own_visit(case: Case) -> Visit | None:
    return Visit.objects.filter(ticket=case.ticket, engineer_id=case.actor.user_id, left_at=None).first()


@command
def depart_for_ticket(*, actor: Actor, number: str, version: int | None = None) -> Ticket:
    """Set off for the user's place."""
    case = begin(actor, number, TicketLife.depart, version)
    Visit.objects.create(ticket=case.ticket, engineer_id=actor.person, departed_at=case.now)
    case.move(State.IN_PROGRESS, SubState.EN_ROUTE)
    return case.finish(EngineerDeparted(case.ticket.number))


@command
def arrive_at_ticket(
    *, actor: Actor, number: str, proof: Shown = Proof.NONE, note: Name = "", version: int | None = None
) -> Ticket:
    """Be there. A stationed engineer begins here; missing proof never blocks, it shows as unverified."""
    case = begin(actor, number, TicketLife.arrive, version)
    if proof not in Proof.values:
        proof, note = Proof.NONE, note or proof
    visit = own_visit(case) or Visit(ticket=case.ticket, engineer_id=actor.person)
    visit.arrived_at, visit.proof, visit.proof_note = case.now, proof, note.strip()[:200]
    visit.save()
    case.ticket.arrived_at = case.ticket.arrived_at or case.now
    case.move(State.IN_PROGRESS, SubState.ON_SITE)
    return case.finish(EngineerArrived(case.ticket.number, proof, note.strip()[:200]))


@command
def leave_ticket(*, actor: Actor, number: str, version: int | None = None) -> Ticket:
    """Leave the site: the visit ends."""
    case = begin(actor, number, TicketLife.leave, version)
    end_visits(case)
    case.move(State.IN_PROGRESS, working_sub_state(case.ticket))
    return case.finish(EngineerLeft(case.ticket.number))


def end_visits(case: Case) -> int:
    return Visit.objects.filter(ticket=case.ticket, left_at=None).update(left_at=case.now)


@command
def suspend_ticket(
    *, actor: Actor, number: str, reason: PauseReason, note: Words, eta: When | None = None, version: int | None = None
) -> Ticket:
    """Let work rest for a stated reason, with evidence; a vendor or a repair needs a date too."""
    case = begin(actor, number, TicketLife.suspend, version)
    if reason not in Paused.values:
        raise wrong("reason", _("Unknown reason for a pause."))
    text = required(note, "note")
    if reason in NEEDS_ETA and eta is None:
        raise wrong("eta", _("Say when it is expected back."))
    if eta is not None and eta <= case.now:
        raise wrong("eta", _("The expected time lies in the past."))
    case.ticket.resume_to, case.ticket.suspended_until = case.ticket.sub_state, eta
    case.move(State.IN_PROGRESS, reason)
    return case.finish(TicketSuspended(case.ticket.number, reason, text, eta.isoformat() if eta else None))


def wake_up(ticket: Ticket) -> None:
    """Back to where the pause began."""
    ticket.sub_state = ticket.resume_to or working_sub_state(ticket)
    ticket.resume_to, ticket.suspended_until = "", None


@command
def resume_ticket(*, actor: Actor, number: str, version: int | None = None) -> Ticket:
    """End the pause."""
    case = begin(actor, number, TicketLife.resume, version)
    wake_up(case.ticket)
    return case.finish(TicketResumed(case.ticket.number))


@command
def mark_restored(*, actor: Actor, number: str, at: When | None = None, note: Words = "", version: int | None = None) -> Ticket:
    """Say since when the user can work again: the resolution clock stops there, paperwork follows."""
    case = begin(actor, number, TicketLife.mark_restored, version)
    moment = at or clock.now()
    if moment > case.now + timedelta(minutes=5) or moment < case.ticket.received_at:
        raise wrong("at", _("The time must lie between the report and now."))
    case.ticket.restored_at = min(moment, case.now)
    case.ticket.restored_backdated = case.now - moment > BACKDATED
    event = ServiceRestored(case.ticket.number, moment.isoformat(), case.ticket.restored_backdated, note.strip())
    return case.finish(event)
