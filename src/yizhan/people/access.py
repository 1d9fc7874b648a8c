"""Who somebody is and what he may do now, in one statement.

It is asked at every request, so it is written by hand: building the same from model queries took a
quarter of a registration's time (docs/performance.md).
"""

import json
from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor, Grant
from yizhan.kernel.handwritten import Columns, first_row
from yizhan.people.models import User

USER = Columns(User, "u")
MORE = ("access_contact", "access_customer", "access_grants", "access_teams", "unseen")
ACCESS = f"""
SELECT {USER}, c.id AS access_contact, c.customer_id AS access_customer,
    (SELECT coalesce(json_agg(json_build_array(a.role, a.customer_id)), '[]')::text FROM people_assignment a
     WHERE a.user_id = u.id AND (a.valid_from IS NULL OR a.valid_from <= %(today)s)
       AND (a.valid_until IS NULL OR a.valid_until >= %(today)s)) AS access_grants,
    ARRAY(SELECT m.team_id FROM people_team_members m JOIN people_team t ON t.id = m.team_id
          WHERE m.user_id = u.id AND t.active) AS access_teams,
    (SELECT count(*) FROM kernel_news n WHERE n.owner_id = u.id AND n.seen_at IS NULL) AS unseen
FROM people_user u LEFT JOIN people_contact c ON c.user_id = u.id AND c.active
WHERE u.is_active AND
"""  # noqa: S608 - only the model's own column names are put in
BY_ID = ACCESS + " u.id = %(pk)s"
KEY_HOLDER = "SELECT user_id FROM people_apitoken WHERE digest = %(digest)s AND revoked_at IS NULL AND expires_at > %(now)s"
BY_IDS = ACCESS + " u.id = ANY(%(ids)s)"
BY_TOKEN = f"{ACCESS} u.id = ({KEY_HOLDER})"


def known(sql: str, **given: Any) -> User | None:
    row = first_row(sql, {"today": clock.today(), **given})
    return made(row) if row else None


def made(row: Sequence[Any]) -> User | None:
    user = USER.made(row)
    if user:
        vars(user).update(zip(MORE, row[len(USER.names) :], strict=True))
    return user


def user_with_access(pk: int) -> User | None:
    """The active user with the roles held today, his teams, his contact and the number of his unseen news."""
    return known(BY_ID, pk=pk)


def users_with_access(ids: Collection[int]) -> dict[int, tuple[str, Actor]]:
    """For many at once, in one statement: what a session proves of the password, and the person as an actor.

    Those whose account has ended are missing.
    """
    with connection.cursor() as cursor:
        cursor.execute(BY_IDS, {"today": clock.today(), "ids": list(ids)})
        found = [made(row) for row in cursor.fetchall()]
    return {user.pk: (user.get_session_auth_hash(), actor_for(user, channel="live")) for user in found if user}


def token_user(digest: str) -> User | None:
    """The same of a token that is neither expired nor revoked."""
    return known(BY_TOKEN, digest=digest, now=clock.now())


def actor_for(user: User, *, channel: str = "", address: str = "", request_id: str = "") -> Actor:
    """The person as an actor; nothing is asked when `user_with_access` brought the user. An inactive one may do nothing."""
    found: Any = user if hasattr(user, "access_grants") else user_with_access(user.pk)
    grants = json.loads(found.access_grants) if found is not None else []
    contact = found.access_contact if found is not None else None
    return Actor(
        label=f"user:{user.pk}", user_id=user.pk, username=user.username, name=user.display_name or user.username,
        contact_id=contact, home_customer_id=found.access_customer if contact else None,
        grants=tuple(Grant(role, customer) for role, customer in grants),
        team_ids=frozenset(found.access_teams if grants else ()), tier=user.tier or 0,
        channel=channel, address=address, request_id=request_id, language=user.language,
    )  # fmt: skip
