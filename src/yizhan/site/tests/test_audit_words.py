"""Whatever the audit and the records' histories hold is read in words."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

import yizhan
from yizhan.kernel import attachments
from yizhan.kernel.actor import system_actor
from yizhan.kernel.audit_words import words_of
from yizhan.kernel.models import SavedView
from yizhan.people.models import Role
from yizhan.people.services.accounts import create_user, set_password
from yizhan.people.services.inviting import Colleague, invite_colleague

ROOT = Path(yizhan.__file__).parent
COMMAND = re.compile(r"^@command\n(?:@.*\n)*def (\w+)", re.M)
RECORDED = re.compile(r'audit\.(?:record|write|record_attempt)\(\s*[\w.]+,\s*"(\w+)"(?: if \w+ else "(\w+)")?')
SYSTEM = re.compile(r'system_actor\("([\w-]+)"')


def sources() -> dict[str, str]:
    found = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py")}
    return {path: text for path, text in found.items() if "tests/" not in path and "testing" not in path}


def test_every_command_and_every_doer_has_words() -> None:
    names = set()
    for text in sources().values():
        names |= set(COMMAND.findall(text)) | {name for pair in RECORDED.findall(text) for name in pair if name}
        names |= {f"system:{label}" for label in SYSTEM.findall(text)}
    assert len(names) > 80
    with translation.override("zh-hans"):
        assert sorted(name for name in names if words_of(name).isascii()) == []


def test_the_history_of_what_the_command_line_made(page: Any) -> None:
    actor = system_actor("console")
    create_user(actor=actor, username="wang", name="王工", password="Rain-over-the-hill-7", roles=[Role.TECHNICIAN])
    user = set_password(actor=actor, username="wang", password="Snow-on-the-lake-8")
    page("wang").post("/accounts/login/", {"login": "wang", "password": "Snow-on-the-lake-8"})
    for path in (f"/data/users/{user.pk}/", f"/data/assignments/{user.assignments.get().pk}/"):
        content = page("admin").get(path).content.decode()
        shown = re.sub("<[^>]+>", " ", content.partition('<ul class="yz-lines sm">')[2].partition("</ul>")[0])
        assert "命令行" in shown
        assert not re.search(r"[a-z]+[_:][a-z]|True|False|None|password|ways", shown), shown


def test_the_audit_page_in_words(page: Any) -> None:
    create_user(actor=system_actor("console"), username="wang", name="王工", password="Rain-over-the-hill-7")
    content = page("auditor").get("/audit/").content.decode()
    assert "命令行" in content
    row = re.sub("<[^>]+>", " ", content.partition("<tbody>")[2])
    assert not re.search(r"[a-z]+_[a-z]|people\.user", row), row


def test_the_audit_is_searched_by_its_words(world: Any, page: Any) -> None:
    ticket, other = world.claimed(), world.new()
    auditor = page("auditor")

    def found(**asked: str) -> set[tuple[str, int]]:
        return {(row.command, row.object_id) for row, *_ in auditor.get("/audit/", asked).context["entries"]}

    claim = ("claim_ticket", ticket.pk)
    assert claim in found(command="接单")
    assert {command for command, _ in found(command="接单")} == {"claim_ticket"}
    assert claim in found(command="claim_ticket")  # as before
    assert {pk for _, pk in found(number=ticket.number)} == {ticket.pk}
    assert claim in found(who="陈立", number=ticket.number[-5:])
    assert claim not in found(who="林晓雯")
    assert ("register_ticket", other.pk) in found(who="林晓雯")
    today = timezone.localdate()
    assert claim in found(day=today.isoformat())
    assert found(day=(today - timedelta(days=400)).isoformat()) == found(day="9999-12-31") == found(day="x") == set()


def test_records_are_called_what_people_call_them(world: Any, page: Any, actors: Any) -> None:
    ticket = world.ready()
    invite_colleague(
        actor=actors("admin"), new=Colleague(username="wang", name="王工", roles=[Role.TECHNICIAN], email="", phone="")
    )
    file = attachments.store(actors("desk"), customer_id=ticket.customer_id, file=attachments.check("现场.txt", b"x"))
    attachments.adopt([file], ticket, customer_id=ticket.customer_id, part_id=None, internal=False)
    view = SavedView.objects.create(listing="tickets", name="本周急件", owner_id=actors("desk").person, shared=False)
    view_key = view.pk
    page("desk").post(f"/lists/tickets/views/{view_key}/delete/")
    content = page("auditor").get("/audit/").content.decode()
    things = (
        f"事件 {ticket.number}<",
        f"评价 {ticket.number}<",
        f"签字 {ticket.number}<",
        "邀请 王工 wang<",
        f"视图 #{view_key}<",
    )
    for thing in things:
        assert thing in content, thing
    assert "本周急件" not in content  # what somebody calls his own list is his
    assert not re.search(r">(?:事件|评价|签字|回访|邀请|视图|用户) \d+<", content)


def test_two_people_of_one_name_are_told_apart(page: Any, actors: Any) -> None:
    for username in ("zhangsan1", "zhangsan2"):
        create_user(actor=system_actor("console"), username=username, name="张三", password="Rain-over-the-hill-7", roles=[])
    content = page("auditor").get("/audit/").content.decode()
    assert "用户 张三 zhangsan1<" in content
    assert "用户 张三 zhangsan2<" in content


def test_a_longer_page_of_the_audit_asks_no_more(world: Any, page: Any) -> None:
    auditor = page("auditor")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            auditor.get("/audit/")
        return len(queries)

    world.claimed()
    before = asked()
    for _ in range(4):
        world.claimed()
    assert asked() == before
