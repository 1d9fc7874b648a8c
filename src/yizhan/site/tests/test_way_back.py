"""取消 leads where somebody came from, if that is a page of ours; else to where such things are listed."""

import re
from typing import Any

import pytest

from yizhan.people.models import Customer

HOST = "http://testserver"


def way_back(shown: Any) -> str:
    found = re.findall(r'<a class="btn btn-quiet" href="([^"]*)">取消</a>', shown.content.decode())
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize(
    ("came", "back"),
    [
        (f"{HOST}/desk/?call=7", "/desk/?call=7"),
        (f"{HOST}/data/contacts/?q=zq", "/data/contacts/?q=zq"),
        ("", "/data/contacts/"),
        ("https://elsewhere.example/desk/", "/data/contacts/"),
        (f"{HOST}//elsewhere.example/", "/data/contacts/"),
        ("javascript:alert(1)", "/data/contacts/"),
        (f"{HOST}/data/contacts/new/", "/data/contacts/"),
        (f"{HOST}/accounts/login/?next=/data/contacts/new/", "/data/contacts/"),
    ],
)
def test_a_new_contacts_form_leads_back(page: Any, came: str, back: str) -> None:
    assert way_back(page("desk").get("/data/contacts/new/", headers={"referer": came})) == back
    customer = Customer.objects.get(code="demo-a").pk
    refused = {"customer": customer, "name": "王新", "phone": "abc", "came_from": came.removeprefix(HOST)}
    again = page("desk").post("/data/contacts/new/", refused, headers={"referer": f"{HOST}/data/contacts/new/"})
    assert again.status_code == 422
    assert way_back(again) == back


def test_every_form_that_is_a_page_has_a_way_back(page: Any, world: Any) -> None:
    number = world.judged().number
    usual = {
        ("engineer1", f"/tickets/{number}/edit/"): f"/tickets/{number}/",
        ("engineer1", f"/tickets/{number}/sheet/"): f"/tickets/{number}/",
        ("admin", "/data/contacts/import/"): "/data/contacts/",
        ("admin", "/people/invite/"): "/data/users/",
        ("admin", "/channels/mailboxes/new/"): "/channels/",
        ("desk", "/accounts/password/change/"): "/",
        ("requester1", "/report/"): "/",
    }
    for (who, path), back in usual.items():
        assert way_back(page(who).get(path)) == back, path
        came = page(who).get(path, headers={"referer": f"{HOST}/search/?q=x"})
        assert way_back(came) == "/search/?q=x", path
