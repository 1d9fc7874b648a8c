"""What nobody may meet: values planted in every text of demo-b, looked for in every answer to people of all sorts.

Who they are and what is kept from them stands in `PEOPLE`; where the marks are, in `planted.py`.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connections
from django.urls import reverse
from psycopg.conninfo import conninfo_to_dict

from yizhan.kernel import attachments, clock, live
from yizhan.kernel.listing.declaration import all_listings
from yizhan.kernel.live import Cursor, LiveEvent
from yizhan.kernel.models import News, Notice, StoredEvent
from yizhan.kernel.readers import sheets
from yizhan.kernel.resource import all_resources, resource_named
from yizhan.kernel.testing.api import ApiClient, operations
from yizhan.people.models import Contact, Customer, Role, Team, User
from yizhan.people.tests.mixed import make_person
from yizhan.site.hub import Hub, Listener
from yizhan.site.live import Pass
from yizhan.site.tests.planted import (
    APPS,
    COMMON,
    NOT_PLANTED,
    PLANTS,
    WRITTEN_BY_THE_PROGRAM,
    Mark,
    Planted,
    plant_columns,
    plant_custom,
    plant_sheets,
    plant_staff,
    reindex,
    text_columns,
    unguarded,
    work_as_daily,
)
from yizhan.site.tests.test_isolation import POSTED, address, filled, routes, signed_in, theirs
from yizhan.tickets.models import CannedReply, Rating, ReturnVisit, Ticket, Watcher
from yizhan.tickets.services import taking, working
from yizhan.tickets.services.affected import add_affected
from yizhan.tickets.services.messages import NewMessage, attach_file, post_message

__all__ = ["theirs"]
F, O, I, N, C, _W = Mark  # noqa: E741 - the letters of the marks
ALL_OF_B = {F, O, I, N}
A, B, R = "demo-a", "demo-b", Role
PEOPLE: dict[str, tuple[set[Mark], list[tuple[Role, str]], str]] = {  # what is kept from whom: his roles, where he is a contact
    "customer1": ({*ALL_OF_B, C}, [], ""), "requester2": ({O, I, N, C}, [], ""),
    "auditor": ({N, C}, [], ""),
    "engineer-of-a": (ALL_OF_B, [(R.TECHNICIAN, A)], ""), "desk-of-a": (ALL_OF_B, [(R.DESK, A)], ""),
    "manager-of-a": (ALL_OF_B, [(R.SERVICE_MANAGER, A)], ""),
    "admin-of-a": (ALL_OF_B, [(R.ADMINISTRATOR, A)], ""), "auditor-of-a": ({*ALL_OF_B, C}, [(R.AUDITOR, A)], ""),
    "engineer-of-a-requester-at-b": ({O, I, N}, [(R.TECHNICIAN, A), (R.REQUESTER, B)], B),
    "manager-of-a-contact-at-b": ({I}, [(R.SERVICE_MANAGER, A), (R.CUSTOMER_CONTACT, B)], B),
    "auditor-of-a-contact-at-b": ({I, C}, [(R.AUDITOR, A), (R.CUSTOMER_CONTACT, B)], B),
    "desk-of-a-auditor-of-b": ({N}, [(R.DESK, A), (R.AUDITOR, B)], ""),
    "nobody-yet": ({*ALL_OF_B, C}, [], ""), "manager": (set(), [], ""),
}  # fmt: skip
GROUPS = {  # one planting each
    "customers": ["customer1", "requester2", "nobody-yet"],
    "of all": ["manager", "auditor"],
    "of one customer": ["engineer-of-a", "desk-of-a", "manager-of-a", "admin-of-a", "auditor-of-a"],
    "of two": [
        "engineer-of-a-requester-at-b",
        "manager-of-a-contact-at-b",
        "auditor-of-a-contact-at-b",
        "desk-of-a-auditor-of-b",
    ],
}
MET_BY_THE_MANAGER = {
    "tickets.Ticket.subject", "people.Contact.phone", "people.Site.name", "tickets.Message.body", "kernel.Attachment.name",
    "channels.Call.number", "tickets.ticket.custom", "people.contact.custom", "people.Contact.email",
    "channels.InboundMessage.subject", "tickets.CannedReply.title", "news",
}  # fmt: skip
SKIPPED = ("readyz", "metrics", "healthz", "first-run", "mailbox-connect", "account_", "mfa_", "usersessions_")
"""Routes that show no record but one's own account, and one that leaves for a provider; everything else is walked."""
SEARCHED = {
    "people.Contact.phone", "people.Contact.email", "people.Contact.name", "people.contact.custom", "people.Site.name",
    "tickets.Ticket.subject", "tickets.ticket.custom", "tickets.Message.body", "tickets.CannedReply.title", "people.User.phone",
}  # fmt: skip
NOWHERE = {True: "19900000000", False: "zqy0000x"}
"""By whether the question is a number: words that stand nowhere."""
ASKED_BY_REST = ("/search?q=", "/contacts?q=", "/users?q=", "/sites?q=")
LINKS = {"sign-link", "verify-sheet", "join"}
"""Whoever holds such a link may see what it names: it is its own key."""


