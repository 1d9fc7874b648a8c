"""A choice that is left out is said in a word on every form, and in the word for what it means."""

import re
from typing import Any

import pytest
from django.urls import reverse

from yizhan.kernel.resource.registry import all_resources

NEW = [resource.name for resource in all_resources() if resource.can_create]


@pytest.mark.parametrize("name", NEW)
def test_no_form_of_a_record_shows_the_frameworks_dashes(name: str, page: Any) -> None:
    by = "manager" if name in {"phrases", "canned-replies", "duties"} else "admin"
    shown = page(by).get(reverse(f"resource-{name}-new"))
    assert shown.status_code == 200
    assert "-----" not in shown.content.decode()


def empty_of(shown: str, field: str) -> str:
    found = re.search(rf'<select name="{field}".*?<option value=""[^>]*>([^<]*)<', shown, re.S)
    assert found
    return found[1]


def test_the_empty_choice_of_a_role_is_all_customers(page: Any) -> None:
    shown = page("admin").get(reverse("resource-assignments-new")).content.decode()
    assert empty_of(shown, "customer") == "全部客户"
    assert empty_of(shown, "team") == empty_of(shown, "user") == "未选"
    assert empty_of(shown, "role") == "未选"
