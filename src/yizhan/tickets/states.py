"""The life of a ticket (DOMAIN 2.2, 2.3): every action, once. `docs/adding-a-command.md` tells how to add one."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Text
from yizhan.kernel.lifecycle import Life, Transition
from yizhan.tickets import policies
from yizhan.tickets.models import State, SubState, Ticket
from yizhan.tickets.models.ticket import SUSPENDED
from yizhan.tickets.policies import TicketPermission as P
from yizhan.tickets.queries import with_joins

PENDING, WORKING, COMPLETED, ARCHIVED = State.PENDING, State.IN_PROGRESS, State.COMPLETED, State.ARCHIVED
OPEN = (PENDING, WORKING)
MOVING = frozenset(
    {SubState.ACCEPTED, SubState.REMOTE, SubState.SCHEDULED, SubState.TIER2, SubState.REOPENED, SubState.REPAIR_OUT}
)
RESTING = SUSPENDED | {SubState.REPAIR_OUT}
AWAKE = MOVING | {SubState.EN_ROUTE, SubState.ON_SITE}


def second_line_waits(ticket: Ticket) -> bool:
    """Offered to somebody, or handed to a second-line team of which nobody has begun."""
    if ticket.state == PENDING:
        return ticket.sub_state == SubState.OFFERED
    return ticket.sub_state == SubState.TIER2 and ticket.handler_id == ticket.owner_id


def unsigned(ticket: Ticket) -> bool:
    return ticket.sub_state == SubState.WAIT_SIGNOFF


def unrated(ticket: Ticket) -> bool:
    return not hasattr(ticket, "rating")


def not_arrived(ticket: Ticket) -> bool:
    return ticket.arrived_at is None


def not_restored(ticket: Ticket) -> bool:
    return ticket.restored_at is None


def being_transferred(ticket: Ticket) -> bool:
    return ticket.transfer_to_id is not None


class TicketLife(Life[Ticket]):
    """What can be done with a ticket, in the order in which the buttons stand."""

    app, policy, view = "yizhan.tickets", policies.tickets, P.VIEW
    sub_state = "sub_state"

    @classmethod
    def rows(cls, actor: Actor) -> QuerySet[Ticket]:
        return with_joins(super().rows(actor))

    # fmt: off
    accept = Transition(
        _("Accept"), "taking.accept_ticket", permission=P.ACCEPT, sources=OPEN,
        icon="circle-check", when=second_line_waits, target=WORKING, key="A", many=True, by_relation=True,
    )
    claim = Transition(
        _("Take it"), "taking.claim_ticket", permission=P.CLAIM, sources=[PENDING],
        icon="circle-check", target=WORKING, key="A", many=True, undo=True,
    )
    accept_transfer = Transition(
        _("Accept the transfer"), "taking.accept_transfer", permission=P.ANSWER_TRANSFER, sources=[WORKING],
        icon="circle-check", when=being_transferred, many=True,
        recorded="accept_transfer",
    )
    decline_transfer = Transition(
        _("Decline the transfer"), "taking.decline_transfer", permission=P.ANSWER_TRANSFER, sources=[WORKING],
        icon="x", when=being_transferred, example={"reason": "今天排满了"},
        recorded="decline_transfer",
    )
    dispatch = Transition(
        _("Dispatch"), "taking.dispatch_ticket", permission=P.DISPATCH, sources=[PENDING],
        icon="user-plus", target=PENDING, key="D", example={"to": "engineer1"}, form="DispatchForm", many=True,
    )
    recall = Transition(
        _("Recall"), "taking.recall_ticket", permission=P.RECALL, sources=[PENDING],
        icon="arrow-back-up", sub_states=[SubState.OFFERED], target=PENDING, many=True,
    )
    judge_level = Transition(
        _("Judge the level"), "working.judge_level", permission=P.JUDGE, sources=[WORKING],
        icon="gavel", key="J", form="JudgeForm", many=True, by_relation=True,
        example={"level": 2, "reason": "多人受影响"},
        recorded="judge_level",
    )
    arrive = Transition(
        _("Arrived"), "working.arrive_at_ticket", permission=P.WORK, sources=[WORKING],
        icon="map-pin-check", sub_states=MOVING | {SubState.EN_ROUTE}, form="ArriveForm",
        example={"proof": "scan"},
    )
    leave = Transition(
        _("Leave the site"), "working.leave_ticket", permission=P.WORK, sources=[WORKING],
        icon="door-exit", sub_states=[SubState.ON_SITE],
    )
    resume = Transition(
        _("Resume"), "working.resume_ticket", permission=P.SUSPEND, sources=[WORKING],
        icon="player-play", sub_states=RESTING, many=True,
    )
    mark_restored = Transition(
        _("Service restored"), "working.mark_restored", permission=P.RESTORE, sources=[WORKING],
        icon="circle-check", when=not_restored, key="V",
        form="RestoredForm",
        example={"at": None, "note": "三楼已恢复"},
        recorded="mark_restored",
    )
    submit_sheet = Transition(
        _("Service sheet"), "sheets.submit_sheet", permission=P.SHEET, sources=[WORKING],
        icon="file-text", target=COMPLETED, key="S", body="SubmitSheet", page="ticket-sheet",
        recorded="submit_sheet",
    )
    depart = Transition(
        _("Set off"), "working.depart_for_ticket", permission=P.WORK, sources=[WORKING],
        icon="walk", sub_states=MOVING,
    )
    start_remote = Transition(
        _("Start remote session"), "working.start_remote", permission=P.WORK, sources=[WORKING],
        icon="device-desktop-share", sub_states=AWAKE, example={"tool": "ToDesk", "session": "123 456 789"},
        recorded="start_remote",
    )
    schedule = Transition(
        _("Schedule"), "working.schedule_ticket", permission=P.SCHEDULE, sources=[WORKING],
        icon="calendar-event", sub_states=AWAKE, form="ScheduleForm",
        example={"at": "2030-11-23T14:00:00+08:00", "note": "与张倩约定"},
    )
    escalate = Transition(
        _("Escalate"), "taking.escalate_ticket", permission=P.ESCALATE, sources=[WORKING],
        icon="arrow-up-right", sub_states=AWAKE, key="U", form="EscalateForm",
        example={"team": "tier2", "diagnosis": "交换机端口反复掉线，已换线"},
    )
    transfer = Transition(
        _("Transfer"), "taking.transfer_ticket", permission=P.TRANSFER, sources=[WORKING],
        icon="arrows-exchange", key="T", form="TransferForm", many=True, by_relation=True, undo=True,
        example={"to": "engineer3", "reason": "换班"},
        repeats=True,
    )
    add_co_handler = Transition(
        _("Add a co-handler"), "taking.add_co_handler", permission=P.ADD_CO_HANDLER, sources=[WORKING],
        icon="users-plus", key="C", example={"user": "engineer2"}, form="CoHandlerForm", many=True,
        recorded="add_co_handler",
    )
    suspend = Transition(
        _("Suspend"), "working.suspend_ticket", permission=P.SUSPEND, sources=[WORKING],
        icon="player-pause", sub_states=AWAKE - {SubState.REPAIR_OUT}, key="P",
        form="SuspendForm", many=True,
        example={"reason": "wait_vendor", "note": "厂商工单 8812", "eta": "2030-11-25T18:00:00+08:00"},
    )
    sign = Transition(
        _("Sign"), "signing.sign_ticket", permission=P.SIGN, sources=[COMPLETED],
        icon="writing-sign", when=unsigned, key="G", body="Sign", page="ticket-sign",
    )
    waive_sign = Transition(
        _("Waive the signature"), "signing.waive_sign", permission=P.WAIVE, sources=[COMPLETED],
        icon="writing-sign", when=unsigned, many=True, example={"reason": "用户已离职"},
        recorded="waive_sign",
    )
    refuse = Transition(
        _("Not fixed, do not sign"), "signing.refuse_ticket", permission=P.REFUSE, sources=[COMPLETED],
        icon="x", when=unsigned, target=WORKING, example={"reason": "还是打不开"},
    )
    rate = Transition(
        _("Rate"), "closing.rate_ticket", permission=P.RATE, sources=[COMPLETED],
        icon="star", when=unrated, form="RateForm",
        example={"score": 5, "tags": ["来得快"], "comment": "很快就好了"},
    )
    record_return_visit = Transition(
        _("Record the return visit"), "closing.record_return_visit", permission=P.RETURN_VISIT, sources=[COMPLETED],
        icon="phone-outgoing", body="RecordReturnVisit", form="VisitForm",
        recorded="record_return_visit",
        repeats=True,
    )
    decide_knowledge = Transition(
        _("Decide on knowledge"), "closing.decide_knowledge", permission=P.KNOWLEDGE, sources=[WORKING, COMPLETED],
        icon="book", form="KnowledgeForm", many=True,
        example={"decision": "routine", "article": None, "reason": None},
        recorded="decide_knowledge",
    )
    archive = Transition(
        _("Archive"), "closing.archive_ticket", permission=P.ARCHIVE, sources=[COMPLETED],
        icon="archive", target=ARCHIVED, key="E", many=True, undo=True,
    )
    reopen = Transition(
        _("Reopen"), "closing.reopen_ticket", permission=P.REOPEN, sources=[COMPLETED],
        icon="rotate-clockwise", target=WORKING, example={"reason": "还是打不开"},
    )
    remind = Transition(
        _("Chase"), "messages.remind_ticket", permission=P.REMIND, sources=OPEN,
        icon="bell-ringing", example={"comment": "12 点前要用"},
    )
    cancel = Transition(
        _("Withdraw"), "closing.cancel_ticket", permission=P.CANCEL, sources=OPEN,
        icon="ban", when=not_arrived, target=ARCHIVED, example={"reason": "已自行解决"},
    )
    void = Transition(
        _("Void"), "closing.void_ticket", permission=P.VOID, sources=OPEN,
        icon="trash", target=ARCHIVED, form="VoidForm", many=True,
        example={"code": "duplicate", "reason": "与上一张重复"},
    )
    add_affected = Transition(
        _("Same fault +1"), "affected.add_affected", permission=P.ADD_AFFECTED, sources=OPEN,
        icon="users-plus", example={"name": "李华", "phone": "13900001234", "place": "三楼 305"},
        recorded="add_affected",
    )
    link = Transition(
        _("Link"), "messages.link_tickets", permission=P.LINK, sources=[*OPEN, COMPLETED, ARCHIVED],
        icon="link", form="LinkForm",
        example={"to": "INC261122-00042", "kind": "related"},
    )
    # fmt: on


def label_of(actor: Actor, transition: Transition, ticket: Ticket | None = None) -> Text:
    """What the action is called for this person: who was offered a ticket does not recall it, he gives it back."""
    if transition is TicketLife.recall and not policies.tickets.allows(actor, P.DISPATCH, ticket):
        return _("Give back")
    return transition.label


def actions_of(actor: Actor, ticket: Ticket) -> list[str]:
    """The names of what this actor may do with the ticket now, the likeliest first."""
    return [transition.action for transition in TicketLife.actions_for(actor, ticket)]
