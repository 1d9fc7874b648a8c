"""A page that answers a form has an address of its own, for whom it was made and for a while."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from yizhan.kernel.models import IdempotencyKey
from yizhan.people.models import Assignment, Customer, User
from yizhan.site.kept_pages import KEPT, MOST_KEPT

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def browser(username: str = "") -> Client:
    client = Client(headers=BROWSER)
    if username:
        client.force_login(User.objects.get(username=username), backend=BACKEND)
    client.get("/accounts/login/" if not username else "/accounts/password/change/")  # its form brings the form's cookie
    return client


def refused(client: Client) -> Any:
    return client.post("/people/invite/?from=x", {"display_name": "王小明"})


def test_a_refused_form_is_led_to_its_page_which_is_shown_as_often_as_it_is_asked_for() -> None:
    client = browser("admin")
    answer = refused(client)
    assert answer.status_code == 303
    place = answer.headers["Location"]
    assert place.startswith("/people/invite/?from=x&kept=")
    for _ in range(2):
        shown = client.get(place)
        assert shown.status_code == 422
        assert "王小明" in shown.content.decode()
        assert "no-store" in shown.headers["Cache-Control"]
        assert shown.headers["Content-Type"].startswith("text/html")


def test_it_is_nobody_elses_and_ends_with_signing_out() -> None:
    client = browser("admin")
    place = refused(client).headers["Location"]
    for other in (browser("admin"), browser("manager"), browser()):
        assert "王小明" not in other.get(place, follow=True).content.decode()
    client.post("/accounts/logout/")
    assert "王小明" not in client.get(place, follow=True).content.decode()


def test_it_lies_sealed_and_is_forgotten() -> None:
    client = browser("admin")
    place = refused(client).headers["Location"]
    row = IdempotencyKey.objects.get()
    assert "王小明" not in str(row.answer)
    assert place.split("kept=")[1] not in str(vars(row))
    IdempotencyKey.objects.update(created_at=row.created_at - KEPT - timedelta(seconds=1))
    assert "王小明" not in client.get(place, follow=True).content.decode()
    for _ in range(MOST_KEPT + 3):
        refused(client)
    assert IdempotencyKey.objects.count() == MOST_KEPT


def test_a_strangers_refused_form_too() -> None:
    client = browser()
    answer = client.post("/accounts/login/", {"login": "desk", "password": "falsch"})
    assert answer.status_code == 303
    shown = client.get(answer.headers["Location"])
    assert 'class="yz-notice hot"' in shown.content.decode()
    assert "falsch" not in shown.content.decode()


def test_what_a_step_asks_besides_is_a_page_too_and_scripts_get_what_is_there_now(world: Any) -> None:
    number, client = world.claimed().number, browser("desk")
    pasted = client.post("/desk/paste/", {"text": "张倩 打印机坏了"})
    assert pasted.status_code == 303
    assert "打印机坏了" in client.get(pasted.headers["Location"]).content.decode()
    place = client.post(f"/tickets/{number}/do/judge_level/", {}).headers["Location"]
    now = client.get(place, headers={"Accept": "text/html"})
    assert now.headers["Location"] == f"/tickets/{number}/?do=judge_level"
    late = client.get(f"/tickets/?view=all&kept={'x' * 22}")
    assert late.status_code == 200
    assert "xxxxxxxx" not in late.content.decode()  # no view hears of it, nor does an address that is built from this one


def test_a_form_that_was_taken_and_a_script_are_answered_as_ever() -> None:
    client = browser("admin")
    assert client.post("/language/", {"language": "en", "next": "/"}).status_code == 302
    assert client.post("/people/invite/", {}, headers={"Accept": "*/*"}).status_code == 422
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("path", ["//evil.example/", "/%2Fevil.example/", "/\\evil.example/"])
def test_the_name_of_a_page_leads_nowhere_else(path: str) -> None:
    answer = browser().get(f"{path}?kept=x")
    assert "evil" not in answer.headers.get("Location", "").split("?")[0]


def test_whose_roles_have_changed_gets_what_is_there_now(world: Any) -> None:
    number, client = world.claimed().number, browser("engineer1")
    place = client.post(f"/tickets/{number}/do/transfer/", {}).headers["Location"]
    assert "kept=" in place
    assert number in client.get(place).content.decode()
    Assignment.objects.filter(user__username="engineer1").update(customer=Customer.objects.get(code="boan"))
    assert client.get(place, follow=True).status_code == 404


def test_who_comes_back_after_it_was_taken_finds_no_filled_form(world: Any) -> None:
    client, customer = browser("desk"), Customer.objects.get(code="demo-a").pk
    given = {"customer": customer, "name": "钱一二", "phone": "1380000", "active": "on"}
    place = client.post("/data/contacts/new/", given).headers["Location"]
    assert "钱一二" in client.get(place).content.decode()
    assert client.post(place, {**given, "phone": ""}).status_code == 302
    again = client.get(place)
    assert again.status_code == 200
    assert "钱一二" not in again.content.decode()
