"""A new colleague: account, roles and customers in one act, and the one-time link by which he gets in."""

import hashlib
import itertools
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, clock
from yizhan.kernel.actor import Actor, system_actor
from yizhan.kernel.commands import command
from yizhan.kernel.constraints import require_sound
from yizhan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from yizhan.kernel.search.tokens import pinyin_key
from yizhan.people import policies
from yizhan.people.models import Assignment, Customer, Invitation, Role, Skill, Team, User
from yizhan.people.policies import PeoplePermission

LIFE = timedelta(days=7)
LONGEST_STEM = 40
CUSTOMERS_OWN = {Role.REQUESTER, Role.CUSTOMER_CONTACT}


@dataclass(frozen=True)
class Colleague:
    """Who comes: his account, his roles and for which customers (none named: for all of them).

    Without a user name he gets one (`usual_username`).
    """

    username: str
    name: str
    roles: Sequence[str]
    customers: Sequence[Customer] = ()
    email: str = ""
    phone: str = ""
    tier: int | None = None
    skills: Sequence[Skill] = field(default_factory=tuple)
    teams: Sequence[Team] = field(default_factory=tuple)


@dataclass(frozen=True)
class Invited:
    """The person, and the link's secret: it is shown now and never again."""

    user: User
    token: str
    expires_at: object

    @property
    def link(self) -> str:
        """By the configured address, never by the Host header."""
        return f"{settings.YIZHAN.base_url}/join/{self.token}/"


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def check_roles(new: Colleague) -> None:
    roles = set(new.roles)
    if not roles or not roles <= {str(role) for role in Role if role not in CUSTOMERS_OWN}:
        raise Invalid(_("Some fields are not right."), fields={"roles": [_("Choose at least one of the roles offered.")]})


@command
def invite_colleague(*, actor: Actor, new: Colleague) -> Invited:
    """Make the account without a password, give it its roles, and open the one-time link.

    Raises:
        Forbidden: the actor may not add colleagues, or does not hold what he would grant.
        Invalid: with a message per field.
        Conflict: `already_there`, somebody took the user name in this moment.
    """
    policies.users.require(actor, PeoplePermission.CHANGE_STAFF)
    check_roles(new)
    user = User(
        username=new.username or usual_username(new.name, new.email),
        display_name=new.name, email=new.email, phone=new.phone, tier=new.tier,
        sort_key=pinyin_key(new.name),
    )  # fmt: skip
    user.set_unusable_password()
    require_sound(user)
    user.save()
    user.skills.set(new.skills)
    for team in Team.objects.select_for_update().filter(pk__in=[team.pk for team in new.teams]).order_by("pk"):
        join(actor, team, user)
    belongs = {"skills": sorted(skill.pk for skill in new.skills), "teams": sorted(team.pk for team in new.teams)}
    audit.record(actor, "create_user", user, {}, {**audit.snapshot(user), **belongs})
    grant(actor, user, new)
    return opened(actor, user, "invite_colleague")


def usual_username(name: str, email: str) -> str:
    """One that is free: what stands before the @, or the name in pinyin, with a number where others have it already."""
    own = email.partition("@")[0] or pinyin_key(name).replace(" ", "")
    stem = re.sub(r"[^a-z0-9._-]", "", own.lower())[:LONGEST_STEM] or "user"
    taken = set(User.objects.annotate(small=Lower("username")).filter(small__startswith=stem).values_list("small", flat=True))
    return next(found for number in itertools.count(1) if (found := f"{stem}{number if number > 1 else ''}") not in taken)


def join(actor: Actor, team: Team, user: User) -> None:
    """One member more; the team's own history says so, as it does when somebody is ticked in the team's form."""
    policies.teams.require(actor, PeoplePermission.CHANGE_STAFF, team)
    members = sorted(team.members.values_list("pk", flat=True))
    known = audit.snapshot(team)
    team.members.add(user)
    audit.record(actor, "change_team", team, known | {"members": members}, known | {"members": sorted([*members, user.pk])})


