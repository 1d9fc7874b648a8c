"""Every URL and every API operation as every role and as another customer's people: what each sees and may do.

A route or operation that is not in the tables below fails the walk: it must say who may pass
on the day it is born.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from yizhan.channels.models import Call, InboundMessage, MailGrant, PhoneLine
from yizhan.channels.services.mailboxes import add_mailbox
from yizhan.channels.services.polling import store_raw
from yizhan.kernel import attachments, clock
from yizhan.kernel.actor import system_actor
from yizhan.kernel.models import CustomField, News, SavedView, Work
from yizhan.kernel.resource import all_resources
from yizhan.kernel.testing.api import ApiClient, operations
from yizhan.people.models import Assignment, Contact, Customer, Department, Duty, Site, Skill, Team, User
from yizhan.tickets.models import CannedReply, Category, Phrase
from yizhan.tickets.services import signing
from yizhan.tickets.services.handing import offer_handover
from yizhan.tickets.states import TicketLife

GUEST, OTHERS, OWN = "", {"requester1", "customer1"}, "requester2"
CUSTOMERS = OTHERS | {OWN}
STAFF = {"engineer1", "engineer2", "desk", "manager", "assets", "auditor", "admin"}
PEOPLE = [GUEST, *sorted(CUSTOMERS | STAFF)]
ALL = CUSTOMERS | STAFF
ADMIN = {"admin"}
ENGINEERS = {"engineer1", "engineer2"}
DESK = {"engineer1", "engineer2", "desk", "manager"}
CLOSERS, CHANNELS = {"desk", "manager"}, {"desk", "manager", "auditor", "admin"}
ANYBODY = ALL | {GUEST}

PAGES: dict[str, set[str]] = {
    "home": ALL, "search": ALL, "desk": DESK, "desk-callers": DESK, "desk-people": DESK, "desk-similar": DESK,
    "desk-paste": DESK, "desk-same": DESK, "report-same": ALL,
    "report": CUSTOMERS,
    "closing": CLOSERS, "closing-ticket": CLOSERS, "closing-archive": CLOSERS, "closing-visit": CLOSERS,
    "closing-follow-up": CLOSERS,
    "tickets": ALL,
    "ticket": STAFF | {OWN}, "ticket-do": STAFF | {OWN}, "ticket-message": STAFF | {OWN}, "ticket-sheet": {"engineer1"},
    "ticket-sign": {"engineer1", OWN}, "ticket-print": STAFF | {OWN}, "sign-link": {GUEST, OWN}, "verify-sheet": ANYBODY,
    "channels": CHANNELS, "inbound": CHANNELS, "inbound-place": CHANNELS, "inbound-discard": CHANNELS,
    "inbound-replay": CHANNELS,
    "list-save-view": ALL, "list-delete-view": ALL, "list-columns": ALL, "list-export": STAFF, "works": ALL, "work": {"desk"},
    "tickets-batch": ALL, "ticket-edit": {"engineer1", "desk", "manager"},
    "handover": ENGINEERS, "handover-answer": ENGINEERS, "news": ALL, "news-open": {"engineer1"},
    "notice-preferences": STAFF, "ticket-watch": STAFF | {OWN},
    "mailbox-new": ADMIN, "mailbox-connect": ADMIN, "mailbox-connected": ADMIN,
    "mailbox-switch": CHANNELS, "phone-hook": set(), "calls": CHANNELS, "call-card": CHANNELS, "call-back": CHANNELS,
    "invite": ADMIN, "invitation": ADMIN, "invited": ADMIN, "join": set(),
    "palette": ALL, "welcome": ADMIN, "ticket-undo": STAFF | {OWN}, "ticket-presence": STAFF | {OWN},
    "audit": {"auditor"}, "attachment": STAFF | {OWN},
    "set_language": ALL, "first-run": set(), "healthz": ANYBODY, "readyz": ANYBODY, "metrics": ANYBODY,
    "account_login": ANYBODY, "account_logout": ANYBODY, "account_inactive": ANYBODY, "account_signup": ANYBODY,
    "account_email": ANYBODY, "account_reauthenticate": ALL, "mfa_index": ALL, "mfa_authenticate": ALL,
    "mfa_reauthenticate": ALL, "mfa_activate_totp": ALL, "mfa_deactivate_totp": ALL, "mfa_view_recovery_codes": ALL,
    "mfa_generate_recovery_codes": ALL, "mfa_download_recovery_codes": ALL, "mfa_list_webauthn": ALL, "mfa_add_webauthn": ALL,
    "mfa_reauthenticate_webauthn": ALL, "mfa_remove_webauthn": ALL, "mfa_edit_webauthn": ALL, "mfa_login_webauthn": ALL,
    "usersessions_list": ALL, "account_change_password": ALL, "account_set_password": ALL,
    "account_reset_password": ANYBODY, "account_reset_password_done": ANYBODY,
    "account_reset_password_from_key": ANYBODY, "account_reset_password_from_key_done": ANYBODY,
}  # fmt: skip
PLACES = ALL
MACHINES = {"phone-hook"}  # no browser comes here; like REST they say that they take another method
RESOURCES: dict[str, tuple[set[str], set[str]]] = {  # who lists and reads, who makes and changes
    "customers": (PLACES, {"manager", "admin"}), "sites": (PLACES, {"desk", "manager", "admin"}),
    "departments": (PLACES, {"desk", "manager", "admin"}),
    "contacts": (STAFF | {"customer1"}, {"desk", "manager", "admin"}), "users": (STAFF, ADMIN), "teams": (STAFF, ADMIN),
    "skills": (STAFF, ADMIN), "assignments": (ADMIN, ADMIN), "notice-templates": (ADMIN, ADMIN),
    "categories": (ALL, ADMIN | {"manager"}), "custom-fields": (ADMIN, ADMIN),
    "duties": (STAFF, {"manager", "admin"}),
    "phrases": (STAFF, {"desk", "manager", "admin"}), "canned-replies": (STAFF, {"desk", "manager", "admin"}),
}  # fmt: skip
THEIRS = {"tickets", "customers", "sites", "departments", "contacts"}
POSTED: dict[str, set[str]] = {  # what POST without a body meets: who passes the gate
    "ticket-message": DESK | {OWN}, "inbound-place": CLOSERS, "inbound-discard": CLOSERS, "inbound-replay": CLOSERS,
    "closing-visit": CLOSERS, "closing-follow-up": CLOSERS, "closing-archive": CLOSERS,
    "list-save-view": STAFF, "list-columns": STAFF, "tickets-batch": STAFF,
    "ticket-watch": STAFF, "handover-answer": {"engineer1"}, "news": ALL,
    "ticket-undo": STAFF | {OWN}, "ticket-presence": STAFF, "call-back": CLOSERS, "mailbox-switch": ADMIN,
    "desk-paste": DESK, "desk-same": DESK, "report-same": {OWN}, "invitation": ADMIN,
    "list-delete-view": {"desk", "manager", "admin"}, "ticket-edit": {"engineer1", "desk", "manager"}, "work": {"desk"},
}  # fmt: skip


@pytest.fixture
def theirs(world: Any, settings: Any) -> dict[str, Any]:
    """Everything that belongs to the customer `demo-b`."""
    ticket = world.completed(requester=OWN)
    box = add_mailbox(
        actor=system_actor("t"), name="b", address="b@yizhan.example", imap_url="imap://h", smtp_url="", customer="demo-b"
    )
    MailGrant.objects.create(mailbox=box, authorize_url="https://p.example/a", token_url="https://p.example/t", client_id="c")
    store_raw(box, [b"From: x@y.example\r\nSubject: s\r\n\r\nb"], clock.now())
    file = attachments.store(system_actor("t"), customer_id=ticket.customer_id, file=attachments.check("a.txt", b"x"))
    attachments.adopt([file], ticket, customer_id=ticket.customer_id, part_id=None, internal=False)
    inbound = InboundMessage.objects.get()
    inbound.state = "triage"
    inbound.save()
    customer = Customer.objects.get(code="demo-b")
    fault = world.new(requester=OWN)
    fault.affected_count = 1
    fault.save()
    duty = Duty.objects.create(
        user=User.objects.get(username="engineer1"), begins=clock.now(), ends=clock.now() + timedelta(hours=8)
    )
    world.claimed(by="engineer2", requester=OWN)
    handover = offer_handover(actor=world.actor("engineer2"), to="engineer1")
    line = PhoneLine.objects.create(name="l", sealed_secret="", customer=customer)
    call = Call.objects.create(line=line, source_id="1", number="1", customer=customer, state="missed", started_at=clock.now())
    newcomer = User.objects.create_user("newcomer", display_name="新人")
    newcomer.set_unusable_password()
    newcomer.save()
    own_field = CustomField.objects.create(target="people.contact", key="badge", label="工牌")
    desk = User.objects.get(username="desk")
    notice = News.objects.create(owner=User.objects.get(username="engineer1"), code="chased", text="催", url="/", at=clock.now())
    view = SavedView.objects.create(listing="tickets", name="急", owner=desk, shared=True)
    work = Work.objects.create(kind="import", label="导入", owner=desk, state="done", created_at=clock.now())
    return {
        "number": ticket.number, "action": "remind", "sheet": ticket.sheets.get().number,
        "link": signing.new_link(ticket, ticket.sheets.get()), "verify": ticket.sheets.get().verify_token, "inbound": inbound.pk,
        "attachment": file.pk, "customers": customer.pk, "sites": Site.objects.filter(customer=customer).first(),
        "departments": Department.objects.filter(customer=customer).first(),
        "contacts": Contact.objects.filter(customer=customer).first(), "users": User.objects.get(username="engineer1"),
        "teams": Team.objects.first(), "skills": Skill.objects.first(), "assignments": Assignment.objects.first(),
        "categories": Category.objects.first(), "notice-templates": None, "ticket": ticket,
        "phrases": Phrase.objects.first(), "canned-replies": CannedReply.objects.first(), "custom-fields": own_field,
        "box": box.pk, "duties": duty, "handover": handover.pk, "call": call.pk,
        "fault": fault.number, "view": view.pk, "work": work.pk, "news": notice.pk,
    }  # fmt: skip


def routes(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "api":
                yield from routes(entry)
        elif entry.name:
            yield entry


def address(name: str, theirs: dict[str, Any]) -> str:
    if name.startswith("resource-"):
        _, rest = name.split("-", 1)
        resource, view = rest.rsplit("-", 1)
        row = theirs[resource]
        pk = 1 if row is None else getattr(row, "pk", row)
        life = next(known for known in all_resources() if known.name == resource).life
        first = next(iter(life.transitions)) if life and view == "do" else ""
        return reverse(name, args=[pk, first] if first else [pk] if view == "detail" else [])
    arguments: dict[str, list[Any]] = {
        "ticket": [theirs["number"]], "ticket-do": [theirs["number"], theirs["action"]], "ticket-message": [theirs["number"]],
        "ticket-sheet": [theirs["number"]], "ticket-sign": [theirs["number"]], "closing-ticket": [theirs["number"]],
        "closing-visit": [theirs["number"]], "closing-follow-up": [theirs["number"]],
        "ticket-print": [theirs["number"], theirs["sheet"]], "sign-link": [theirs["link"]],
        "verify-sheet": [theirs["verify"]], "attachment": [theirs["attachment"]], "account_reset_password_from_key": ["1", "x-y"],
        "desk-same": [theirs["fault"]], "report-same": [theirs["fault"]],
        "mailbox-switch": [theirs["box"]], "mailbox-connect": [theirs["box"]],
        "phone-hook": ["a"], "call-card": [theirs["call"]], "call-back": [theirs["call"]],
        "ticket-undo": [theirs["number"]], "ticket-presence": [theirs["number"]],
        "handover-answer": [theirs["handover"]], "ticket-watch": [theirs["number"]],
        "invitation": ["newcomer"], "invited": ["newcomer"], "join": ["nonsense"],
        "mfa_remove_webauthn": [1], "mfa_edit_webauthn": [1],
        "list-save-view": ["tickets"], "list-columns": ["tickets"],
        "list-export": ["tickets"], "work": [theirs["work"]], "news-open": [theirs["news"]],
        "list-delete-view": ["tickets", theirs["view"]], "ticket-edit": [theirs["number"]],
        **{name: [theirs["inbound"]] for name in ("inbound", "inbound-place", "inbound-discard", "inbound-replay")},
    }  # fmt: skip
    return reverse(name, args=arguments.get(name, []))


def allowed(name: str) -> set[str]:
    if name.startswith("resource-"):
        resource, view = name.split("-", 1)[1].rsplit("-", 1)
        return RESOURCES[resource][1 if view in {"new", "import"} else 0]
    return PAGES[name]


def signed_in(username: str) -> Client:
    client = Client(raise_request_exception=True)
    if username:
        client.force_login(User.objects.get(username=username), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def landed(client: Client, address: str) -> Any:
    """The answer at the end of the way: an address that only takes a form leads to the page where the form stands."""
    response = client.get(address)
    while response.status_code == 302 and "/accounts/" not in address + response.headers["Location"]:
        response = client.get(response.headers["Location"])
    return response


def passes(response: Any) -> bool:
    to_login = response.status_code == 302 and "/accounts/login/" in response.headers.get("Location", "")
    return response.status_code < 400 and not to_login


def test_every_route_says_who_may_pass() -> None:
    named = {route.name for route in routes() if not str(route.name).startswith("resource-")}
    assert named == set(PAGES)
    assert {resource.name for resource in all_resources()} == set(RESOURCES)


@pytest.mark.parametrize("username", PEOPLE)
def test_pages_as_everybody(username: str, theirs: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(username)
    for route in routes():
        name = str(route.name)
        response = landed(client, address(name, theirs))
        expected = username in allowed(name)
        assert response.status_code != 405 or name in MACHINES, (name, username)
        if (
            name in {"readyz", "first-run", "account_set_password"}
            or (name.startswith("mfa_") and username)
            or (name.endswith(("-detail", "-do")) and username in OTHERS)
        ):
            continue
        assert passes(response) == expected, (name, username, response.status_code)
        if not expected and username:
            assert response.status_code in {403, 404, 405}, (name, username)


@pytest.mark.parametrize("username", sorted(OTHERS))
def test_another_customers_records_do_not_exist(username: str, theirs: dict[str, Any]) -> None:
    client = signed_in(username)
    for name in ("ticket", "ticket-sheet", "ticket-sign", "ticket-print", "attachment"):
        assert client.get(address(name, theirs)).status_code == 404, name
    for name in ("customers", "sites", "departments", "contacts"):
        assert client.get(address(f"resource-{name}-detail", theirs)).status_code == 404, name
    for action in TicketLife.transitions:
        assert client.post(f"/tickets/{theirs['number']}/do/{action}/").status_code == 404, action
    for resource in all_resources():
        for action in resource.life.transitions if resource.life else ():
            assert client.post(f"/data/{resource.name}/{theirs[resource.name].pk}/do/{action}/").status_code == 404, action
    assert client.post(f"/tickets/{theirs['number']}/messages/", {"body": "x"}).status_code == 404
    before = theirs["ticket"].version
    theirs["ticket"].refresh_from_db()
    assert theirs["ticket"].version == before


@pytest.mark.parametrize("username", PEOPLE)
def test_posts_meet_the_same_gate(username: str, theirs: dict[str, Any]) -> None:
    client = signed_in(username)
    for name, may in POSTED.items():
        response = client.post(address(name, theirs))
        refused = response.status_code in {403, 404} or (response.status_code == 302 and "login" in response.headers["Location"])
        assert refused != (username in may), (name, username, response.status_code)


@pytest.mark.parametrize("username", PEOPLE)
def test_resources_are_changed_by_their_keepers_only(username: str, theirs: dict[str, Any]) -> None:
    client = signed_in(username)
    for name, (_, keepers) in RESOURCES.items():
        response = client.post(address(f"resource-{name}-detail", theirs), {})
        refused = response.status_code in {302, 403, 404} if username else response.status_code == 302
        assert refused != (username in keepers), (name, username, response.status_code)


def filled(path: str, theirs: dict[str, Any], resource: str) -> str:
    keys = {"customers": "demo-b", "users": "engineer1", "teams": "tier1", "skills": "print", "categories": "print"}
    key = keys.get(resource) or str(getattr(theirs.get(resource), "pk", ""))
    return path.replace("/api/v1", "").replace("{number}", theirs["number"]).replace("{key}", key)


@pytest.mark.parametrize("username", PEOPLE)
def test_the_api_as_everybody(username: str, theirs: dict[str, Any]) -> None:
    client = ApiClient(username)
    for method, path, operation in operations():
        resource = path.split("/")[3]
        query = "?q=%E6%89%93%E5%8D%B0" if resource == "search" else ""
        answer = client.call(method, filled(path, theirs, resource) + query, {} if method in {"POST", "PATCH"} else None)
        where = (operation, username, answer.status)
        if not username:
            assert answer.status == 401, where
        elif username in OTHERS and "{" in path and resource in THEIRS:
            assert answer.status == 404, where
        elif (resource in RESOURCES and method in {"POST", "PATCH"} and username not in RESOURCES[resource][1]) or (
            resource in RESOURCES and method == "GET" and username not in RESOURCES[resource][0]
        ):
            assert answer.status in {403, 404}, where
        else:
            assert answer.status < 500, where


@pytest.mark.parametrize("username", sorted(OTHERS))
def test_lists_show_no_row_of_another_customer(username: str, theirs: dict[str, Any]) -> None:
    client = ApiClient(username)
    for name in ("tickets", "customers", "sites", "departments", "contacts"):
        answer = client.get(f"/{name}?limit=200")
        if answer.status == 403:
            continue
        codes = {item.get("customer", item.get("code")) for item in answer["items"]}
        assert codes <= {"demo-a"}, name
    for question in ("打印", "马俊", theirs["number"][-5:]):
        found = {item["number"] for item in client.get(f"/search?q={question}")["items"]}
        assert theirs["number"] not in found
