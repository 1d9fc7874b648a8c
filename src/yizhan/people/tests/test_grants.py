"""Who serves one customer changes nothing of the firm's, and nobody grants or resets above what he holds."""

import time
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import check_password
from django.test import Client
from django.urls import reverse

from yizhan.kernel.errors import Forbidden
from yizhan.kernel.resource import resource_named
from yizhan.kernel.resource.importing import import_rows
from yizhan.kernel.resource.saving import save_record
from yizhan.people.models import Assignment, Customer, Role, Skill, Team, User
from yizhan.people.tests.mixed import make_person
from yizhan.tickets.models import CannedReply, Category, Phrase

FIRM: dict[str, dict[str, Any]] = {
    "users": {"username": "mine", "display_name": "我的"}, "teams": {"code": "mine", "name": "我的", "tier": 1},
    "skills": {"code": "mine", "name": "我的"}, "categories": {"code": "mine", "name": "我的", "half": "software"},
    "customers": {"code": "mine", "name": "我的"}, "phrases": {"place": "diagnosis", "text": "我的"},
    "canned-replies": {"title": "我的", "body": "我的"},
    "custom-fields": {"target": "people.contact", "key": "mine", "label": "我的"},
    "duties": {"user": "engineer1", "kind": "shift", "begins": "2026-11-25T09:00:00+08:00", "ends": "2026-11-25T18:00:00+08:00"},
}  # fmt: skip


def at(name: str, view: str = "list", *pk: int) -> str:
    return reverse(resource_named(name).url_name(view), args=pk)


@pytest.fixture(params=[Role.ADMINISTRATOR, Role.SERVICE_MANAGER])
def local(request: pytest.FixtureRequest, db: None) -> User:
    """Somebody who leads, for the customer demo-b only."""
    return make_person("local", (request.param, "demo-b"))


@pytest.fixture
def local_admin(db: None) -> User:
    return make_person("local", (Role.ADMINISTRATOR, "demo-b"))


@pytest.mark.parametrize("name", sorted(FIRM))
def test_what_the_firm_owns_needs_the_grant_for_all(name: str, local: User, api: Any) -> None:
    answer = api("local").post(f"/{name}", FIRM[name])
    assert answer.status == 403, answer
    assert not resource_named(name).model._default_manager.filter(**{k: v for k, v in FIRM[name].items() if v == "我的"}).exists()


def test_the_same_is_made_by_who_holds_it_for_all(api: Any) -> None:
    for name, given in FIRM.items():
        by = "manager" if name in {"phrases", "canned-replies", "duties"} else "admin"
        answer = api(by).post(f"/{name}", given)
        assert answer.status == 201, (name, answer)


def test_the_firms_rows_are_not_changed_by_page_rest_batch_or_import(local: User, api: Any, page: Any, actors: Any) -> None:
    Phrase.objects.create(place="diagnosis", text="旧")
    rows = {
        "teams": Team.objects.get(code="tier1"), "skills": Skill.objects.get(code="print"),
        "categories": Category.objects.get(code="print"), "users": User.objects.get(username="engineer1"),
        "phrases": Phrase.objects.first(), "canned-replies": CannedReply.objects.create(title="旧", body="旧"),
    }  # fmt: skip
    changed = {"users": ("display_name", "is_active"), "phrases": ("text", "active"), "canned-replies": ("title", "active")}
    for name, row in rows.items():
        assert row is not None
        resource = resource_named(name)
        field, switch = changed.get(name, ("name", "active"))
        key = getattr(row, resource.key)
        assert api("local").patch(f"/{name}/{key}", {field: "变"}).status == 403, name
        assert page("local").post(at(name, "detail", row.pk), {field: "变"}).status_code == 403, name
        if name != "skills":
            batch = {"id": row.pk, "field": switch, "value": "", "step": "apply"}
            assert page("local").post(at(name, "batch"), batch).status_code == (200 if name == "canned-replies" else 403), name
            assert type(row)._default_manager.filter(pk=row.pk, **{switch: True}).exists(), name
        if resource.match and name != "canned-replies":
            mapping = {n: i for i, n in enumerate((*resource.match, field))}
            with pytest.raises(Forbidden):
                import_rows(actor=actors("local"), resource=resource, mapping=mapping, rows=[["x"] * len(mapping)])
        before = getattr(row, field)
        row.refresh_from_db()
        assert getattr(row, field) == before, name
    listed = page("local").get(at("teams")).content.decode()
    assert at("teams", "new") not in listed
    assert at("teams", "import") not in listed


def test_an_administrator_of_one_grants_within_it_only(local_admin: User, api: Any, page: Any, actors: Any) -> None:
    mine = api("local")
    for given in ({}, {"customer": "demo-a"}):
        answer = mine.post("/assignments", {"user": "local", "role": "administrator", **given})
        assert answer.status in {403, 422}, answer
    assert mine.post("/assignments", {"user": "engineer1", "role": "technician", "customer": "demo-b"}).status == 201
    own = Assignment.objects.get(user=local_admin)
    assert mine.patch(f"/assignments/{own.pk}", {"customer": None}).status == 403
    page("local").post(at("assignments", "detail", own.pk), {"user": local_admin.pk, "role": "administrator", "customer": ""})
    page("local").post(at("assignments", "new"), {"user": local_admin.pk, "role": "administrator", "customer": ""})
    page("local").post(at("assignments", "batch"), {"id": own.pk, "field": "customer", "value": "", "step": "apply"})
    held = Assignment.objects.filter(user=local_admin).values_list("role", "customer__code")
    assert list(held) == [("administrator", "demo-b")]
    foreign = Assignment.objects.get(user__username="admin")
    assert mine.patch(f"/assignments/{foreign.pk}", {"valid_until": "2020-01-01"}).status == 404


