"""From completion to the archive: rating, return visit, knowledge, the gate; and the other ways out."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict, Forbidden, GuardFailed, Invalid
from yizhan.tickets.events import (
    KnowledgeDecided,
    ReturnVisitRecorded,
    TicketArchived,
    TicketRated,
    TicketReopened,
)
from yizhan.tickets.evidence import record_made
from yizhan.tickets.gate import Gate, gate_of
from yizhan.tickets.models import (
    VOID_CODES,
    Channel,
    ClosureCode,
    KnowledgeDecision,
    LinkKind,
    Rating,
    ReturnVisit,
    State,
    SubState,
    Ticket,
    VisitResult,
)
from yizhan.tickets.parameters import ArticleNumber, Knowledge, Note, Reason, Score, Tags, VoidCode, Words
from yizhan.tickets.policies import Relation, TicketPermission, has_worked_on, relations, tickets
from yizhan.tickets.services.acting import Case, begin, lock_ticket
from yizhan.tickets.services.messages import link_tickets
from yizhan.tickets.services.registering import NewTicket, register_ticket
from yizhan.tickets.services.signing import back_to_work
from yizhan.tickets.services.taking import required
from yizhan.tickets.states import TicketLife

REOPEN_WINDOW = timedelta(days=7)
DESK_VOID_WINDOW = timedelta(hours=12)
DESK_VOID_CODES = {ClosureCode.DUPLICATE, ClosureCode.MISREPORT}
MAX_TAGS = 8


@dataclass(frozen=True)
class Answer:
    """What was heard when the user was asked."""

    result: str
    solved: bool | None
    satisfied: bool | None
    comment: str = ""


@command
def rate_ticket(
    *, actor: Actor, number: str, score: Score, tags: Tags | None = None, comment: Note = "", version: int | None = None
) -> Ticket:
    """The requester's one opinion, 1 to 5. Nobody else gives it, nobody changes it."""
    case = begin(actor, number, TicketLife.rate, version)
    return case.finish(put_rating(case, score, tags or [], comment))


def put_rating(case: Case, score: int, tags: list[str], comment: str) -> TicketRated:
    if score not in range(1, 6):
        raise Invalid(_("Some fields are not right."), fields={"score": [_("A score is 1 to 5.")]})
    clean = [tag.strip()[:20] for tag in tags[:MAX_TAGS] if tag.strip()]
    row = Rating.objects.create(
        ticket=case.ticket, contact=case.ticket.requester, score=score, tags=clean, comment=comment.strip()[:2000],
        rated_at=case.now,
    )  # fmt: skip
    record_made(case.actor, row, {"score": score, "comment": row.comment})
    if case.ticket.sub_state == SubState.SIGNED:
        case.move(State.COMPLETED, SubState.RATED)
    return TicketRated(case.ticket.number, score, row.comment)


@command
def record_return_visit(
    *,
    actor: Actor,
    number: str,
    result: str,
    satisfied: bool | None = None,
    solved: bool | None = None,
    comment: str = "",
    version: int | None = None,
) -> Ticket:
    """What a follow-up contact found: whether it is solved, and whether the user is content with the service.

    Without `solved` it follows `satisfied`. “Not solved” keeps the ticket out of the archive until it is
    reopened, followed by a new ticket, or answered otherwise. By whoever did the work it is marked as self-made.
    The same answer sent twice (`Case.just_told`) is one visit.
    """
    case = begin(actor, number, TicketLife.record_return_visit, version)
    if result not in VisitResult.values:
        raise Invalid(_("Some fields are not right."), fields={"result": [_("Choose one of those offered.")]})
    solved = satisfied if solved is None else solved
    if result == VisitResult.REACHED and solved is None:
        message = _("Say whether it is solved.")
        raise Invalid(_("Some fields are not right."), fields={"solved": [message], "satisfied": [message]})
    if result == VisitResult.EXEMPT:
        required(comment, "comment")
    answer = Answer(result, solved, satisfied, comment)
    if case.just_told(visit_told(case, answer)):
        return case.ticket
    return case.finish(put_visit(case, answer))


def visit_told(case: Case, answer: Answer) -> ReturnVisitRecorded:
    self_made = has_worked_on(case.actor, case.ticket) or Relation.REQUESTER in relations(case.actor, case.ticket)
    said = answer.comment.strip()[:2000]
    return ReturnVisitRecorded(case.ticket.number, answer.result, self_made, said, answer.solved, answer.satisfied)


def put_visit(case: Case, answer: Answer, *, by_link: bool = False) -> ReturnVisitRecorded:
    told = visit_told(case, answer)
    row = ReturnVisit.objects.create(
        ticket=case.ticket, result=answer.result, solved=answer.solved, satisfied=answer.satisfied,
        comment=told.text, made_by_id=case.actor.user_id, made_at=case.now, self_made=told.self_made, by_link=by_link,
    )  # fmt: skip
    record_made(case.actor, row, audit.snapshot(row))
    return told


