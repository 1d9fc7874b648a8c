"""The menu's numbers: each counts the very list that it stands beside."""

from dataclasses import dataclass

from yizhan.kernel.actor import Actor
from yizhan.kernel.paging import counted_together
from yizhan.tickets.gate import closing_tickets
from yizhan.tickets.queries import ticket_view

COUNTED = ("mine", "unassigned", "offered", "completed", "open")
MOST = 1000


@dataclass(frozen=True)
class Counts:
    """By the name of the view, and the closing desk's; each at most `MOST`, which means that many or more."""

    mine: int = 0
    unassigned: int = 0
    offered: int = 0
    completed: int = 0
    open: int = 0
    closing: int = 0


def work_counts(actor: Actor) -> Counts:
    """One of the staff's numbers, in one statement."""
    return Counts(*counted_together([*(ticket_view(actor, name) for name in COUNTED), closing_tickets(actor)], MOST))