def grant(actor: Actor, user: User, new: Colleague) -> None:
    """Each role for each customer; the policy says whether the actor may give it."""
    for role in dict.fromkeys(new.roles):
        for customer in new.customers or (None,):
            row = Assignment(user=user, role=role, customer=customer)
            policies.assignments.require(actor, PeoplePermission.CHANGE_STAFF, row)
            row.save()
            audit.record(actor, "create_assignment", row, {}, audit.snapshot(row))


def opened(actor: Actor, user: User, name: str) -> Invited:
    token, now = secrets.token_urlsafe(32), clock.now()
    row = Invitation.objects.create(
        user=user, digest=digest_of(token), made_by_id=actor.user_id, made_at=now, expires_at=now + LIFE
    )
    audit.record(actor, name, row, {}, {"user_id": user.pk, "expires_at": row.expires_at})
    return Invited(user, token, row.expires_at)


def newcomer(actor: Actor, username: str) -> User:
    """Somebody who has never set a password, locked; whoever has one resets it by mail or at the console.

    Raises:
        NotFound, Forbidden; Conflict: `already_in`.
    """
    rows = policies.users.scope(actor, PeoplePermission.VIEW_STAFF).filter(username=username, is_active=True)
    user = User.objects.select_for_update().filter(pk__in=rows.values("pk")).first()
    if user is None:
        raise NotFound
    policies.users.require(actor, PeoplePermission.CHANGE_STAFF, user)
    if user.has_usable_password():
        raise Conflict(_("This person has a password already."), code="already_in")
    return user


def close_open(actor: Actor, user: User) -> int:
    closed = 0
    for row in Invitation.objects.select_for_update().filter(user=user, used_at=None, withdrawn_at=None):
        row.withdrawn_at = clock.now()
        row.save(update_fields=["withdrawn_at"])
        audit.record(actor, "withdraw_invitation", row, {"withdrawn_at": None}, {"withdrawn_at": row.withdrawn_at})
        closed += 1
    return closed


@command
def renew_invitation(*, actor: Actor, username: str) -> Invited:
    """A fresh link for somebody who has not come in yet; the old one ends."""
    user = newcomer(actor, username)
    close_open(actor, user)
    return opened(actor, user, "renew_invitation")


@command
def withdraw_invitation(*, actor: Actor, username: str) -> User:
    """End the open link; the account stays, without a password.

    Raises:
        Conflict: `no_invitation`, there is no open one.
    """
    user = newcomer(actor, username)
    if not close_open(actor, user):
        raise Conflict(_("There is no open invitation."), code="no_invitation")
    return user


def open_invitation(token: str, *, lock: bool = False) -> Invitation:
    """The invitation while it may be used.

    Raises:
        NotFound: unknown, used, withdrawn or expired.
    """
    rows = Invitation.objects.select_related("user", "made_by").filter(digest=digest_of(token), used_at=None, withdrawn_at=None)
    rows = rows.select_for_update(of=("self", "user")) if lock else rows
    row = rows.filter(expires_at__gt=clock.now(), user__is_active=True).first()
    if row is None:
        raise NotFound(_("This invitation has been used, withdrawn or has expired. Ask for a new one."), code="invitation_gone")
    return row


def accept_invitation(*, token: str, password: str, address: str, request_id: str = "") -> User:
    """Use the link, once: the new person sets his password."""
    actor = replace(system_actor("invitation", channel="web"), address=address, request_id=request_id)
    return accept_as(actor=actor, token=token, password=password)


@command
def accept_as(*, actor: Actor, token: str, password: str) -> User:
    """Set the first password and close the link.

    Raises:
        NotFound: the link may not be used any more.
        Invalid: the password is too weak.
    """
    row = open_invitation(token, lock=True)
    user = row.user
    if user.has_usable_password():
        raise Forbidden
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), fields={"password": error.messages}) from error
    before = audit.snapshot(user)
    user.set_password(password)
    user.save(update_fields=["password"])
    row.used_at = clock.now()
    row.save(update_fields=["used_at"])
    audit.record(actor, "accept_invitation", row, {"used_at": None}, {"used_at": row.used_at})
    audit.record(actor, "set_password", user, before, audit.snapshot(user))
    return user