@pytest.fixture
def planter(django_db_setup: None, django_db_blocker: Any, settings: Any) -> Iterator[None]:
    """Before the test's transaction begins: its connection is the owner's."""
    usual = connections["default"]
    daily = {key: usual.settings_dict[key] for key in ("USER", "PASSWORD")}
    owner = conninfo_to_dict(settings.YIZHAN.database_owner_url)
    with django_db_blocker.unblock():
        usual.close()
        usual.settings_dict.update(USER=owner["user"], PASSWORD=owner["password"])
        yield
        usual.close()
        usual.settings_dict.update(daily)


@pytest.fixture
def as_daily(planter: None, db: None) -> None:
    work_as_daily()


@pytest.fixture
def planted(as_daily: None, theirs: dict[str, Any], world: Any) -> Planted:
    """Everything that demo-b may have, by the real commands; then a mark in every text of it."""
    own, customer, marks = world.contact("requester2"), Customer.objects.get(code=B), Planted()
    other = Contact.objects.filter(customer=customer, user=None).exclude(email="").first()
    engineer = world.actor("engineer1")
    mine = world.claimed(requester="requester2")
    for ticket in (theirs["ticket"], mine):
        file = attach_file(actor=engineer, customer_id=customer.pk, file=attachments.check("内部.txt", b"1"))
        note = NewMessage("内部", internal=True, attachment_ids=(file.pk,))
        post_message(actor=engineer, number=ticket.number, message=note)
        post_message(actor=engineer, number=ticket.number, message=NewMessage("公开"))
    add_affected(actor=world.actor("desk"), number=mine.number, name="旁人", phone="8012", place="x")
    working.start_remote(actor=engineer, number=mine.number, tool="t", session="s")
    foreign = Ticket.objects.filter(customer=customer).exclude(pk__in=[mine.pk, theirs["ticket"].pk]).first()
    assert foreign is not None
    Ticket.objects.filter(pk=foreign.pk).update(requester=other)
    CannedReply.objects.create(title="x", body="x", customer=customer)
    Rating.objects.create(ticket=mine, contact=own, score=5, rated_at=clock.now())
    ReturnVisit.objects.create(ticket=mine, result="reached", made_at=clock.now())
    plant_custom(marks, customer, own)
    with unguarded():
        plant_columns(marks, customer, own)
    plant_sheets(marks, customer, own)
    plant_staff(marks, "engineer1")
    reindex(customer)
    for username, (_kept, roles, at) in PEOPLE.items():
        if not User.objects.filter(username=username).exists():
            make_person(username, *roles, contact_at=at)
    return marks


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if getattr(response, "streaming", False) else response.content
    if "spreadsheet" in response.headers.get("Content-Type", ""):
        return str(sheets.read(content, is_csv=False))  # our own: no child needs to guard us from it
    return str(content.decode(errors="replace")) + str(response.headers)


