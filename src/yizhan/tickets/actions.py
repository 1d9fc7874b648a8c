"""Every action under its fixed name: the body it takes and the command it calls."""

from collections.abc import Callable
from dataclasses import dataclass

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Invalid
from yizhan.tickets import schemas as s
from yizhan.tickets.models import Category, Ticket
from yizhan.tickets.services import affected, closing, messages, signing, taking, working
from yizhan.tickets.services.sheets import SheetInput, submit_sheet
from yizhan.tickets.states import Action

Perform = Callable[..., Ticket]


@dataclass(frozen=True)
class ActionCall:
    """How one action is spoken to from outside."""

    body: type[s.ActionBody]
    perform: Perform


def plain(function: Callable[..., Ticket]) -> Perform:
    """Call a command whose parameters are the body's fields."""

    def perform(actor: Actor, number: str, body: s.ActionBody) -> Ticket:
        given = {key: value for key, value in body.dict().items() if value is not None}
        return function(actor=actor, number=number, **given)

    return perform


def category_of(code: str | None) -> Category | None:
    """The active category of that code.

    Raises:
        Invalid: there is none.
    """
    if code is None:
        return None
    found = Category.objects.filter(code=code, active=True).first()
    if found is None:
        raise Invalid(f"category: {code}", code="unknown_reference", fields={"category": [f"{code}?"]})
    return found


def sheet_input(sheet: s.Sheet) -> SheetInput:
    given = sheet.dict()
    parts = [{"item": part} if isinstance(part, str) else part for part in given.pop("parts")]
    category = category_of(given.pop("category"))
    return SheetInput(**given, parts=parts, category=category)


def perform_sheet(actor: Actor, number: str, body: s.SubmitSheet) -> Ticket:
    return submit_sheet(actor=actor, number=number, sheet=sheet_input(body.sheet), version=body.version)


def perform_sign(actor: Actor, number: str, body: s.Sign) -> Ticket:
    on_behalf = body.on_behalf.dict() if body.on_behalf else None
    signature = signing.Signature(body.signer_name, body.method, body.strokes or [], on_behalf)
    return signing.sign_ticket(actor=actor, number=number, signature=signature, version=body.version)


ACTIONS: dict[Action, ActionCall] = {
    Action.DISPATCH: ActionCall(s.Dispatch, plain(taking.dispatch_ticket)),
    Action.RECALL: ActionCall(s.Empty, plain(taking.recall_ticket)),
    Action.CLAIM: ActionCall(s.Empty, plain(taking.claim_ticket)),
    Action.ACCEPT: ActionCall(s.Empty, plain(taking.accept_ticket)),
    Action.JUDGE_LEVEL: ActionCall(s.JudgeLevel, plain(working.judge_level)),
    Action.SCHEDULE: ActionCall(s.Schedule, plain(working.schedule_ticket)),
    Action.START_REMOTE: ActionCall(s.StartRemote, plain(working.start_remote)),
    Action.DEPART: ActionCall(s.Empty, plain(working.depart_for_ticket)),
    Action.ARRIVE: ActionCall(s.Arrive, plain(working.arrive_at_ticket)),
    Action.LEAVE: ActionCall(s.Empty, plain(working.leave_ticket)),
    Action.ESCALATE: ActionCall(s.Escalate, plain(taking.escalate_ticket)),
    Action.TRANSFER: ActionCall(s.Transfer, plain(taking.transfer_ticket)),
    Action.ACCEPT_TRANSFER: ActionCall(s.Empty, plain(taking.accept_transfer)),
    Action.DECLINE_TRANSFER: ActionCall(s.Reason, plain(taking.decline_transfer)),
    Action.ADD_CO_HANDLER: ActionCall(s.AddCoHandler, plain(taking.add_co_handler)),
    Action.SUSPEND: ActionCall(s.Suspend, plain(working.suspend_ticket)),
    Action.RESUME: ActionCall(s.Empty, plain(working.resume_ticket)),
    Action.MARK_RESTORED: ActionCall(s.MarkRestored, plain(working.mark_restored)),
    Action.SUBMIT_SHEET: ActionCall(s.SubmitSheet, perform_sheet),
    Action.SIGN: ActionCall(s.Sign, perform_sign),
    Action.WAIVE_SIGN: ActionCall(s.Reason, plain(signing.waive_sign)),
    Action.REFUSE: ActionCall(s.Reason, plain(signing.refuse_ticket)),
    Action.RATE: ActionCall(s.Rate, plain(closing.rate_ticket)),
    Action.RECORD_RETURN_VISIT: ActionCall(s.RecordReturnVisit, plain(closing.record_return_visit)),
    Action.DECIDE_KNOWLEDGE: ActionCall(s.DecideKnowledge, plain(closing.decide_knowledge)),
    Action.ARCHIVE: ActionCall(s.Empty, plain(closing.archive_ticket)),
    Action.REOPEN: ActionCall(s.Reason, plain(closing.reopen_ticket)),
    Action.CANCEL: ActionCall(s.Reason, plain(closing.cancel_ticket)),
    Action.VOID: ActionCall(s.Void, plain(closing.void_ticket)),
    Action.REMIND: ActionCall(s.Remind, plain(messages.remind_ticket)),
    Action.ADD_AFFECTED: ActionCall(s.AddAffected, plain(affected.add_affected)),
    Action.LINK: ActionCall(s.Link, plain(messages.link_tickets)),
}