def test_assignments_of_other_customers_are_not_his_to_read(local_admin: User, api: Any, page: Any) -> None:
    rows = api("local").get("/assignments?limit=200")["items"]
    assert {row["customer"] for row in rows} == {"demo-b"}
    content = page("local").get(at("assignments")).content.decode()
    assert "林晓雯" not in content


def test_nobody_resets_who_holds_more(local_admin: User, api: Any, page: Any) -> None:
    admin = User.objects.get(username="admin")
    for given in ({"password": "Neu-2026-Pass!"}, {"email": "evil@x.example"}, {"is_active": False}, {"phone": "1"}):
        assert api("local").patch("/users/admin", given).status == 403, given
    shown = {"username": "admin", "display_name": "x", "email": "evil@x.example", "language": "en", "is_active": "on"}
    assert page("local").post(at("users", "detail", admin.pk), shown).status_code == 403
    before = admin.password
    admin.refresh_from_db()
    assert (admin.password, admin.email, admin.is_active) == (before, "admin@yizhan.example", True)


def test_nobody_takes_anothers_second_factor_or_sessions(local_admin: User, page: Any) -> None:
    """Both are one's own: no page names whose they are, and a number of another's is not there."""
    admin = User.objects.get(username="admin")
    elsewhere = Client()
    elsewhere.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert elsewhere.get(reverse("home")).status_code == 200
    factors = [Authenticator.objects.create(user=admin, type=kind, data={}) for kind in ("totp", "webauthn")]
    client = page("local")
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time()}]
    session.save()
    for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
        for factor in factors:
            assert client.post(reverse(name, args=[factor.pk]), {"name": "x"}).status_code == 404, name
    for name in ("mfa_deactivate_totp", "mfa_generate_recovery_codes", "usersessions_list"):
        client.post(reverse(name), {"user": admin.pk, "id": admin.pk})
    assert {a.pk for a in Authenticator.objects.filter(user=admin)} == {factor.pk for factor in factors}
    assert elsewhere.get(reverse("home")).status_code == 200


def test_an_account_that_is_staff_elsewhere_is_not_his(local_admin: User, api: Any) -> None:
    """His own customer's people are his, unless they hold something beyond this customer."""
    make_person("mixed", (Role.TECHNICIAN, "demo-a"), contact_at="demo-b")
    assert api("local").patch("/users/mixed", {"password": "Neu-2026-Pass!"}).status == 403
    assert api("local").patch("/users/requester2", {"password": "Neu-2026-Pass!"}).status == 200
    assert check_password("Neu-2026-Pass!", User.objects.get(username="requester2").password)
    assert api("local").patch("/users/requester1", {"password": "Neu-2026-Pass!"}).status == 404


def test_a_role_that_begins_tomorrow_counts_as_held(local_admin: User, api: Any) -> None:
    user = User.objects.get(username="requester2")
    Assignment.objects.create(user=user, role=Role.ADMINISTRATOR, valid_from="2999-01-01")
    assert api("local").patch("/users/requester2", {"password": "Neu-2026-Pass!"}).status == 403


def test_canned_replies_of_one_customer_are_its_own(api: Any, page: Any, actors: Any) -> None:
    make_person("local", (Role.SERVICE_MANAGER, "demo-b"))
    theirs = CannedReply.objects.create(title="甲的", body="甲", customer=Customer.objects.get(code="demo-a"))
    firms = CannedReply.objects.create(title="大家的", body="众")
    made = api("local").post("/canned-replies", {"title": "乙的", "body": "乙", "customer": "demo-b"})
    assert made.status == 201, made
    titles = {row["title"] for row in api("local").get("/canned-replies")["items"]}
    assert {"大家的", "乙的"} <= titles
    assert "甲的" not in titles
    assert api("local").patch(f"/canned-replies/{theirs.pk}", {"title": "x"}).status == 404
    assert api("local").patch(f"/canned-replies/{firms.pk}", {"title": "x"}).status == 403
    assert api("local").patch(f"/canned-replies/{made['id']}", {"customer": None}).status == 403
    mapping, rows = {"title": 0, "body": 1, "customer": 2}, [["大家的", "换", "demo-b"], ["新的", "新", "demo-b"]]
    done = import_rows(actor=actors("local"), resource=resource_named("canned-replies"), mapping=mapping, rows=rows)
    assert (done.new, [fault.row for fault in done.faults]) == (1, [2])
    resource, data = resource_named("canned-replies"), {"title": "y", "body": "y", "customer": "", "position": 1}
    with pytest.raises(Forbidden):
        save_record(actor=actors("local"), resource=resource, pk=made["id"], data=data)


def test_the_days_of_a_role_are_named_as_such(page: Any) -> None:
    shown = page("admin").get("/data/assignments/new/").content.decode()
    assert "生效日" in shown
    assert "失效日" in shown