@command
def decide_knowledge(
    *, actor: Actor, number: str, decision: Knowledge, article: ArticleNumber = "", reason: Note = "", version: int | None = None
) -> Ticket:
    """What the next engineer can learn from this: an article, routine work, a one-off, or a new draft."""
    case = begin(actor, number, TicketLife.decide_knowledge, version)
    if decision not in KnowledgeDecision.values:
        raise Invalid(_("Some fields are not right."), fields={"decision": [_("Choose one of those offered.")]})
    if decision == KnowledgeDecision.LINKED:
        required(article, "article")
    ticket = case.ticket
    ticket.knowledge, ticket.knowledge_article = decision, article.strip()[:60]
    ticket.knowledge_reason = reason.strip()[:2000]
    return case.finish(KnowledgeDecided(ticket.number, decision, article.strip()[:60] or ticket.knowledge_reason))


@command
def archive_ticket(*, actor: Actor, number: str, version: int | None = None) -> Ticket:
    """Through the gate: signature, knowledge, return visit, survey.

    What the user last called not solved is never archived as served: a new ticket follows it, and the closure names it.

    Raises:
        GuardFailed: with the list of what is missing.
    """
    case = begin(actor, number, TicketLife.archive, version)
    gate = gate_of(case.ticket, case.now)
    if gate.unsolved:
        message = _("The user says that it is not solved: reopen it, or register a new ticket that follows it.")
        raise GuardFailed(message, missing=gate.missing, code="archive_gate")
    if gate.missing:
        raise GuardFailed(_("Something is still missing before the archive."), missing=gate.missing, code="archive_gate")
    if gate.followed_by:
        return put_away(case, ClosureCode.FOLLOWED_UP, gate.followed_by)
    return put_away(case, ClosureCode.NORMAL, "")


@command
def settle_ticket(
    *, actor: Actor, number: str, answer: Answer, decision: str = "", article: str = "", version: int | None = None
) -> Gate:
    """One call of the closing desk: the answer, the decision on knowledge, and the archive when nothing is missing.

    Returns the gate as it was left; nothing missing means that the ticket is in the archive.
    """
    ticket = record_return_visit(
        actor=actor, number=number, result=answer.result, satisfied=answer.satisfied, solved=answer.solved,
        comment=answer.comment, version=version,
    )  # fmt: skip
    if decision:
        ticket = decide_knowledge(actor=actor, number=number, decision=decision, article=article)
    gate = gate_of(ticket, clock.now())
    if not gate.missing:
        archive_ticket(actor=actor, number=number)
    return gate


@command
def follow_up(*, actor: Actor, number: str, description: str = "") -> Ticket:
    """It is not solved, or came back after the archive: a new ticket of the same requester that follows this one."""
    old = lock_ticket(actor, number)
    tickets.require(actor, TicketPermission.LINK, old)
    new = NewTicket(
        customer=old.customer, requester=old.requester, subject=old.subject, description=description.strip() or old.description,
        kind=old.kind, category=old.category, site=old.site, department=old.department, place=old.place,
        channel=Channel.PHONE, carried_level=old.level,
    )  # fmt: skip
    made = register_ticket(actor=actor, new=new)
    return link_tickets(actor=actor, number=made.number, to=number, kind=LinkKind.FOLLOW_UP_OF)


def put_away(case: Case, code: str, reason: str) -> Ticket:
    ticket = case.ticket
    ticket.closure_code, ticket.closure_reason, ticket.archived_at = code, reason, case.now
    ticket.offered_to = ticket.transfer_to = None
    case.move(State.ARCHIVED, SubState.NONE)
    return case.finish(TicketArchived(ticket.number, code, reason))


@command
def reopen_ticket(*, actor: Actor, number: str, reason: Reason, version: int | None = None) -> Ticket:
    """Back to work within seven days of completion, with the same owner. Emits `TicketReopened`."""
    case = begin(actor, number, TicketLife.reopen, version)
    text = required(reason, "reason")
    if case.ticket.completed_at and case.now - case.ticket.completed_at > REOPEN_WINDOW:
        raise Conflict(_("More than seven days have passed: report it anew and link the two."), code="reopen_window")
    back_to_work(case)
    return case.finish(TicketReopened(case.ticket.number, text))


@command
def cancel_ticket(*, actor: Actor, number: str, reason: Reason, version: int | None = None) -> Ticket:
    """撤单: the customer does not need it any more, before anybody arrived."""
    case = begin(actor, number, TicketLife.cancel, version)
    return put_away(case, ClosureCode.CANCELLED, required(reason, "reason"))


@command
def void_ticket(*, actor: Actor, number: str, code: VoidCode, reason: Words, version: int | None = None) -> Ticket:
    """作废: the desk its own shift's duplicates and misreports, the service manager anything."""
    case = begin(actor, number, TicketLife.void, version)
    text = required(reason, "reason")
    if code not in VOID_CODES:
        raise Invalid(_("Some fields are not right."), fields={"code": [_("Choose one of those offered.")]})
    late = case.now - case.ticket.created_at > DESK_VOID_WINDOW
    if (late or code not in DESK_VOID_CODES) and not tickets.allows(actor, TicketPermission.VOID_ANY, case.ticket):
        raise Forbidden(_("The desk voids duplicates and misreports of its own shift; the rest is the manager's."))
    return put_away(case, code, text)
