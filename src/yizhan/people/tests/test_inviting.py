"""A new engineer gets in: one form, a one-time link, his own password; and who may not, and when not."""

import re
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from yizhan.kernel import clock
from yizhan.kernel.models import AuditEntry
from yizhan.kernel.testing.api import ApiClient
from yizhan.people.models import Assignment, Customer, Invitation, Team, User
from yizhan.people.services.accounts import create_user
from yizhan.people.services.inviting import digest_of

PASSWORD = "neues-Wort-42"


def form(**more: Any) -> dict[str, Any]:
    customer = Customer.objects.get(code="demo-a")
    given = {
        "display_name": "孙一凡", "username": "sunyf", "phone": "13911112222", "roles": ["technician", "desk"], "scope": "some",
        "customers": [customer.pk], "tier": "1", "teams": [Team.objects.get(code="tier1").pk],
    }  # fmt: skip
    return {**given, **more}


def link_on(answer: Any) -> str:
    """On the page that the answer leads to."""
    if answer.status_code == 302:
        answer = answer.client.get(answer.headers["Location"])
    found = re.search(r"/join/[\w-]+/", answer.content.decode())
    assert found, answer.content.decode()[-2000:]
    return found.group()


def test_from_the_form_to_the_first_day(page: Any, api: Any, settings: Any) -> None:
    made = page("admin").post("/people/invite/", form())
    assert (made.status_code, made.headers["Location"]) == (302, "/people/sunyf/invited/")
    answer = made.client.get(made.headers["Location"])
    link = link_on(answer)
    assert link_on(made.client.get(made.headers["Location"])) == link  # a reload tells the same, and makes no other
    assert f"{settings.YIZHAN.base_url}{link}" in answer.content.decode()
    assert "<svg" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    phone = Client()
    assert not phone.login(username="sunyf", password="")
    shown = phone.get(link)
    assert (shown.status_code, shown.headers["Referrer-Policy"]) == (200, "same-origin")
    assert phone.get(link).status_code == 200  # to look changes nothing
    assert phone.post(link, {"password": PASSWORD, "again": "anders-Wort-42"}).status_code == 422
    assert phone.post(link, {"password": "123", "again": "123"}).status_code == 422
    assert phone.post(link, {"password": PASSWORD, "again": PASSWORD}).headers["Location"] == "/accounts/login/"
    assert phone.get(link).status_code == 404
    assert phone.post(link, {"password": "zweites-Wort-42", "again": "zweites-Wort-42"}).status_code == 404
    assert phone.login(username="sunyf", password=PASSWORD)
    assert phone.get("/").status_code == 200
    person = User.objects.get(username="sunyf")
    held = set(Assignment.objects.filter(user=person).values_list("role", "customer__code"))
    assert held == {("technician", "demo-a"), ("desk", "demo-a")}
    assert list(person.teams.values_list("code", flat=True)) == ["tier1"]
    number = api("desk").post("/tickets", {"customer": "demo-a", "requester": {"name": "张倩"}, "subject": "新人第一单"})[
        "number"
    ]
    assert api("sunyf").act(number, "claim").body["owner"] == "sunyf"


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({}, "sunyifan"),
        ({"email": "Yifan.Sun@example.com"}, "yifan.sun"),
        ({"email": "engineer1@example.com"}, "engineer12"),  # taken, and its next one too
        ({"display_name": "😀"}, "user"),
    ],
)
def test_a_user_name_that_nobody_thought_of_is_made(page: Any, given: dict[str, str], made: str) -> None:
    User.objects.filter(username="engineer2").update(username="Engineer11")
    answer = page("admin").post("/people/invite/", form(username="", **given))
    assert answer.headers["Location"] == f"/people/{made}/invited/"


def test_the_form_of_a_person_speaks_our_words(page: Any) -> None:
    person = User.objects.get(username="engineer1")
    shown = page("admin").get(f"/data/users/{person.pk}/").content.decode()
    assert "停用后不能登录，记录保留" in shown
    assert "登录用，字母或数字" in shown
    assert "反选" not in shown
    assert "@/./+/-/_" not in shown


def test_who_comes_reads_who_invites_him_to_what_and_what_comes_next(page: Any) -> None:
    link = link_on(page("admin").post("/people/invite/", form(roles=["technician"])))
    shown = Client().get(link).content.decode()
    inviter = User.objects.get(username="admin")
    for words in (f"{inviter} 邀请您加入服务台", "工程师", str(Customer.objects.get(code="demo-a")), "sunyf", "下一步"):
        assert words in shown, words


def test_the_link_is_shown_again_to_nobody_else_and_not_when_it_has_ended(page: Any) -> None:
    page("admin").post("/people/invite/", form())
    assert page("manager").get("/people/sunyf/invited/").status_code in {302, 403}
    admin = page("admin")
    admin.post("/people/sunyf/invitation/", {"do": "renew"})
    assert link_on(admin.get("/people/sunyf/invited/"))
    admin.post("/people/sunyf/invitation/", {"do": "withdraw"})
    assert "/data/users/" in admin.get("/people/sunyf/invited/").headers["Location"]