def page_addresses(theirs: dict[str, Any]) -> list[str]:
    """Every route with each record of demo-b that it can name, and every list as wide and as deep as it goes."""
    found = [
        address(name, theirs)
        for name in (str(route.name) for route in routes())
        if not name.startswith(SKIPPED) and name not in LINKS
    ]
    customer = theirs["customers"]
    for number in Ticket.objects.filter(customer=customer).values_list("number", flat=True):
        found += [
            reverse(name, args=[number]) for name in ("ticket", "ticket-edit", "ticket-sheet", "ticket-sign", "closing-ticket")
        ]
    for resource in all_resources():
        if resource.policy.customer_path:
            for pk in resource.policy.belonging(frozenset({customer})).values_list("pk", flat=True)[:8]:
                found.append(reverse(resource.url_name("detail"), args=[pk]))
    word = quote(COMMON)
    found += [reverse(name) + f"?{query}" for name, query in (
        ("search", f"q={word}"), ("palette", f"q={word}"), ("desk-callers", f"who={word}"), ("desk-similar", f"subject={word}"),
        ("channels", "state=all"), ("calls", "view=all"), ("tickets", "view=archived"), ("audit", ""),
    )]  # fmt: skip
    for pk in Contact.objects.filter(customer=customer).values_list("pk", flat=True)[:3]:
        found.append(reverse("desk") + f"?caller={pk}")
    return found


def list_addresses(actor: Any) -> list[str]:
    found = []
    for listing in all_listings():
        columns = ",".join(listing.offered_columns(actor))
        query = f"view=all&columns={columns}"
        found += [f"{listing.address()}?{query}", f"{listing.address()}?{query}&q={quote(COMMON)}"]
        found.append(reverse("list-export", args=[listing.name]) + f"?{query}")
    return found


def marks_in(text: str) -> set[str]:
    return set(re.findall(r"zq[a-z]\d{4}x|1991\d{7}", text))


def test_every_text_column_is_planted_or_says_why_not() -> None:
    known = {f"{label}.{name}" for label, (_way, columns) in PLANTS.items() for name in columns}
    known |= {column for columns in NOT_PLANTED.values() for column in columns}
    found = {c for c in text_columns() if c.rsplit(".", 1)[0] not in WRITTEN_BY_THE_PROGRAM}
    assert found - known == set()
    assert known - found == set()
    assert {"kernel", "people", "tickets", "channels"} == set(APPS)


def look_at_pages(username: str, theirs: dict[str, Any], actor: Any) -> set[tuple[str, str]]:
    """The marks that his pages, lists and files show him, and the answers to his forms, each with where it stood."""
    client, met = signed_in(username), set()
    for where in dict.fromkeys([*page_addresses(theirs), *list_addresses(actor)]):
        response = client.get(where, follow=True)
        assert response.status_code != 500, where
        met |= {(word, where.split("?")[0]) for word in marks_in(text_of(response))}
    for name in POSTED:
        met |= {(word, f"POST {name}") for word in marks_in(text_of(client.post(address(name, theirs), follow=True)))}
    return met


def look_at_rest(username: str, theirs: dict[str, Any]) -> set[tuple[str, str]]:
    client, met = ApiClient(username), set()
    numbers = list(Ticket.objects.filter(customer=theirs["customers"]).values_list("number", flat=True))
    for method, path, operation in operations():
        resource, query = path.split("/")[3], ""
        if method == "GET" and "{" not in path:
            query = f"?q={quote(COMMON)}&limit=100" if resource == "search" else "?limit=100"
        for number in numbers if "{number}" in path and method == "GET" else numbers[:1]:
            asked = filled(path, {**theirs, "number": number}, resource) + query
            answer = client.call(method, asked, {} if method in {"POST", "PATCH"} else None)
            met |= {(word, operation) for word in marks_in(str(answer.body))}
    return met


def ask_with_marks(username: str, planted: Planted) -> set[tuple[str, str]]:
    """The marks that he may not meet and that change an answer all the same: a question with one must answer
    as a question with a word that stands nowhere.
    """
    asked: dict[tuple[str, Mark], str] = {}
    for word, place in planted.of(PEOPLE[username][0]).items():
        if place in SEARCHED:
            asked.setdefault((place, planted.kinds[word]), word)
    client, rest, met = signed_in(username), ApiClient(username), set()
    lists = [resource_named(name).address() for name in ("contacts", "sites", "canned-replies", "users")]
    pages = [f"{reverse('desk-callers')}?who=", f"{reverse('desk-similar')}?subject="]
    pages += [f"{page}?q=" for page in (reverse("search"), reverse("palette"), *lists)]
    nothing: dict[tuple[str, bool], str] = {}

    def answer(where: str, question: str) -> str:
        if where in ASKED_BY_REST:
            return str(rest.get(where + question).body).replace(question, "")
        return plain(text_of(client.get(where + question, follow=True)), question)

    for word in asked.values():
        number = word.isdigit()
        for where in (*pages, *ASKED_BY_REST):
            if (where, number) not in nothing:
                nothing[where, number] = answer(where, NOWHERE[number])
            if answer(where, word) != nothing[where, number]:
                met.add((word, where))
    return met


