"""The menu's numbers. They stand on every page, so they are asked by hand, and counted no further than anybody reads."""

from dataclasses import dataclass

from django.db import connection

from yizhan.kernel.actor import Actor
from yizhan.tickets.policies import TicketPermission

MOST = 1000
SCOPE = "NOT state = 'archived' AND (%(all)s OR customer_id = ANY(%(customers)s))"
COUNTS = f"""
SELECT (SELECT count(*) FROM (
           SELECT FROM tickets_ticket WHERE state = 'in_progress' AND (owner_id = %(me)s OR handler_id = %(me)s) AND {SCOPE}
           UNION ALL SELECT FROM tickets_ticket WHERE state = 'pending' AND offered_to_id = %(me)s AND {SCOPE}
           LIMIT {MOST}) AS mine),
       (SELECT count(*) FROM (SELECT FROM tickets_ticket WHERE state = 'pending' AND {SCOPE} LIMIT {MOST}) AS unassigned),
       (SELECT count(*) FROM (SELECT FROM tickets_ticket WHERE state = 'completed' AND {SCOPE} LIMIT {MOST}) AS completed),
       (SELECT count(*) FROM (SELECT FROM tickets_ticket WHERE state IN ('pending', 'in_progress') AND {SCOPE}
                              LIMIT {MOST}) AS opened)
"""  # noqa: S608 - nothing of a person's stands in it


@dataclass(frozen=True)
class Counts:
    """Each at most `MOST`, which means that many or more."""

    mine: int = 0
    unassigned: int = 0
    completed: int = 0
    open: int = 0


def work_counts(actor: Actor) -> Counts:
    """One of the staff's numbers, in one statement."""
    customers = actor.customers_with(TicketPermission.VIEW)
    given = {"me": actor.user_id, "all": customers is None, "customers": list(customers or ())}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, given)
        return Counts(*(cursor.fetchone() or ()))
