"""What every declared resource inherits: list, filters, search, paging, read, change, history, statement counts."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from yizhan.kernel.resource import all_resources, resource_named

NAMES = [resource.name for resource in all_resources()]
IN_API = [resource.name for resource in all_resources() if resource.in_api]
MOST_STATEMENTS = 14
NEW: dict[str, dict[str, Any]] = {
    "customers": {"code": "demo-c", "name": "新客户", "zone": "Asia/Shanghai", "language": "zh-hans"},
    "sites": {"customer": "demo-a", "name": "新厂房"},
    "departments": {"customer": "demo-a", "name": "法务部"},
    "contacts": {"customer": "demo-a", "name": "王敏", "phone": "13812345678", "email": "wm@demo-a.example"},
    "users": {
        "username": "engineer9",
        "display_name": "赵强",
        "email": "e9@yizhan.example",
        "password": "lang-genug-7",
        "skills": ["print"],
    },
    "teams": {"code": "night", "name": "夜班", "tier": 1, "members": ["engineer1"]},
    "skills": {"code": "voip", "name": "电话"},
    "assignments": {"user": "engineer1", "role": "desk", "customer": "demo-a"},
    "phrases": {"place": "actions_taken", "text": "更换网线", "category": "network"},
    "canned-replies": {"title": "稍等", "body": "请稍等，{engineer} 马上联系您。", "customer": "demo-a"},
    "custom-fields": {
        "target": "tickets.ticket",
        "group": "print",
        "key": "meter",
        "label": "计数器",
        "kind": "integer",
        "choices": [],
    },
    "duties": {"user": "engineer1", "kind": "leave", "begins": "2026-12-01T01:00:00+00:00", "ends": "2026-12-02T01:00:00+00:00"},
    "categories": {"code": "scanner", "name": "扫描仪", "half": "hardware", "parent": "hardware"},
}


def test_every_resource_of_the_api_is_tried() -> None:
    assert set(IN_API) == set(NEW)


@pytest.mark.parametrize("name", NAMES)
def test_the_list_page(name: str, page: Any) -> None:
    resource, client = resource_named(name), page("admin")
    client.get(f"/data/{name}/")
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(f"/data/{name}/")
    assert answer.status_code == 200
    assert len(seen.captured_queries) <= MOST_STATEMENTS, [q["sql"][:120] for q in seen.captured_queries]
    for field in resource.filters:
        assert client.get(f"/data/{name}/?{field}=1").status_code == 200
    empty = client.get(f"/data/{name}/?q=keinesfalls") if resource.contains else None
    assert empty is None or "yz-empty" in empty.content.decode()
    assert client.get(f"/data/{name}/?cursor=nonsense").status_code == 422


@pytest.mark.parametrize("name", IN_API)
def test_create_read_change_over_rest(name: str, api: Any) -> None:
    resource, admin = resource_named(name), api("admin")
    made = admin.post(f"/{name}", NEW[name])
    assert made.status == 201, made
    shown = {key: value for key, value in NEW[name].items() if key != "password"}
    assert {key: made[key] for key in shown} == shown
    key = made[resource.key]
    assert admin.get(f"/{name}/{key}").body == made.body
    same = admin.patch(f"/{name}/{key}", {next(iter(shown)): next(iter(shown.values()))})
    assert same.status == 200, same
    assert same.body == made.body
    assert admin.post(f"/{name}", {"nonsense": 1}).status == 422
    assert admin.post(f"/{name}", {}).status == 422
    first = admin.get(f"/{name}?limit=1")
    assert len(first["items"]) == 1
    assert first["next"] is None or admin.get(f"/{name}?limit=200&cursor={first['next']}").status == 200


@pytest.mark.parametrize("name", IN_API)
def test_the_form_page_and_its_history(name: str, api: Any, page: Any) -> None:
    made = api("admin").post(f"/{name}", NEW[name])
    client = page("admin")
    shown = client.get(f"/data/{name}/{made['id']}/")
    assert shown.status_code == 200
    (entry,) = shown.context["history"]
    assert entry["command"].startswith("create_")
    assert f"新建{resource_named(name).model._meta.verbose_name}" in shown.content.decode()
    assert "create_" not in shown.content.decode()
    assert client.get(f"/data/{name}/new/").status_code == 200
    assert client.post(f"/data/{name}/new/", {}).status_code == 422


def test_two_active_sites_of_one_name(api: Any) -> None:
    admin = api("admin")
    assert admin.post("/sites", NEW["sites"]).status == 201
    again = admin.post("/sites", NEW["sites"])
    assert again.status == 422
    assert "同名" in str(again["errors"])
    assert admin.post("/sites", {**NEW["sites"], "active": False}).status == 201


def test_a_place_of_another_customer_is_refused(api: Any) -> None:
    from yizhan.people.models import Site

    theirs = Site.objects.filter(customer__code="demo-b").first()
    assert theirs
    answer = api("admin").post("/contacts", {**NEW["contacts"], "site": theirs.pk})
    assert answer.status == 422


def test_a_weak_password_makes_no_user(api: Any) -> None:
    from yizhan.people.models import User

    answer = api("admin").post("/users", {**NEW["users"], "password": "123"})
    assert answer.status == 422
    assert not User.objects.filter(username="engineer9").exists()


def test_phones_stay_hidden_from_who_is_not_entitled(api: Any) -> None:
    shown = api("auditor").get("/contacts?limit=200")["items"]
    assert shown
    assert all("phone" not in item for item in shown)
    assert any(item.get("phone") for item in api("desk").get("/contacts?limit=200")["items"])
