"""What the kernel asks of people: who a job acts for, and who may show the others a view."""

from yizhan.kernel.actor import Actor
from yizhan.kernel.listing.views import sharing_is_for
from yizhan.kernel.works.running import actors_from
from yizhan.people.access import actor_for, user_with_access
from yizhan.people.models import Role

SHARERS = (Role.DESK, Role.GROUP_LEAD, Role.SERVICE_MANAGER, Role.SUPERVISOR, Role.ADMINISTRATOR)


def actor_of_user(user_id: int) -> Actor | None:
    """The person with the roles held now; None when the account has ended."""
    user = user_with_access(user_id)
    return actor_for(user, channel="job") if user else None


def may_share_views(actor: Actor) -> bool:
    return any(actor.has_role(role) for role in SHARERS)


actors_from(actor_of_user)
sharing_is_for(may_share_views)
