"""The transition table of a ticket (DOMAIN 2.2, 2.3)."""

from collections.abc import Callable, Iterable
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Text
from yizhan.kernel.states import StateTable, Transition, table
from yizhan.tickets import policies
from yizhan.tickets.models import State, SubState, Ticket
from yizhan.tickets.models.ticket import SUSPENDED
from yizhan.tickets.policies import TicketPermission as P


class Action(StrEnum):
    DISPATCH = "dispatch"
    RECALL = "recall"
    CLAIM = "claim"
    ACCEPT = "accept"
    JUDGE_LEVEL = "judge_level"
    SCHEDULE = "schedule"
    START_REMOTE = "start_remote"
    DEPART = "depart"
    ARRIVE = "arrive"
    LEAVE = "leave"
    ESCALATE = "escalate"
    TRANSFER = "transfer"
    ACCEPT_TRANSFER = "accept_transfer"
    DECLINE_TRANSFER = "decline_transfer"
    ADD_CO_HANDLER = "add_co_handler"
    SUSPEND = "suspend"
    RESUME = "resume"
    MARK_RESTORED = "mark_restored"
    SUBMIT_SHEET = "submit_sheet"
    SIGN = "sign"
    WAIVE_SIGN = "waive_sign"
    REFUSE = "refuse"
    RATE = "rate"
    RECORD_RETURN_VISIT = "record_return_visit"
    DECIDE_KNOWLEDGE = "decide_knowledge"
    ARCHIVE = "archive"
    REOPEN = "reopen"
    CANCEL = "cancel"
    VOID = "void"
    REMIND = "remind"
    ADD_AFFECTED = "add_affected"
    LINK = "link"


PENDING, WORKING, COMPLETED, ARCHIVED = State.PENDING, State.IN_PROGRESS, State.COMPLETED, State.ARCHIVED
OPEN = (PENDING, WORKING)
MOVING = frozenset(
    {SubState.ACCEPTED, SubState.REMOTE, SubState.SCHEDULED, SubState.TIER2, SubState.REOPENED, SubState.REPAIR_OUT}
)
RESTING = SUSPENDED | {SubState.REPAIR_OUT}
AWAKE = MOVING | {SubState.EN_ROUTE, SubState.ON_SITE}


def rule(
    action: Action,
    permission: P,
    sources: Iterable[State],
    label: Text,
    *,
    sub: Iterable[str] | None = None,
    when: Callable[[Ticket], bool] | None = None,
    target: str | None = None,
    offered: Callable[[Actor, Ticket], bool] | None = None,
) -> Transition[Ticket]:
    subs = None if sub is None else frozenset(str(s) for s in sub)
    states = frozenset(str(s) for s in sources)
    return Transition(action, permission, states, label, target, subs, when, offered)


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


TABLE = StateTable[Ticket](
    state_of=lambda ticket: (ticket.state, ticket.sub_state),
    allows=policies.tickets.allows,
    transitions=table(
        [
            rule(Action.ACCEPT, P.ACCEPT, OPEN, _("Accept"), when=second_line_waits, target=WORKING),
            rule(Action.CLAIM, P.CLAIM, [PENDING], _("Take it"), target=WORKING),
            rule(Action.ACCEPT_TRANSFER, P.ANSWER_TRANSFER, [WORKING], _("Accept the transfer"),
                 when=lambda t: t.transfer_to_id is not None),
            rule(Action.DECLINE_TRANSFER, P.ANSWER_TRANSFER, [WORKING], _("Decline the transfer"),
                 when=lambda t: t.transfer_to_id is not None),
            rule(Action.DISPATCH, P.DISPATCH, [PENDING], _("Dispatch"), target=PENDING),
            rule(Action.RECALL, P.RECALL, [PENDING], _("Recall"), sub=[SubState.OFFERED], target=PENDING),
            rule(Action.JUDGE_LEVEL, P.JUDGE, [WORKING], _("Judge the level")),
            rule(Action.ARRIVE, P.WORK, [WORKING], _("Arrived"), sub=MOVING | {SubState.EN_ROUTE}),
            rule(Action.LEAVE, P.WORK, [WORKING], _("Leave the site"), sub=[SubState.ON_SITE]),
            rule(Action.RESUME, P.SUSPEND, [WORKING], _("Resume"), sub=RESTING),
            rule(Action.MARK_RESTORED, P.RESTORE, [WORKING], _("Service restored"), when=lambda t: t.restored_at is None),
            rule(Action.SUBMIT_SHEET, P.SHEET, [WORKING], _("Service sheet"), target=COMPLETED),
            rule(Action.DEPART, P.WORK, [WORKING], _("Set off"), sub=MOVING),
            rule(Action.START_REMOTE, P.WORK, [WORKING], _("Start remote session"), sub=AWAKE),
            rule(Action.SCHEDULE, P.SCHEDULE, [WORKING], _("Schedule"), sub=AWAKE),
            rule(Action.ESCALATE, P.ESCALATE, [WORKING], _("Escalate"), sub=AWAKE),
            rule(Action.TRANSFER, P.TRANSFER, [WORKING], _("Transfer")),
            rule(Action.ADD_CO_HANDLER, P.ADD_CO_HANDLER, [WORKING], _("Add a co-handler")),
            rule(Action.SUSPEND, P.SUSPEND, [WORKING], _("Suspend"), sub=AWAKE - {SubState.REPAIR_OUT}),
            rule(Action.SIGN, P.SIGN, [COMPLETED], _("Sign"), when=unsigned),
            rule(Action.WAIVE_SIGN, P.WAIVE, [COMPLETED], _("Waive the signature"), when=unsigned),
            rule(Action.REFUSE, P.REFUSE, [COMPLETED], _("Not fixed, do not sign"), when=unsigned, target=WORKING),
            rule(Action.RATE, P.RATE, [COMPLETED], _("Rate"), when=unrated),
            rule(Action.RECORD_RETURN_VISIT, P.RETURN_VISIT, [COMPLETED], _("Record the return visit")),
            rule(Action.DECIDE_KNOWLEDGE, P.KNOWLEDGE, [WORKING, COMPLETED], _("Decide on knowledge")),
            rule(Action.ARCHIVE, P.ARCHIVE, [COMPLETED], _("Archive"), target=ARCHIVED),
            rule(Action.REOPEN, P.REOPEN, [COMPLETED], _("Reopen"), target=WORKING),
            rule(Action.REMIND, P.REMIND, OPEN, _("Chase")),
            rule(Action.CANCEL, P.CANCEL, OPEN, _("Withdraw"), when=not_arrived, target=ARCHIVED),
            rule(Action.VOID, P.VOID, OPEN, _("Void"), target=ARCHIVED),
            rule(Action.ADD_AFFECTED, P.ADD_AFFECTED, OPEN, _("Same fault +1")),
            rule(Action.LINK, P.LINK, [*OPEN, COMPLETED, ARCHIVED], _("Link")),
        ]
    ),
)  # fmt: skip


def label_of(actor: Actor, action: str, ticket: Ticket | None = None) -> Text:
    """What the action is called for this person: who was offered a ticket does not recall it, he gives it back."""
    if action == Action.RECALL and not policies.tickets.allows(actor, P.DISPATCH, ticket):
        return _("Give back")
    return TABLE.transitions[Action(action)].label


def actions_of(actor: Actor, ticket: Ticket) -> list[str]:
    """The names of what this actor may do with the ticket now, the likeliest first."""
    return [t.action for t in TABLE.actions_for(actor, ticket)]
