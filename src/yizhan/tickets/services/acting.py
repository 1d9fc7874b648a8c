"""The frame of every act on a ticket."""

from yizhan.kernel.actor import Actor
from yizhan.kernel.lifecycle import Step
from yizhan.tickets.models import SubState, Ticket
from yizhan.tickets.policies import TicketPermission
from yizhan.tickets.states import TicketLife


class Case(Step[Ticket]):
    """One act on a ticket under way."""

    life = TicketLife

    @property
    def ticket(self) -> Ticket:
        return self.record

    def stamp(self) -> None:
        self.record.touched_at = self.now

    def arrive(self) -> None:
        """Every command says itself where the ticket is then: a sheet that asks for a next visit leaves it at work."""

    def move(self, state: str, sub_state: str) -> None:
        self.record.state, self.record.sub_state = state, sub_state


begin, lock_ticket = Case.begin, Case.locked


def begin_edit(actor: Actor, number: str, permission: TicketPermission, command: str, version: int | None = None) -> Case:
    """What is no transition: a message, an edit."""
    return Case.edit(actor, lock_ticket(actor, number), permission, command, version)


def working_sub_state(ticket: Ticket) -> str:
    """Where work goes on when a visit, a session or a pause has ended."""
    return SubState.TIER2 if ticket.team_id and ticket.team and ticket.team.tier == 2 else SubState.ACCEPTED
