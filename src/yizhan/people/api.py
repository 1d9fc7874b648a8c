"""REST of invitations: people come in by a one-time link, never by a password that somebody else chose."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from yizhan.kernel.errors import Invalid
from yizhan.kernel.rest import StrictSchema, documented, read_body
from yizhan.kernel.web import actor_of
from yizhan.people import policies
from yizhan.people.models import Skill, Team
from yizhan.people.policies import PeoplePermission
from yizhan.people.services import inviting

router = Router(tags=["invitations"])
OUT, OUT_MADE = {200: dict[str, Any]}, {201: dict[str, Any]}
EXAMPLE: Any = {"username": "engineer9", "link": "https://desk.example/join/…/", "expires_at": "2026-12-02T09:00:00+08:00"}


class InvitationOut(BaseModel):
    """The one-time link, as long as there is one."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    username: str
    link: str | None
    expires_at: datetime | None


Code = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class InvitationIn(StrictSchema):
    """Without `customers` the roles are held for all of them, also future ones."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"username": "engineer9", "display_name": "王敏", "roles": ["technician"], "customers": ["demo-a"]}
        },
    )
    username: Code
    display_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    roles: Annotated[list[Code], Field(min_length=1, max_length=10)]
    customers: Annotated[list[Code], Field(max_length=200)] = []
    email: Annotated[str, StringConstraints(max_length=254)] = ""
    phone: Annotated[str, StringConstraints(max_length=30)] = ""
    tier: Annotated[StrictInt, Field(ge=1, le=2)] | None = None
    skills: Annotated[list[Code], Field(max_length=50)] = []
    teams: Annotated[list[Code], Field(max_length=50)] = []


class Nothing(StrictSchema):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {}})


def named(rows: Any, codes: list[str], field: str) -> list[Any]:
    """The records of these codes.

    Raises:
        Invalid: one of them does not exist for this actor.
    """
    found = {row.code: row for row in rows.filter(code__in=codes)}
    unknown = [code for code in codes if code not in found]
    if unknown:
        message = _("There is no such record.")
        raise Invalid(message, code="unknown_reference", fields={field: [f"{code}?" for code in unknown]})
    return [found[code] for code in dict.fromkeys(codes)]


def answer(invited: inviting.Invited) -> dict[str, Any]:
    return {"username": invited.user.username, "link": invited.link, "expires_at": invited.expires_at}


@router.post(
    "", response=OUT_MADE, operation_id="invitations_create", openapi_extra=documented(InvitationIn, answers={201: InvitationOut})
)
def create_invitation(request: HttpRequest) -> Status[dict[str, Any]]:
    """A new account with its roles, and the link by which the person sets his password; it is shown once."""
    actor = actor_of(request)
    policies.users.require(actor, PeoplePermission.CHANGE_STAFF)
    body = read_body(request, InvitationIn)
    served = policies.customers.scope(actor, PeoplePermission.CHANGE_STAFF)
    new = inviting.Colleague(
        username=body.username, name=body.display_name, roles=body.roles, email=body.email, phone=body.phone, tier=body.tier,
        customers=named(served.filter(active=True), body.customers, "customers"),
        skills=named(Skill.objects.all(), body.skills, "skills"), teams=named(Team.objects.all(), body.teams, "teams"),
    )  # fmt: skip
    return Status(201, answer(inviting.invite_colleague(actor=actor, new=new)))


def seen_and_bare(request: HttpRequest, username: str) -> None:
    """Who may not hears that first; then the body must hold nothing."""
    actor = actor_of(request)
    user = policies.users.find(actor, PeoplePermission.VIEW_STAFF, username=username)
    policies.users.require(actor, PeoplePermission.CHANGE_STAFF, user)
    read_body(request, Nothing)


@router.post(
    "/{username}/renew",
    response=OUT,
    operation_id="invitations_renew",
    openapi_extra=documented(Nothing, answers={200: InvitationOut}),
)
def renew(request: HttpRequest, username: str) -> dict[str, Any]:
    """A fresh link; the old one ends."""
    seen_and_bare(request, username)
    return answer(inviting.renew_invitation(actor=actor_of(request), username=username))


@router.post(
    "/{username}/withdraw", response=OUT, operation_id="invitations_withdraw",
    openapi_extra=documented(Nothing, answers={200: InvitationOut}),
)  # fmt: skip
def withdraw(request: HttpRequest, username: str) -> dict[str, Any]:
    """End the open link."""
    seen_and_bare(request, username)
    user = inviting.withdraw_invitation(actor=actor_of(request), username=username)
    return {"username": user.username, "link": None, "expires_at": None}
