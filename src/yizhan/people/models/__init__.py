from yizhan.people.models.customers import Contact, Customer, Department, Site
from yizhan.people.models.invitations import Invitation
from yizhan.people.models.roster import Duty
from yizhan.people.models.staff import Assignment, Role, Skill, Team, User
from yizhan.people.models.tokens import ApiToken

__all__ = [
    "ApiToken", "Assignment", "Contact", "Customer", "Department", "Duty", "Invitation", "Role", "Site", "Skill", "Team", "User",
]  # fmt: skip
