"""A telephone number is one, whichever way it comes; what was there before stays until somebody changes it."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from yizhan.kernel.resource import resource_named
from yizhan.kernel.resource.importing import import_rows
from yizhan.people.models import Contact, Customer, User
from yizhan.people.models.phones import check_phone
from yizhan.people.services.contacts import find_or_add_contact
from yizhan.tickets.models import Ticket

WORDS = "请填电话号码"
NUMBERS = [
    "13800005678", "138 0000 5678", "138-0000-5678", "+86 13800005678", "+8613800005678", "0086-13800005678",
    "(+86)13800005678", "010-12345678", "（0755）2688 1234", "0755-26881234", "0755-26881234-8012",
    "0755-26881234转8012", "0755-26881234 转 8012", "010-12345678 分机 12", "010-12345678 ext. 8",
    "010-12345678 EXT8012", "010-12345678 x8012", "010-12345678#8", "010-12345678*8", "12345678",
    "400-820-8820", "4008208820", "800-810-1234", "95588", "8012", "110", "62001", "内线 8012", "分机：8012",
    "手机13800005678", "座机：010-12345678", "短号 6612", "tel 8012", "86+13800005678", "8#8012",
    "+1 (212) 555-0100", "+1 650 555 0100", "+1380000567", "1388", "短号 661388", "1501", "013800005678", "86138000",
    "8613-8000", "13800005678-1234", "138 0000 5678 转 12", "13800005678 13900001111", "13800005678、8012",
    "13800005678/13900001111", "13800005678 0755-12345678", "13800005678 88886666", "１３８００００５６７８", " 8012 ",
]  # fmt: skip
OTHERS = [
    "abc",
    "12",
    "-",
    "转 8012",
    "没有",
    "x",
    "138abc",
    "张倩 13800005678",
    "138****5678",
    "a@b.example",
    "010-12345678 转",
    "ext.",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_as_people_write_them(text: str) -> None:
    check_phone(text)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValidationError):
        check_phone(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("1380000567", 10), ("138 0000 567", 10), ("138000056789", 12), ("+86 1380000567", 10), ("86-1380000567", 10), ("1380000", 7),
     ("0086 138000056", 9),
     ("手机：1380000567", 10), ("1380000567转12", 10), ("13800005678/1390000111", 10), ("１３８００００５６７", 10)],
)  # fmt: skip
def test_a_mobile_with_a_digit_too_few_or_too_many(text: str, count: int) -> None:
    with pytest.raises(ValidationError, match=f"手机号应为 11 位，现在是 {count} 位"):
        check_phone(text)


def test_a_long_one_is_judged_in_one_pass() -> None:
    with pytest.raises(ValidationError):
        check_phone("1 " * 200_000 + "a")


def test_the_form_says_so_beside_the_field(page: Any) -> None:
    given = {"customer": Customer.objects.get(code="demo-a").pk, "name": "新来的", "phone": "abc", "active": "on"}
    answer = page("desk").post("/data/contacts/new/", given)
    assert answer.status_code == 422
    assert WORDS in str(answer.context["form"].errors["phone"])
    assert not Contact.objects.filter(name="新来的").exists()
    assert page("desk").post("/data/contacts/new/", {**given, "phone": "010-12345678 转 8012"}).status_code == 302


def test_rest_says_so_by_field(api: Any) -> None:
    answer = api("desk").post("/contacts", {"customer": "demo-a", "name": "新来的", "phone": "abc"})
    assert answer.status == 422
    assert WORDS in str(answer.body["errors"])
    known = Contact.objects.filter(customer__code="demo-a").first()
    assert known
    assert api("desk").patch(f"/contacts/{known.pk}", {"phone": "abc"}).status == 422
    assert api("admin").post("/users", {"username": "neu", "display_name": "新", "phone": "abc"}).status == 422


def test_a_sheets_row_comes_back_with_the_reason(actors: Any) -> None:
    rows = [["demo-a", "甲", "abc"], ["demo-a", "乙", "8012"]]
    mapping = {"customer": 0, "name": 1, "phone": 2}
    outcome = import_rows(actor=actors("desk"), resource=resource_named("contacts"), mapping=mapping, rows=rows)
    assert (outcome.new, [fault.row for fault in outcome.faults]) == (1, [2])
    assert WORDS in " ".join(outcome.faults[0].reasons)


def test_a_registration_makes_nobody_with_such_a_number(api: Any, page: Any) -> None:
    before = Ticket.objects.count()
    body = {"customer": "demo-a", "requester": {"name": "新来的", "phone": "abc"}, "subject": "没声音"}
    answer = api("desk").post("/tickets", body)
    assert answer.status == 422
    assert WORDS in str(answer.body["errors"])
    shown = page("desk").post(
        "/desk/", {"customer": "demo-a", "name": "新来的", "phone": "abc", "subject": "没声音", "then": "queue"}
    )
    assert shown.status_code == 422
    text = shown.content.decode()
    assert WORDS in text[text.index('id="ph"') : text.index('id="cu"')]
    assert not Contact.objects.filter(name="新来的").exists()
    assert Ticket.objects.count() == before


def test_an_invitation_says_so_beside_the_field(page: Any) -> None:
    answer = page("admin").post(
        "/people/invite/", {"display_name": "新", "username": "neu", "phone": "abc", "roles": ["desk"], "scope": "all"}
    )
    assert answer.status_code == 422
    assert WORDS in str(answer.context["form"].errors["phone"])
    assert not User.objects.filter(username="neu").exists()


@pytest.fixture
def old(db: None) -> Contact:
    """A row from before the rule."""
    customer = Customer.objects.get(code="demo-a")
    return Contact.objects.create(customer=customer, name="老同事", phone="打前台找", sort_key="laotongshi")


def test_an_old_value_stays_while_somebody_saves_another_field(old: Contact, page: Any, api: Any, actors: Any) -> None:
    address = f"/data/contacts/{old.pk}/"
    sent = {"customer": old.customer_id, "name": old.name, "phone": old.phone, "active": "on"}
    client = page("desk")
    sent["seen"] = client.get(address).context["seen"]
    wrong = client.post(address, {**sent, "title": "会计", "email": "xx"})
    assert set(wrong.context["form"].errors) == {"email"}
    assert client.post(address, {**sent, "title": "会计"}).status_code == 302
    assert api("desk").patch(f"/contacts/{old.pk}", {"place": "312"}).status == 200
    rows, mapping = [["demo-a", "老同事", "打前台找", "主管"]], {"customer": 0, "name": 1, "phone": 2, "title": 3}
    outcome = import_rows(actor=actors("desk"), resource=resource_named("contacts"), mapping=mapping, rows=rows)
    assert (outcome.changed, outcome.faults) == (1, [])
    found = find_or_add_contact(actor=actors("desk"), customer=old.customer, name="老同事", phone="打前台找")
    old.refresh_from_db()
    assert (found.pk, old.phone, old.title, old.place) == (old.pk, "打前台找", "主管", "312")