def told_to(username: str) -> set[tuple[str, str]]:
    """The marks in the news of his bell and in the mails that went to him."""
    news = News.objects.filter(owner__username=username).values_list("text", flat=True)
    person = User.objects.get(username=username)
    contact = Contact.objects.filter(user=person).first()
    addresses = {person.email, contact.email if contact else ""} - {""}
    mails = Notice.objects.filter(address__in=addresses).values_list("subject", "body", "headers")
    return {(word, "news") for word in marks_in(str(list(news)))} | {(word, "mail") for word in marks_in(str(list(mails)))}


def heard_by(actor: Any) -> list[tuple[LiveEvent, bool]]:
    """What the event stream hands to his open page of all that was stored, each with whether it is of demo-b."""
    rows = StoredEvent.objects.order_by("id")
    customer = Customer.objects.get(code=B)
    stored = {
        LiveEvent(Cursor(r.xact, r.id), r.type, r.object_type, r.object_id, r.internal, str(r.payload)): r.customer_id
        for r in rows
    }
    listener = Listener(Pass(actor.user_id, "", ""), actor=actor)
    heard = [one[0] for one in live.known(list(stored)) if Hub().heard(listener, one)]
    return [(event, stored[event] == customer.pk) for event in heard]


def write_and_send(planted: Planted, world: Any) -> None:
    """What is told anew of a planted ticket: to a team with people of both customers, to a requester, to a watcher."""
    team = Team.objects.get(code="tier1")
    for username in ("engineer-of-a", "engineer-of-a-requester-at-b"):
        team.members.add(User.objects.get(username=username))
    word = planted.word(F, "tickets.Ticket.subject")
    ticket = world.new(requester="requester2", subject=f"{COMMON}{word}")
    taking.dispatch_ticket(actor=world.actor("manager"), number=ticket.number, to="tier1")
    taking.accept_ticket(actor=world.actor("engineer1"), number=ticket.number)
    for username in ("engineer-of-a", "manager"):
        Watcher.objects.create(ticket=ticket, user=User.objects.get(username=username), since=clock.now())
    for internal in (True, False):
        body = f"{COMMON}{planted.word(I if internal else F, 'tickets.Message.body')} @engineer-of-a"
        post_message(actor=world.actor("engineer1"), number=ticket.number, message=NewMessage(body, internal=internal))


@pytest.mark.usefixtures("planter")
@pytest.mark.parametrize("group", sorted(GROUPS))
def test_nobody_meets_what_is_kept_from_him(
    group: str, planted: Planted, theirs: dict[str, Any], actors: Any, world: Any
) -> None:
    write_and_send(planted, world)
    found, counted = set(), set()
    for username in GROUPS[group]:
        kept = planted.of(PEOPLE[username][0])
        met = look_at_pages(username, theirs, actors(username)) | look_at_rest(username, theirs)
        met |= ask_with_marks(username, planted) | told_to(username)
        found |= {(username, where, planted.places[word]) for word, where in met if word in kept}
        if username == "manager":
            counted = {planted.places[word] for word, _where in met} | {where for _word, where in met}
        for event, of_b in heard_by(actors(username)):
            if of_b and (F in PEOPLE[username][0] or (event.internal and I in PEOPLE[username][0])):
                found.add((username, "stream", f"{event.object_type} {event.type}"))
    assert found == set()
    if "manager" in GROUPS[group]:  # or all of this would prove nothing: he meets nearly every kind of place
        assert counted >= MET_BY_THE_MANAGER
        assert {(event.internal, of_b) for event, of_b in heard_by(actors("manager"))} >= {(True, True), (False, True)}


def plain(text: str, question: str) -> str:
    """A page without what differs from request to request."""
    text = re.sub(r"csrfmiddlewaretoken\S* value=\S+|pass=[^\"&]+|nonce=\S+|X-Request-Id\S* \S+|'[0-9a-f]{16}'", "", text)
    return re.sub(r"[A-Za-z0-9_:-]{24,}", "", text).replace(question, "")
