"""What the kernel asks of people: who a job acts for, and who may show the others a view."""

from yizhan.kernel.actor import Actor
from yizhan.kernel.listing.views import sharing_is_for
from yizhan.kernel.works.running import actors_from
from yizhan.people.models import Role, User
from yizhan.people.queries import actor_for, with_access

SHARERS = (Role.DESK, Role.GROUP_LEAD, Role.SERVICE_MANAGER, Role.SUPERVISOR, Role.ADMINISTRATOR)


def actor_of_user(user_id: int) -> Actor | None:
    """The person with the roles held now; None when the account has ended."""
    user = with_access(User.objects.filter(pk=user_id, is_active=True)).first()
    return actor_for(user, channel="job") if user else None


def may_share_views(actor: Actor) -> bool:
    return any(actor.has_role(role) for role in SHARERS)


actors_from(actor_of_user)
sharing_is_for(may_share_views)
