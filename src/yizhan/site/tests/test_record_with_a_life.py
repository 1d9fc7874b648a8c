"""An ordinary record with a life, as a contributor declares one: `contracts/` beside this, on a real table of its own."""

import copy
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import include, path

from yizhan.kernel import actor as actors_of
from yizhan.kernel import audit_words, policy
from yizhan.kernel.lifecycle import declaration
from yizhan.kernel.listing import declaration as listings
from yizhan.kernel.resource import registry
from yizhan.kernel.resource.api import build_router
from yizhan.kernel.resource.views import build_urls
from yizhan.site.audit_words import say_life

SAMPLE = Path(__file__).parent / "contracts"
MOST_LINES = 90
SCHEMA = "contracts"
REGISTRIES: list[tuple[ModuleType, str]] = [
    (registry, "_resources"), (listings, "_listings"), (declaration, "LIVES"), (policy, "_policies"),
    (actors_of, "_bundles"), (audit_words, "_words"),
]  # fmt: skip


def room(name: str) -> Any:
    return import_module(f"yizhan.site.tests.contracts.{name}")


def put_back(kept: Any, known: Any) -> None:
    known.clear()
    known.extend(kept) if isinstance(known, list) else known.update(kept)


@pytest.fixture(scope="module")
def declared() -> Iterator[Any]:
    """The sample as an installed app would have registered it, forgotten afterwards."""
    kept = [
        (copy.deepcopy(vars(module)[name]) if name == "_bundles" else copy.copy(vars(module)[name]))
        for module, name in REGISTRIES
    ]
    resource = room("resources").ContractResource
    say_life(room("states").ContractLife)  # as the site does for all when it starts
    yield registry.resource_named(resource.name)
    for before, (module, name) in zip(kept, REGISTRIES, strict=True):
        put_back(before, vars(module)[name])