def test_everything_is_in_the_history_and_the_secret_nowhere(page: Any, caplog: Any) -> None:
    link = link_on(page("admin").post("/people/invite/", form()))
    token = link.split("/")[2]
    Client().post(link, {"password": PASSWORD, "again": PASSWORD})
    Client().post(link, {"password": PASSWORD, "again": PASSWORD})
    commands = set(AuditEntry.objects.order_by("-id").values_list("command", flat=True)[:6])
    assert {"create_user", "create_assignment", "invite_colleague", "accept_invitation", "set_password"} <= commands
    row = Invitation.objects.get()
    assert row.digest == digest_of(token)
    texts = [f"{entry.before} {entry.after}" for entry in AuditEntry.objects.order_by("-id")[:10]]
    assert not [text for text in texts if token in text or row.digest in text or PASSWORD in text]
    assert token not in caplog.text


def test_without_customers_named_he_serves_all(page: Any) -> None:
    page("admin").post("/people/invite/", form(scope="all", customers=[], roles=["technician"]))
    assert Assignment.objects.get(user__username="sunyf").customer is None


@pytest.mark.parametrize(
    "change",
    [
        {"roles": []}, {"roles": ["requester"]}, {"roles": ["king"]}, {"username": "desk"}, {"username": "Desk"}, {"username": "a b"},
        {"scope": "all"}, {"customers": []}, {"customers": [99999]}, {"display_name": ""}, {"email": "x"}, {"tier": "3"},
    ],
)  # fmt: skip
def test_wrong_entries_change_nothing(page: Any, change: dict[str, Any]) -> None:
    before = (User.objects.count(), Assignment.objects.count())
    answer = page("admin").post("/people/invite/", form(**change))
    assert answer.status_code == 422
    assert (User.objects.count(), Assignment.objects.count()) == before
    assert not Invitation.objects.exists()


def test_a_link_ends_by_date_withdrawal_and_a_newer_one(page: Any) -> None:
    admin = page("admin")
    first = link_on(admin.post("/people/invite/", form()))
    second = link_on(admin.post("/people/sunyf/invitation/", {"do": "renew"}))
    guest = Client()
    assert (guest.get(first).status_code, guest.get(second).status_code) == (404, 200)
    person = User.objects.get(username="sunyf")
    shown = page("admin").get(f"/data/users/{person.pk}/").content.decode()
    assert "还没有进来" in shown
    assert "一线支持" in shown  # the team, in the history of how he came
    page("admin").post("/people/sunyf/invitation/", {"do": "withdraw"})
    assert guest.get(second).status_code == 404
    assert page("admin").post("/people/sunyf/invitation/", {"do": "withdraw"}).status_code == 409
    third = link_on(page("admin").post("/people/sunyf/invitation/", {"do": "renew"}))
    with clock.at(clock.now() + timedelta(days=8)):
        assert guest.get(third).status_code == 404
        assert guest.post(third, {"password": PASSWORD, "again": PASSWORD}).status_code == 404
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert guest.get(third).status_code == 404


def test_whoever_has_a_password_is_not_invited_again(page: Any) -> None:
    assert page("admin").post("/people/desk/invitation/", {"do": "renew"}).status_code == 409
    assert page("admin").post("/people/nobody/invitation/", {"do": "renew"}).status_code == 404


@pytest.mark.parametrize("username", ["desk", "engineer1", "manager", "auditor", "customer1"])
def test_only_who_keeps_the_staff_invites(page: Any, username: str) -> None:
    assert page(username).get("/people/invite/").status_code == 403
    assert page(username).post("/people/invite/", form()).status_code == 403
    assert not User.objects.filter(username="sunyf").exists()
    create_user(actor=_system(), username="later", name="后来", password=PASSWORD)
    User.objects.filter(username="later").update(password="!")
    assert page(username).post("/people/later/invitation/", {"do": "renew"}).status_code in {403, 404}


def test_over_rest(api: Any) -> None:
    admin = api("admin")
    body = {
        "username": "sunyf",
        "display_name": "孙一凡",
        "roles": ["technician"],
        "customers": ["demo-a"],
        "teams": ["tier1"],
        "tier": 1,
    }
    made = admin.post("/invitations", body)
    assert (made.status, made["username"]) == (201, "sunyf")
    path = re.search(r"/join/[\w-]+/", made["link"]).group()  # type: ignore[union-attr]
    again = admin.post("/invitations/sunyf/renew", {})
    assert again["link"] != made["link"]
    assert Client().get(path).status_code == 404
    assert admin.post("/invitations/sunyf/withdraw", {})["link"] is None
    assert admin.post("/invitations", body).status == 422
    assert admin.post("/invitations", {**body, "username": "x1", "customers": ["none"]}).status == 422
    assert api("manager").post("/invitations", {**body, "username": "x1"}).status == 403


def _system() -> Any:
    from yizhan.kernel.actor import system_actor

    return system_actor("test")


def test_two_equal_invitations_at_once(committed: str) -> None:
    """The second is told what the first took: both have looked before either was written."""
    meeting, save, answers = threading.Barrier(2), User.save, list[Any]()

    def late(user: User, *given: Any, **named: Any) -> None:
        with suppress(threading.BrokenBarrierError):
            meeting.wait(5)
        save(user, *given, **named)

    def write(name: str) -> None:
        try:
            body = {"username": "neu", "display_name": "新同事", "roles": ["technician"], "customers": ["demo-a"]}
            answers.append(ApiClient(name).post("/invitations", body))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[name]) for name in ("admin", "admin")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(User, "save", late)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answer.status for answer in answers) == [201, 409], answers
    assert next(answer for answer in answers if answer.status == 409)["code"] == "already_there"
    assert User.objects.filter(username="neu").count() == 1
