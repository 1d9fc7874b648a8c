"""Whatever stands in an address: a list answers with rows or refuses; it never fails."""

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yizhan.kernel.listing import all_listings
from yizhan.kernel.paging import encode
from yizhan.kernel.resource import all_resources, resource_named
from yizhan.kernel.testing.api import operations
from yizhan.tickets.queries import FILTERS

PAGES: dict[str, tuple[str, ...]] = {
    "/tickets/": ("view", *FILTERS, "cursor", "columns", "saved"),
    "/search/": ("q",), "/palette/": ("q",), "/desk/": ("caller", "call", "customer", "subject"), "/desk/callers/": ("q", "customer"),
    "/desk/people/": ("customer",), "/desk/similar/": ("subject", "customer"),
    "/calls/": ("view", "cursor"), "/channels/": ("state", "cursor"),
    "/audit/": ("q", "actor", "command", "object", "cursor"), "/closing/": ("tab", "cursor"), "/works/": ("cursor",),
    "/": ("view",), "/handover/": ("to",), "/news/": ("cursor",),
    **{f"/data/{r.name}/": (*r.filters, "q", "cursor", "columns", "saved", "custom.x") for r in all_resources()},
    **{f"/lists/{listing.name}/export/": ("q", "columns", "view", "level", "active") for listing in all_listings()},
}  # fmt: skip
MADE_UP = [
    "99999999999999999999", "-1", "9223372036854775808", "1e999", "NaN", "0001-01-01", "9999-12-31T23:59:59-12:00", "2026-13-40",
    "\ud7ff", "￿", "'\"<", "%00", "٣", "true", "null", "[]", "{}", ",,,", " ", "a" * 3000, "2026-11-22", "\u202e",
    base64.urlsafe_b64encode(b"[" * 1500).decode(),
    base64.urlsafe_b64encode(b'["-received_at,-id", "0001-01-01T00:00:00", 1]').decode(),
    encode(["9999-12-31T23:59:59-12:00", 10**30], "-received_at,-id"), encode([None, None], "-received_at,-id"),
    encode(["x", 10**30], "sort_key,id"), encode([{}], "id"), encode([[1], True], "sort_key,id"), encode(["\0", 1], "sort_key,id"),
    encode(["\ud800", 1], "sort_key,id"), encode(["0001-01-01", 1], "search"),
]  # fmt: skip
ODD = st.sampled_from(MADE_UP) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
BOUNDED = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def asked(path: str, values: dict[str, Any]) -> str:
    return f"{path}?{urlencode({name: value for name, value in values.items() if value is not None}, errors='replace')}"


@pytest.mark.parametrize("path", sorted(PAGES))
@BOUNDED
@given(data=st.data())
def test_a_page_never_fails(path: str, data: Any, page: Any) -> None:
    client = page("admin")
    for name in PAGES[path]:
        where = asked(path, {name: data.draw(ODD)})
        assert client.get(where).status_code < 500, where


LISTS = sorted({path for method, path, _name in operations() if method == "GET" and "{" not in path})


def parameters(path: str) -> list[str]:
    name = path.rsplit("/", 1)[-1]
    own = {"tickets": [*FILTERS, "view"], "search": ["q"]}.get(name) or [*resource_named(name).filters, "q", "custom.x"]
    return [*own, "limit", "cursor"]


@pytest.mark.parametrize("path", LISTS)
@BOUNDED
@given(data=st.data())
def test_a_rest_list_never_fails(path: str, data: Any, api: Any) -> None:
    client = api("admin")
    for name in parameters(path):
        given = {"q": "x"} if path.endswith("/search") else {}
        where = asked(path.removeprefix("/api/v1"), {**given, name: data.draw(ODD)})
        answer = client.get(where)
        assert answer.status < 500, (where, answer)


@pytest.mark.parametrize(
    "key", ["99999999999999999999", "-1", "0", "%EF%BF%BF", "9223372036854775807", "a" * 500, "%ED%A0%80", "٣"]
)
def test_keys_in_paths(key: str, api: Any, page: Any) -> None:
    client = api("admin")
    for name in ("tickets", *(r.name for r in all_resources() if r.in_api)):
        assert client.get(f"/{name}/{key}").status == 404
        assert client.call("PATCH", f"/{name}/{key}", {}).status == 404
    if key.isdigit() and key.isascii():
        for path in ("/data/contacts/{}/", "/works/{}/", "/attachments/{}/", "/calls/{}/card/", "/channels/{}/", "/tickets/{}/"):
            assert page("admin").get(path.format(key)).status_code in {404, 405}


@pytest.mark.parametrize(
    "query",
    ["level=99999999999999999999", "level=x", "site=99999999999999999999", f"cursor={encode(['x', 1], '-received_at,-id')}",
     f"cursor={encode(['2026-11-22T00:00:00+00:00', 10**40], '-received_at,-id')}"],
)  # fmt: skip
def test_what_fits_no_column_is_refused_in_words(query: str, api: Any) -> None:
    answer = api("desk").get(f"/tickets?{query}")
    assert answer.status == 422
    assert answer["code"] in {"bad_filter", "invalid_cursor", "invalid"}


def test_a_filter_and_an_order_by_date(page: Any, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dates filter, order and page, empty ones too."""
    admin, resource = api("admin"), resource_named("assignments")
    monkeypatch.setattr(resource, "filters", ("valid_until", "role"))
    monkeypatch.setattr(resource, "order", ("-valid_until", "id"))
    for day in ("2030-01-31", "2031-01-31"):
        made = admin.post("/assignments", {"user": "engineer1", "role": "desk", "customer": "demo-a", "valid_until": day})
        assert made.status == 201, made
    assert [item["valid_until"] for item in admin.get("/assignments?valid_until=2030-01-31")["items"]] == ["2030-01-31"]
    assert admin.get("/assignments?valid_until=31.1.2030").status == 422
    found: list[Any] = []
    cursor = ""
    while True:
        answer = admin.get(f"/assignments?limit=2&cursor={cursor}")
        found += [item["valid_until"] for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert found == sorted(
        found, key=lambda day: (day is not None, [] if day is None else [-int(part) for part in day.split("-")])
    )
    assert len(found) == resource.model._default_manager.count()
    assert page("admin").get("/data/assignments/?valid_until=2030-01-31").status_code == 200
