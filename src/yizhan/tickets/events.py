"""What happens to tickets, in the past tense. `text` is what a person wrote; people are ids."""

from dataclasses import dataclass
from typing import ClassVar

from yizhan.kernel.events import Event


@dataclass(frozen=True)
class TicketEvent(Event):
    """One fact of a ticket. Customers never see `text` where TEXT_INTERNAL."""

    TEXT_INTERNAL: ClassVar[bool] = False

    number: str


@dataclass(frozen=True)
class TicketRegistered(TicketEvent):
    channel: str
    reported_level: int
    backfilled: bool = False
    quick: bool = False


@dataclass(frozen=True)
class TicketDispatched(TicketEvent):
    to: int | None
    team: str = ""


@dataclass(frozen=True)
class TicketRecalled(TicketEvent):
    given_back: bool = False


@dataclass(frozen=True)
class TicketAccepted(TicketEvent):
    to: int
    first_contact: bool


@dataclass(frozen=True)
class SecondLineAccepted(TicketEvent):
    to: int


@dataclass(frozen=True)
class LevelJudged(TicketEvent):
    level: int
    before: int
    text: str


@dataclass(frozen=True)
class VisitScheduled(TicketEvent):
    at: str
    text: str


@dataclass(frozen=True)
class RemoteStarted(TicketEvent):
    tool: str
    session: str


@dataclass(frozen=True)
class EngineerDeparted(TicketEvent):
    pass


@dataclass(frozen=True)
class EngineerArrived(TicketEvent):
    proof: str
    text: str


@dataclass(frozen=True)
class EngineerLeft(TicketEvent):
    pass


@dataclass(frozen=True)
class TicketEscalated(TicketEvent):
    TEXT_INTERNAL = True
    team: str
    text: str


@dataclass(frozen=True)
class TransferOffered(TicketEvent):
    INTERNAL = True
    to: int
    text: str
    in_handover: bool = False


@dataclass(frozen=True)
class TransferAccepted(TicketEvent):
    to: int
    text: str = ""


@dataclass(frozen=True)
class TransferDeclined(TicketEvent):
    INTERNAL = True
    text: str


@dataclass(frozen=True)
class CoHandlerAdded(TicketEvent):
    to: int


@dataclass(frozen=True)
class TicketSuspended(TicketEvent):
    reason: str
    text: str
    eta: str | None


@dataclass(frozen=True)
class TicketResumed(TicketEvent):
    by_reply: bool = False


@dataclass(frozen=True)
class ServiceRestored(TicketEvent):
    at: str
    backdated: bool
    text: str


@dataclass(frozen=True)
class SheetSubmitted(TicketEvent):
    sheet: str
    outcome: str


@dataclass(frozen=True)
class TicketCompleted(TicketEvent):
    sheet: str
    quick: bool = False


@dataclass(frozen=True)
class TicketSigned(TicketEvent):
    """`to` collected it: held out the screen or the code."""

    method: str
    sheet: str
    to: int | None = None


@dataclass(frozen=True)
class SignOffRefused(TicketEvent):
    text: str


@dataclass(frozen=True)
class TicketRated(TicketEvent):
    score: int
    text: str


@dataclass(frozen=True)
class ReturnVisitRecorded(TicketEvent):
    VERSION = 2
    INTERNAL = True
    result: str
    self_made: bool
    text: str
    solved: bool | None = None
    satisfied: bool | None = None


@dataclass(frozen=True)
class KnowledgeDecided(TicketEvent):
    INTERNAL = True
    decision: str
    text: str


@dataclass(frozen=True)
class TicketArchived(TicketEvent):
    closure_code: str
    text: str = ""


@dataclass(frozen=True)
class TicketReopened(TicketEvent):
    text: str


@dataclass(frozen=True)
class RequesterReminded(TicketEvent):
    count: int
    text: str


@dataclass(frozen=True)
class StepUndone(TicketEvent):
    action: str


@dataclass(frozen=True)
class UserAffected(TicketEvent):
    count: int


@dataclass(frozen=True)
class TicketsLinked(TicketEvent):
    INTERNAL = True
    to: str
    kind: str


@dataclass(frozen=True)
class TicketEdited(TicketEvent):
    INTERNAL = True
    fields: tuple[str, ...]


@dataclass(frozen=True)
class MessagePosted(TicketEvent):
    """The words are in the message itself."""

    message: int
    by_customer: bool


@dataclass(frozen=True)
class NotePosted(TicketEvent):
    INTERNAL = True
    message: int
