"""Every list that offers an import takes a new row by it, and a change of one that is known."""

from typing import Any

import pytest

from yizhan.kernel.resource import resource_named
from yizhan.kernel.resource.importing import import_rows
from yizhan.kernel.resource.registry import all_resources
from yizhan.people.models import User

Rows = dict[str, str]
SHEETS: dict[str, tuple[Rows, Rows]] = {  # a new row, and what a second sheet changes in it
    "customers": ({"code": "neu", "name": "新华商贸"}, {"name": "新华贸易"}),
    "sites": ({"customer": "demo-a", "name": "北门仓库", "address": "北京路 1 号"}, {"address": "北京路 2 号"}),
    "departments": ({"customer": "demo-a", "name": "法务部", "active": "是"}, {"active": "否"}),
    "contacts": ({"customer": "demo-a", "name": "孙一凡", "phone": "13911112222"}, {"email": "sun@demo-a.example"}),
    "users": ({"username": "neu7", "display_name": "孙一凡", "tier": "1"}, {"display_name": "孙一帆", "skills": "print"}),
    "teams": ({"code": "night", "name": "夜班", "tier": "1", "members": "engineer1"}, {"members": "engineer1、engineer2"}),
    "skills": ({"code": "phones", "name": "电话"}, {"name": "电话系统"}),
    "duties": (
        {"user": "engineer1", "kind": "值班", "begins": "2026-12-01 09:00", "ends": "2026-12-01 18:00"},
        {"note": "替班"},
    ),
    "categories": ({"code": "phones", "name": "电话", "half": "硬件"}, {"name": "电话系统"}),
    "phrases": ({"place": "诊断", "text": "换线后正常"}, {"position": "3"}),
    "canned-replies": ({"title": "已收到", "body": "我们马上处理。"}, {"body": "我们已在处理。"}),
}


def test_each_of_them_is_tried() -> None:
    assert {resource.name for resource in all_resources() if resource.match} == set(SHEETS)


def sheet(actors: Any, name: str, row: Rows) -> tuple[int, int, int, list[Any]]:
    mapping = {field: column for column, field in enumerate(row)}
    outcome = import_rows(actor=actors("admin"), resource=resource_named(name), mapping=mapping, rows=[list(row.values())])
    return outcome.new, outcome.changed, outcome.same, outcome.faults


@pytest.mark.parametrize("name", SHEETS)
def test_a_new_row_and_a_known_one(actors: Any, name: str) -> None:
    new, change = SHEETS[name]
    model = resource_named(name).model
    count = model.objects.count()
    assert sheet(actors, name, new) == (1, 0, 0, [])
    assert sheet(actors, name, new) == (0, 0, 1, [])
    assert sheet(actors, name, new | change) == (0, 1, 0, [])
    assert model.objects.count() == count + 1


def test_a_colleague_from_a_sheet_has_no_password_and_can_be_invited(actors: Any, api: Any) -> None:
    assert sheet(actors, "users", SHEETS["users"][0]) == (1, 0, 0, [])
    assert not User.objects.get(username="neu7").has_usable_password()
    assert api("admin").post("/invitations/neu7/renew", {}).status == 200


def test_what_people_enter_is_still_judged(actors: Any) -> None:
    for row in ({"username": "a b", "display_name": "x"}, {"username": "neu7", "display_name": "x", "email": "nirgends"}):
        new, _changed, _same, faults = sheet(actors, "users", row)
        assert (new, len(faults)) == (0, 1)
