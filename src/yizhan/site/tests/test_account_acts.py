"""Acts with accounts stand in the audit: walked through the real pages, each leaves its row and no secret."""

import json
import re
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client

from yizhan.kernel.actor import system_actor
from yizhan.kernel.models import AuditEntry
from yizhan.kernel.verification import verify
from yizhan.people.models import User
from yizhan.people.services.accounts import create_user
from yizhan.site.account_acts import GROUPS, MOST, STRANGER
from yizhan.site.config import DEMO_PASSWORD

OTHER, THIRD = "Ganz-anders-2026!", "Noch-ein-drittes-77!"


class Person:
    """A browser without a browser, from an address of its own."""

    def __init__(self, name: str, address: str = "192.0.2.7") -> None:
        self.client, self.name = Client(REMOTE_ADDR=address), name

    def post(self, path: str, **given: str) -> Any:
        return self.client.post(f"/accounts/{path}", given)

    def sign_in(self, password: str = DEMO_PASSWORD) -> Any:
        return self.post("login/", login=self.name, password=password)


def rows(name: str) -> list[AuditEntry]:
    pk = User.objects.get(username=name).pk
    return list(AuditEntry.objects.filter(object_type="people.user", object_id=pk).order_by("id"))


def acts(name: str) -> list[str]:
    return [row.command for row in rows(name) if row.command not in {"create_user", "change_user"}]


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


@pytest.fixture
def desk(committed: str) -> Person:
    cache.clear()
    return Person("desk")


def test_signing_in_and_out(desk: Person) -> None:
    assert desk.sign_in().status_code == 302
    assert desk.post("logout/").status_code == 302
    came, went = rows("desk")[-2:]
    actor = f"user:{came.object_id}"
    assert [(row.command, row.outcome, row.actor, row.address) for row in (came, went)] == [
        ("sign_in", "done", actor, "192.0.2.7"),
        ("sign_out", "done", actor, "192.0.2.7"),
    ]
    assert came.after == {"ways": ["password"]}
    assert re.fullmatch(r"[0-9a-f]{16}", came.request_id)
    assert not verify().broken_chains


def test_a_wrong_password_is_told_and_not_kept(desk: Person) -> None:
    assert desk.sign_in("geraten-4711").status_code == 200
    row = rows("desk")[-1]
    assert (row.command, row.outcome, row.actor, row.address) == ("fail_sign_in", "refused", "nobody", "192.0.2.7")
    assert "geraten-4711" not in json.dumps([list(entry) for entry in AuditEntry.objects.values_list("before", "after", "actor")])


def test_unknown_names_fill_no_chain_of_the_house_and_not_without_end(desk: Person) -> None:
    stranger = Person("gibt-es-nicht")
    stranger.sign_in("egal")
    (row,) = AuditEntry.objects.filter(object_type=STRANGER)
    assert (row.command, row.outcome, row.address, row.after) == ("fail_sign_in", "refused", "192.0.2.7", {})
    assert 0 <= (row.object_id or 0) < GROUPS
    for number in range(MOST + 5):
        cache.clear()  # another attacker each time, as far as the limits on attempts know
        Person(f"niemand{number}").sign_in("egal")
    assert AuditEntry.objects.filter(object_type=STRANGER).count() == MOST
    assert not AuditEntry.objects.filter(object_type="", command="fail_sign_in").exists()
    assert not verify().broken_chains


@pytest.mark.parametrize("there", [True, False])
def test_a_name_that_only_looks_like_anothers_is_its_own(desk: Person, there: bool) -> None:
    """A dotless ı is no i: such an account may stand beside the other, and neither answers for the other's attempts."""
    if there:
        create_user(actor=system_actor("console"), username="admın", name="x", password=OTHER)
    before = len(rows("admin"))
    Person("admın").sign_in("geraten-4711")
    assert len(rows("admin")) == before
    kind, pk = ("people.user", User.objects.get(username="admın").pk) if there else (STRANGER, None)
    failed = AuditEntry.objects.get(command="fail_sign_in")
    assert (failed.object_type, failed.object_id if there else None) == (kind, pk)
    Person("ADMIN").sign_in("geraten-4711")
    assert [row.command for row in rows("admin")][before:] == ["fail_sign_in"]


def test_passwords(desk: Person) -> None:
    desk.sign_in()
    desk.post("password/change/", oldpassword=DEMO_PASSWORD, password1=OTHER, password2=OTHER)
    user = User.objects.get(username="desk")
    assert user.check_password(OTHER)
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    reader = Person("desk", "192.0.2.9")
    page = reader.client.get(f"/accounts/password/reset/key/{key}/")
    reader.client.post(page.headers["Location"], {"password1": THIRD, "password2": THIRD})
    user.refresh_from_db()
    assert user.check_password(THIRD)
    assert acts("desk") == ["sign_in", "change_password", "reset_password"]
    assert rows("desk")[-1].address == "192.0.2.9"
    user.set_unusable_password()
    user.save()
    desk.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    desk.post("password/set/", password1=OTHER, password2=OTHER)
    assert acts("desk")[-1] == "set_password"


def test_the_second_step(desk: Person) -> None:
    desk.sign_in()
    desk.post("reauthenticate/", password=DEMO_PASSWORD)
    page = desk.client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    desk.post("2fa/totp/activate/", code=code_of(secret))
    desk.post("2fa/recovery-codes/generate/")
    codes = Authenticator.objects.get(user__username="desk", type="recovery_codes").wrap().get_unused_codes()
    desk.post("logout/")
    desk.sign_in()
    desk.post("2fa/authenticate/", code="000000")
    desk.post("2fa/authenticate/", code=codes[0])
    desk.post("reauthenticate/", password=DEMO_PASSWORD)
    desk.post("2fa/totp/deactivate/")
    assert acts("desk") == [
        "sign_in", "add_second_factor", "add_second_factor", "renew_recovery_codes", "sign_out",
        "fail_second_factor", "use_recovery_code", "sign_in", "remove_second_factor", "remove_second_factor",
    ]  # fmt: skip
    signed_in = [row for row in rows("desk") if row.command == "sign_in"][-1]
    assert signed_in.after == {"ways": ["password", "recovery_codes"]}
    told = json.dumps([[row.before, row.after] for row in rows("desk")])
    assert secret not in told
    assert codes[0] not in told


def test_ending_the_other_sessions(desk: Person) -> None:
    desk.sign_in()
    other = Person("desk", "192.0.2.8")
    other.sign_in()
    desk.post("sessions/")
    assert acts("desk") == ["sign_in", "sign_in", "end_sessions"]
    assert rows("desk")[-1].after == {"count": 1}
    assert other.client.get("/", follow=False).status_code == 302


def test_the_auditor_reads_it_in_words(desk: Person) -> None:
    desk.sign_in("falsch-falsch")
    desk.sign_in()
    auditor = Person("auditor")
    auditor.sign_in()
    page = auditor.client.get("/audit/").content.decode()
    assert "登录失败" in page
    assert ">登录<" in page
    assert get_adapter().get_client_ip(auditor.client.get("/audit/").wsgi_request) == "192.0.2.7"