@pytest.fixture(scope="module")
def table(declared: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Its table, made by the owner in a schema of its own."""
    from django.conf import settings

    with django_db_blocker.unblock():
        with connection.schema_editor(collect_sql=True, atomic=False) as editor:
            editor.create_model(declared.model)
            made = [*editor.collected_sql, *map(str, editor.deferred_sql)]
        name = connection.settings_dict["NAME"]
        connection.close()
    with psycopg.connect(settings.YIZHAN.database_owner_url, dbname=name, autocommit=True) as owner:
        owner.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        owner.execute(f"CREATE SCHEMA {SCHEMA}")
        owner.execute(f"SET search_path TO {SCHEMA}, public")
        for statement in made:
            owner.execute(statement)
        owner.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC")
        owner.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {SCHEMA} TO PUBLIC")
    yield
    with psycopg.connect(settings.YIZHAN.database_owner_url, dbname=name, autocommit=True) as owner:
        owner.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


@pytest.fixture
def contracts(declared: Any, table: None, db: None, settings: Any) -> Iterator[Any]:
    """The resource with its pages and its operations."""
    from yizhan.site.api import api
    from yizhan.site.urls import urlpatterns

    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path TO {SCHEMA}, public")
    routers, bound = list(api._routers), api._bound_routers_cache
    api._bound_routers_cache = None  # the program has told its addresses already: it tells them anew
    api.add_router(f"/{declared.name}", build_router(declared))
    own = ModuleType("urls_with_contracts")
    own.__dict__.update(vars(import_module("yizhan.site.urls")))
    own.__dict__["urlpatterns"] = [path("data/", include(build_urls(declared))), path("api/v1/", api.urls), *urlpatterns]
    settings.ROOT_URLCONF = own
    yield declared
    api._routers[:], api._bound_routers_cache = routers, bound


FULL = {
    "customer": "demo-a", "number": "HT-1", "supplier": "华城物业", "begins": "2026-12-01", "ends": "2027-11-30", "amount": "12000.00",
}  # fmt: skip


def made(api: Any, **more: Any) -> Any:
    answer = api("manager").post("/contracts", {**FULL, **more})
    assert answer.status == 201, answer
    return answer


def test_the_sample_costs_few_lines() -> None:
    files = [file for file in SAMPLE.rglob("*.py") if "__pycache__" not in file.parts]
    assert len(files) >= 5
    assert sum(bool(line.strip()) for file in files for line in file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_rest_shows_where_it_is_and_what_may_be_done(contracts: Any, api: Any) -> None:
    shown = made(api)
    assert (shown["state"], shown["version"], shown["actions"]) == ("draft", 1, ["activate", "cancel"])
    assert api("customer1").get(f"/contracts/{shown['id']}")["actions"] == []
    assert [item["actions"] for item in api("manager").get("/contracts?state=draft")["items"]] == [["activate", "cancel"]]


def test_rest_refuses_in_the_documented_order(contracts: Any, api: Any) -> None:
    theirs = made(api, customer="demo-b")["id"]
    key = made(api, number="HT-2", amount=None)["id"]
    manager, reader = api("manager"), api("customer1")
    assert api("").post(f"/contracts/{key}/actions/activate").status == 401
    assert reader.post(f"/contracts/{theirs}/actions/activate", {"nonsense": 1}).status == 404
    assert reader.post(f"/contracts/{key}/actions/activate", {"nonsense": 1}).status == 403
    assert manager.post(f"/contracts/{key}/actions/fly").body["code"] == "unknown_action"
    wrong = manager.post(f"/contracts/{key}/actions/cancel", {"version": 7})
    assert (wrong.status, wrong["missing"]) == (422, ["reason"])
    assert manager.post(f"/contracts/{key}/actions/activate", {"version": "1"}).status == 422
    old = manager.post(f"/contracts/{key}/actions/end", {"version": 7})
    assert (old.status, old["code"], old["current_version"]) == (409, "stale_version", 1)
    early = manager.post(f"/contracts/{key}/actions/end", {"version": 1})
    assert (early.status, early["code"]) == (409, "transition_not_allowed")
    lacking = manager.post(f"/contracts/{key}/actions/activate", {"version": 1})
    assert (lacking.status, lacking["code"], lacking["missing"]) == (422, "guard_failed", ["amount"])
    assert "还差：Amount" in lacking["detail"]
    assert manager.get(f"/contracts/{key}")["version"] == 1


def test_a_whole_life_over_rest(contracts: Any, api: Any) -> None:
    manager, key = api("manager"), made(api)["id"]
    assert (manager.patch(f"/contracts/{key}", {"supplier": "华城物业"})["version"]) == 1
    assert (manager.patch(f"/contracts/{key}", {"supplier": "新华物业", "version": 1})["version"]) == 2
    stale = manager.patch(f"/contracts/{key}", {"supplier": "x", "version": 1})
    assert (stale.status, stale["code"]) == (409, "stale_version")
    assert manager.patch(f"/contracts/{key}", {"supplier": "x", "version": "2"}).status == 422
    active = manager.post(f"/contracts/{key}/actions/activate", {"version": 2})
    assert (active.status, active["state"], active["version"], active["actions"]) == (200, "active", 3, ["end", "cancel"])
    ended = manager.post(f"/contracts/{key}/actions/cancel", {"reason": "供应商倒闭"})
    assert (ended["state"], ended["reason"], ended["actions"]) == ("cancelled", "供应商倒闭", [])


def test_what_is_in_force_is_not_edited(contracts: Any, api: Any, page: Any) -> None:
    from yizhan.kernel.resource.batch import apply, preview
    from yizhan.kernel.resource.importing import import_rows
    from yizhan.people.access import actor_for
    from yizhan.people.models import Customer, User

    manager, key = api("manager"), made(api)["id"]
    manager.post(f"/contracts/{key}/actions/activate")
    refused = manager.patch(f"/contracts/{key}", {"supplier": "x", "version": 2})
    assert (refused.status, refused["code"], refused["state"]) == (409, "not_editable", "active")
    assert "“In force”状态的contract不能修改" in refused["detail"]
    assert manager.patch(f"/contracts/{key}", {"supplier": "x", "version": 1})["code"] == "stale_version"
    shown = page("manager").get(f"/data/contracts/{key}/")
    assert all(field.disabled for field in shown.context["form"].fields.values())
    assert not shown.context["may_change"]
    sent = page("manager").post(f"/data/contracts/{key}/", {**FULL, "customer": 1, "supplier": "x"})
    assert sent.status_code == 409
    assert "不能修改" in sent.content.decode()
    person = actor_for(User.objects.get(username="manager"), channel="web", address="192.0.2.1")
    other, record = Customer.objects.get(code="demo-b"), contracts.model.objects.get()
    assert "不能修改" in preview(contracts, person, [record], "customer", other)[0].problem
    (line,) = apply(contracts, person, [record], "customer", other)
    assert "不能修改" in line.problem
    outcome = import_rows(actor=person, resource=contracts, mapping={"number": 0, "supplier": 1}, rows=[["HT-1", "x"]])
    assert [fault.reasons for fault in outcome.faults] == [(line.problem,)]
    assert import_rows(actor=person, resource=contracts, mapping={"number": 0}, rows=[["HT-1"]]).same == 1
    assert contracts.model.objects.get().supplier == FULL["supplier"]


def test_import_counts_its_edits(contracts: Any, api: Any, actors: Any) -> None:
    from yizhan.kernel.resource.importing import import_rows

    key = made(api)["id"]
    rows = [["HT-1", "新华物业"]]
    assert import_rows(actor=actors("manager"), resource=contracts, mapping={"number": 0, "supplier": 1}, rows=rows).changed == 1
    assert api("manager").get(f"/contracts/{key}")["version"] == 2


def test_the_database_keeps_it_in_its_states(contracts: Any, api: Any) -> None:
    made(api)
    with pytest.raises(IntegrityError), transaction.atomic():
        contracts.model.objects.update(state="lost")
    assert room("states").ContractLife.states() == {"draft", "active", "ended", "cancelled"}


def test_openapi_tells_its_actions(contracts: Any) -> None:
    from yizhan.site.api import api

    shape = api.get_openapi_schema()["paths"]
    cancel = shape["/api/v1/contracts/{key}/actions/cancel"]["post"]
    assert cancel["operationId"] == "contracts_cancel"
    assert cancel["requestBody"]["content"]["application/json"]["schema"]["required"] == ["reason"]
    assert {"200", "401", "403", "404", "409", "422"} <= {str(status) for status in cancel["responses"]}
    shown = cancel["responses"][200]["content"]["application/json"]["schema"]["properties"]
    assert (shown["version"]["type"], shown["actions"]["type"]) == ("integer", "array")
    assert "/api/v1/contracts/{key}/actions/{action}" not in shape


def test_a_whole_life_on_its_page(contracts: Any, api: Any, page: Any) -> None:
    key = made(api)["id"]
    address, manager = f"/data/contracts/{key}/", page("manager")
    shown = manager.get(address)
    text = shown.content.decode()
    assert [button.label for button in shown.context["buttons"]] == ["Put into force", "Cancel the contract"]
    assert f'action="{address}do/activate/"' in text
    assert '<span class="yz-tag soft">Draft</span>' in text
    assert shown.context["facts"] == []
    assert manager.get(f"{address}do/cancel/").headers["Location"] == f"{address}?do=cancel"
    assert f'action="{address}do/cancel/"' in manager.get(f"{address}?do=cancel").content.decode()
    assert "doform" not in manager.get(f"{address}?do=end").content.decode()
    old = manager.post(f"{address}do/activate/", {"version": "7"})
    assert old.status_code == 409
    assert old.context["state"] == "Draft"
    assert manager.post(f"{address}do/activate/", {"version": "1"}).headers["Location"] == address
    shown = manager.get(address)
    assert [button.action for button in shown.context["buttons"]] == ["end", "cancel"]
    assert "Put into force" in shown.content.decode().partition('<ul class="yz-lines sm">')[2]
    empty = manager.post(f"{address}do/cancel/", {"reason": " "})
    assert empty.status_code == 422
    assert [problem.anchor for problem in empty.context["problems"]] == ["do_reason"]
    assert manager.post(f"{address}do/cancel/", {"reason": "供应商倒闭", "version": "2"}).status_code == 302
    shown = manager.get(address)
    assert shown.context["facts"] == [("原因", "供应商倒闭")]
    assert shown.context["buttons"] == []


def test_a_page_is_refused_in_the_documented_order(contracts: Any, api: Any, page: Any) -> None:
    theirs, own = made(api, customer="demo-b")["id"], made(api, number="HT-2")["id"]
    reader = page("customer1")
    assert reader.post(f"/data/contracts/{theirs}/do/activate/").status_code == 404
    assert reader.post(f"/data/contracts/{own}/do/activate/").status_code == 403
    assert reader.get(f"/data/contracts/{own}/?do=cancel").status_code == 200
    assert "doform" not in reader.get(f"/data/contracts/{own}/?do=cancel").content.decode()
    assert page("manager").post(f"/data/contracts/{own}/do/fly/").status_code == 404
