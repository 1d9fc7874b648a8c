"""Where the paths of the REST operations lead to something: a record to stand there, somebody who may, and words to send."""

from contextlib import contextmanager
from typing import Any

from django.db import transaction

from yizhan.site.tests.test_resources import NEW
from yizhan.tickets.models import State
from yizhan.tickets.states import TicketLife

API = "/api/v1"
TURNS, OTHERS = ("manager", "admin", "desk"), ("engineer1", "requester1")
KEYS = {
    "users": "username",
    "customers": "code",
    "teams": "code",
    "skills": "code",
    "categories": "code",
    "invitations": "username",
}
INVITED = {"username": "novice", "display_name": "王敏", "roles": ["technician"]}
# Collections of which no record stands in the demonstration.
MADE: dict[str, Any] = {"custom-fields": NEW["custom-fields"], "duties": NEW["duties"], "invitations": INVITED}
# What has to be done before these can be: by whom, what, with which body.
BEFORE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "recall": ("desk", "dispatch", {"to": "engineer1"}), "accept": ("desk", "dispatch", {"to": "engineer1"}),
    "leave": ("engineer1", "arrive", {"proof": "none"}),
    "resume": ("engineer1", "suspend", {"reason": "wait_user", "note": "等用户回电"}),
    "accept_transfer": ("engineer3", "transfer", {"to": "engineer1", "reason": "换班"}),
    "decline_transfer": ("engineer3", "transfer", {"to": "engineer1", "reason": "换班"}),
}  # fmt: skip


def collection(path: str) -> str:
    return path.removeprefix(f"{API}/").split("/")[0]


def roles_for(path: str) -> list[str]:
    """The office in any case; the people of a ticket where it is about one."""
    return [*TURNS, *(OTHERS if collection(path) == "tickets" else ())]


def condition(action: str) -> str:
    """How the world makes a ticket for this action."""
    if action not in TicketLife.transitions:
        return "new"
    working = "claimed" if "_transfer" in action else "judged"
    made = {State.PENDING: "new", State.IN_PROGRESS: working, State.COMPLETED: "completed", State.ARCHIVED: "archived"}
    sources = TicketLife.transitions[action].sources
    return "ready" if action == TicketLife.archive.action else next(how for state, how in made.items() if state in sources)


def record(api: Any, world: Any, path: str) -> str:
    """The key of a record that stands where the path asks for one, in a state in which the action may be taken."""
    name, action = collection(path), path.rpartition("/actions/")[2]
    if "{" not in path:
        return ""
    if name == "tickets":
        how, who = condition(action), {"by": "engineer3"} if "_transfer" in action else {}
        number = str(getattr(world, how)(**who).number)
        if action in BEFORE:
            person, first, body = BEFORE[action]
            done = api(person).act(number, first, **body)
            assert done.status == 200, done
        return number
    if name in MADE:
        made = api("admin").post(f"/{name}", MADE[name])
        assert made.status == 201, made
        return str(made[KEYS.get(name, "id")])
    return str(api("admin").get(f"/{name}")["items"][0][KEYS.get(name, "id")])


@contextmanager
def undone() -> Any:
    """What is done here is as if it had not been."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
