"""Many records at once, as every resource inherits it: Excel out and in, batch, saved views, columns."""

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from python_calamine import CalamineWorkbook

from yizhan.kernel import works
from yizhan.kernel.documents.xlsx import read_table, write_xlsx
from yizhan.kernel.models import AuditEntry, SavedView, Work
from yizhan.kernel.resource import all_resources, resource_named
from yizhan.kernel.resource.importing import import_rows
from yizhan.kernel.resource.mapping import guess_mapping, importable
from yizhan.people.models import Contact, Customer, Department, Role, User
from yizhan.people.tests.mixed import make_person

NAMES = [resource.name for resource in all_resources()]
IMPORTED = [resource.name for resource in all_resources() if resource.match and resource.can_create]


def cells(response: Any) -> list[list[Any]]:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    found: list[list[Any]] = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    return found


def test_every_ordinary_record_can_be_imported() -> None:
    assert set(NAMES) - set(IMPORTED) <= {"assignments", "notice-templates", "custom-fields"}


@pytest.mark.parametrize("name", NAMES)
def test_the_list_as_an_excel_file(name: str, page: Any) -> None:
    client, resource = page("admin"), resource_named(name)
    answer = client.get(f"/lists/{name}/export/")
    assert answer.status_code == 200
    rows = cells(answer)
    assert len(rows[0]) == len(resource.columns)
    assert len(rows) - 1 == resource.model._default_manager.count()
    entry = AuditEntry.objects.filter(command="export_list").latest("id")
    assert entry.after["rows"] == len(rows) - 1


@pytest.mark.parametrize("name", IMPORTED)
def test_what_is_exported_comes_back_unchanged(name: str, page: Any, actors: Any) -> None:
    """The round trip that people do: take the list out, look at it in Excel, take it in again."""
    client, resource, admin = page("admin"), resource_named(name), actors("admin")
    columns = ",".join(n for n in importable(resource, admin))
    answer = client.get(f"/lists/{name}/export/?columns={columns}")
    headings, rows = read_table(answer.content, "x.xlsx")
    mapping = guess_mapping(resource, admin, headings)
    assert set(resource.match) <= set(mapping)
    outcome = import_rows(actor=admin, resource=resource, mapping=mapping, rows=rows)
    assert outcome.faults == []
    assert (outcome.new, outcome.changed, outcome.same) == (0, 0, len(rows))


@pytest.mark.parametrize("name", IMPORTED)
def test_who_may_not_change_may_not_import(name: str, actors: Any) -> None:
    from yizhan.kernel.errors import Forbidden

    with pytest.raises(Forbidden):
        import_rows(actor=actors("auditor"), resource=resource_named(name), mapping={}, rows=[])


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_shows_first_and_then_changes(name: str, page: Any, actors: Any) -> None:
    resource, client = resource_named(name), page("admin")
    fields = resource.batch_fields(actors("admin"))
    first = resource.model._default_manager.order_by("pk").first()
    if not fields or first is None:
        assert client.post(f"/data/{name}/batch/", {"id": "1", "field": "x"}).status_code == 422
        return
    switches = {"active", "is_active", "notify"} & set(fields)
    if not switches:
        assert client.post(f"/data/{name}/batch/", {"id": first.pk, "field": fields[0]}).status_code == 200
        return
    field = sorted(switches)[0]
    before = getattr(first, field)
    given = {"id": first.pk, "field": field} | ({} if before else {"value": "on"})
    shown = client.post(f"/data/{name}/batch/", {**given, "step": "preview"})
    assert shown.status_code == 200
    first.refresh_from_db()
    assert getattr(first, field) == before
    done = client.post(f"/data/{name}/batch/", {**given, "step": "apply"})
    assert done.context["done"] == 1, done.context["lines"]
    first.refresh_from_db()
    assert getattr(first, field) != before


CONTACTS = ["客户", "姓名", "电话", "部门", "VIP", "备用"]


def sheet(*rows: list[Any]) -> bytes:
    return write_xlsx(CONTACTS, rows, title="通讯录")


def run(client: Any, content: bytes, *, create_missing: bool = False) -> Work:
    """As a person does it: the file, the columns, then the job that the worker would run."""
    answer = client.post("/data/contacts/import/", {"file": SimpleUploadedFile("通讯录.xlsx", content)})
    assert answer.status_code == 302, answer.content.decode()[:500]
    work = Work.objects.latest("id")
    mapping = {f"column-{name}": column for name, column in work.params["mapping"].items()}
    assert client.get(f"/works/{work.pk}/").status_code == 200
    client.post(f"/works/{work.pk}/", {"step": "map", **mapping, **({"create_missing": "1"} if create_missing else {})})
    works.run_work(work.pk)
    work.refresh_from_db()
    return work


def test_an_import_from_file_to_result(page: Any) -> None:
    client = page("desk")
    content = sheet(
        ["demo-a", "钱多多", 13911112222, "财务部", "是", ""], ["澄岭精密", "张倩", "", "财务部", "", ""],
        ["demo-z", "无名", "", "", "", ""],
        ["demo-a", "孙七", "", "没有的部门", "", ""], ["demo-a", "李八", "", "", "也许", ""],
        ["demo-a", "钱多多", "13911112222", "", "", ""],
        ["demo-a", "", "1", "", "", ""],
    )  # fmt: skip
    before = Contact.objects.count()
    work = run(client, content)
    assert (work.state, Contact.objects.count()) == ("draft", before), work.error
    assert (work.result["new"], work.result["faulty"]) == (1, 5), work.result
    assert [row for row, _ in work.result["faults"]] == [4, 5, 6, 7, 8]
    page_text = client.get(f"/works/{work.pk}/").content.decode()
    assert "没有的部门" in page_text
    assert work.output is not None
    returned = cells(client.get(f"/attachments/{work.output.pk}/", follow=True))
    assert returned[0] == [*CONTACTS, "原因"]
    client.post(f"/works/{work.pk}/", {"step": "write"})
    works.run_work(work.pk)
    work.refresh_from_db()
    assert work.state == "done"
    made = Contact.objects.get(name="钱多多")
    assert (made.phone, made.vip, made.department and made.department.name) == ("13911112222", True, "财务部")
    assert AuditEntry.objects.filter(object_type="people.contact", object_id=made.pk, command="create_contact").exists()
    assert client.get("/search/?q=qdd", follow=True).content.decode().count("钱多多")


def test_rows_are_named_as_the_users_sheet_numbers_them(page: Any) -> None:
    """Empty rows in between, and before the headings, are counted as the spreadsheet counts them."""
    client = page("desk")
    good, bad, empty = ["demo-a", "钱多多", "", "", "", ""], ["demo-z", "无名", "", "", "", ""], [None] * 6
    work = run(
        client, sheet(good, empty, empty, bad, empty, ["demo-a", "钱多多", "", "", "", ""], ["demo-y", "无姓", "", "", "", ""])
    )
    assert [row for row, _ in work.result["faults"]] == [5, 7, 8]
    assert "第 2 行" in work.result["faults"][1][1]
    assert work.output is not None
    returned = cells(client.get(f"/attachments/{work.output.pk}/", follow=True))
    assert [row[1] for row in returned[1:]] == ["无名", "钱多多", "无姓"]
    below = write_xlsx(["", "", "", "", "", ""], [empty, CONTACTS, good, empty, bad], title="通讯录")
    assert [row for row, _ in run(client, below).result["faults"]] == [6]
    text = "\n\n客户,姓名\ndemo-a,钱多多\n\n,,\ndemo-z,无名\n"
    client.post("/data/contacts/import/", {"file": SimpleUploadedFile("x.csv", text.encode())})
    latest = Work.objects.latest("id")
    client.post(f"/works/{latest.pk}/", {"step": "map", "column-customer": 0, "column-name": 1})
    works.run_work(latest.pk)
    latest.refresh_from_db()
    assert [row for row, _ in latest.result["faults"]] == [7]


def test_missing_departments_are_made_on_request(page: Any) -> None:
    work = run(
        page("desk"),
        sheet(["demo-a", "孙七", "", "新部门", "", ""], ["demo-a", "周八", "", "新部门", "", ""]),
        create_missing=True,
    )
    assert (work.result["new"], work.result["faulty"]) == (2, 0)
    assert not Department.objects.filter(name="新部门").exists()
    page("desk").post(f"/works/{work.pk}/", {"step": "write"})
    works.run_work(work.pk)
    assert Contact.objects.filter(department__name="新部门").count() == 2
    assert Department.objects.filter(name="新部门").count() == 1


def test_the_columns_are_remembered(page: Any) -> None:
    client = page("desk")
    run(client, sheet(["demo-a", "孙七", "", "", "", ""]))
    client.post("/data/contacts/import/", {"file": SimpleUploadedFile("b.xlsx", sheet(["demo-a", "吴九", "", "", "", ""]))})
    assert Work.objects.latest("id").params["remembered"] is True


def headed(page: Any, kind: str, *headings: str) -> dict[str, str]:
    """Which field each heading of a sheet is taken for."""
    content = write_xlsx(list(headings), [["x"] * len(headings)], title="花名册")
    page("admin").post(f"/data/{kind}/import/", {"file": SimpleUploadedFile("花名册.xlsx", content)})
    mapping = Work.objects.latest("id").params["mapping"]
    return {headings[column]: name for name, column in sorted(mapping.items(), key=lambda pair: pair[1])}


def test_columns_are_known_as_people_head_them(page: Any) -> None:
    found = headed(page, "contacts", "序号", "单位名称", "部门名称", "联系人姓名", "联系人电话", "邮箱地址", "工位号", "备注")
    assert found == {
        "单位名称": "customer", "部门名称": "department", "联系人姓名": "name", "联系人电话": "phone", "邮箱地址": "email",
        "工位号": "place",
    }  # fmt: skip
    found = headed(page, "contacts", "公司 名称*", "姓名（必填）", "手机号码：", "Ｅ-ｍａｉｌ", "职位", "办公地点")
    assert list(found.values()) == ["customer", "name", "phone", "email", "title", "site"]
    for heading in ("联系人", "姓名", "名字"):
        assert headed(page, "contacts", heading) == {heading: "name"}
    found = headed(page, "users", "员工工号", "员工姓名", "手机", "企业邮箱")
    assert list(found.values()) == ["username", "display_name", "phone", "email"]
    assert list(headed(page, "departments", "公司名称", "部门名称").values()) == ["customer", "name"]


def test_what_is_not_matched_is_told_beside_its_row(page: Any) -> None:
    client = page("desk")
    client.post("/data/contacts/import/", {"file": SimpleUploadedFile("a.csv", b"customer,who\ndemo-a,x\n")})
    work = Work.objects.latest("id")
    client.post(f"/works/{work.pk}/", {"step": "map", "column-customer": "0"})
    works.run_work(work.pk)
    content = client.get(f"/works/{work.pk}/").content.decode()
    assert re.findall(r'<span class="err" id="([^"]+)">([^<]+)</span>', content) == [("column-name_error", "还没对应：姓名")]
    assert content.count('aria-invalid="true"') == 1
    assert content.count("还没对应") == 1


def test_a_column_that_is_not_there_is_none(page: Any) -> None:
    client = page("desk")
    client.post("/data/contacts/import/", {"file": SimpleUploadedFile("a.csv", b"customer,name\ndemo-a,x\n")})
    work = Work.objects.latest("id")
    client.post(f"/works/{work.pk}/", {"step": "map", "column-customer": "0", "column-name": "999"})
    works.run_work(work.pk)
    work.refresh_from_db()
    assert (work.state, work.params["mapping"], work.params["stage"]) == ("draft", {"customer": 0}, "map")
    assert work.result["refused"]


def test_nobody_else_sees_or_goes_on_with_an_import(page: Any) -> None:
    work = run(page("desk"), sheet(["demo-a", "孙七", "", "", "", ""]))
    other = page("manager")
    assert other.get(f"/works/{work.pk}/").status_code == 404
    assert other.post(f"/works/{work.pk}/", {"step": "write"}).status_code == 404
    assert other.get(f"/attachments/{work.source_id}/").status_code == 404


def test_rights_are_asked_again_when_the_job_runs(page: Any) -> None:
    client = page("desk")
    work = run(client, sheet(["demo-a", "孙七", "", "", "", ""]))
    client.post(f"/works/{work.pk}/", {"step": "write"})
    User.objects.filter(username="desk").update(is_active=False)
    works.run_work(work.pk)
    work.refresh_from_db()
    assert work.state == "failed"
    assert not Contact.objects.filter(name="孙七").exists()


@pytest.mark.parametrize(
    "content", [b"", b"no table", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0nonsense", write_xlsx([], [], title="x")]
)
def test_an_unreadable_file_is_refused_in_words(content: bytes, page: Any) -> None:
    answer = page("desk").post("/data/contacts/import/", {"file": SimpleUploadedFile("x.xlsx", content)})
    assert answer.status_code == 422
    assert Work.objects.count() == 0


def test_a_csv_from_chinese_excel(page: Any) -> None:
    content = "客户,姓名,电话\ndemo-a,郑十,13900000001\n".encode("gb18030")
    client = page("desk")
    client.post("/data/contacts/import/", {"file": SimpleUploadedFile("x.csv", content)})
    assert Work.objects.latest("id").params["mapping"] == {"customer": 0, "name": 1, "phone": 2}


def test_no_cell_is_ever_a_formula(page: Any, actors: Any) -> None:
    customer = Customer.objects.get(code="demo-a")
    Contact.objects.create(customer=customer, name="=1+1", sort_key="=")
    rows = cells(page("admin").get("/lists/contacts/export/?q=%3D1"))
    assert rows[1][0] == "'=1+1"
    headings, back = read_table(write_xlsx(["x"], [["=1+1"]], title="t"), "x.xlsx")
    assert (headings, back) == (["x"], [["=1+1"]])


def test_hidden_phones_are_in_no_file(page: Any) -> None:
    rows = cells(page("auditor").get("/lists/contacts/export/?columns=name,phone,email"))
    assert rows[0] == ["姓名", "电话"]
    whole = set(Contact.objects.exclude(phone="").values_list("phone", flat=True))
    assert len(whole) > 3
    assert not whole & {row[1] for row in rows[1:] if len(row[1]) >= 8}
    assert any("****" in row[1] for row in rows[1:])


def test_views_are_kept_shared_and_deleted(page: Any) -> None:
    given = {"name": "停用的", "query": "active=0", "columns": ["name", "code"], "shared": "1"}
    assert page("engineer1").post("/lists/customers/views/", given).status_code == 403
    assert page("desk").post("/lists/customers/views/", given).status_code == 302
    view = SavedView.objects.get()
    shown = page("engineer1").get("/data/customers/").content.decode()
    assert "停用的" in shown
    assert page("engineer1").post(f"/lists/customers/views/{view.pk}/delete/").status_code == 403
    assert page("desk").post(f"/lists/customers/views/{view.pk}/delete/").status_code == 302
    assert SavedView.objects.count() == 0
    assert page("desk").post("/lists/customers/views/", {**given, "name": " "}).status_code == 422


@pytest.mark.parametrize("query", ["customer=%00", "customer=%00&customer=demo-a", "customer=%ED%A0%80", "customer=9" + "9" * 30])
@pytest.mark.parametrize(
    ("name", "address"), [("tickets", "/tickets/"), ("contacts", "/data/contacts/"), ("duties", "/data/duties/")]
)
def test_a_shared_view_that_names_what_cannot_be_harms_nobody(query: str, name: str, address: str, page: Any) -> None:
    make_person("half", (Role.SERVICE_MANAGER, "demo-b"))
    given = {"name": "怪", "query": query, "shared": "1"}
    assert page("manager").post(f"/lists/{name}/views/", given).status_code == 302
    for who in ("half", "manager"):
        assert page(who).get(address).status_code == 200


def test_columns_are_remembered_per_person(page: Any) -> None:
    page("desk").post("/lists/customers/columns/", {"columns": ["code", "zone"]})
    assert "Asia/Shanghai" in page("desk").get("/data/customers/").content.decode()
    assert "Asia/Shanghai" not in page("manager").get("/data/customers/").content.decode()
    page("desk").post("/lists/customers/columns/", {})
    assert "Asia/Shanghai" not in page("desk").get("/data/customers/").content.decode()


def test_the_page_and_rest_take_the_same_filters(page: Any, api: Any) -> None:
    for query in ("customer=demo-b", "active=0", "q=mj", "customer=demo-a&q=%E5%BC%A0"):
        shown = [row[0].name for row in page("admin").get(f"/data/contacts/?{query}").context["rows"]]
        assert shown == [item["name"] for item in api("admin").get(f"/contacts?{query}")["items"]], query
    assert api("admin").get("/contacts?q=mj")["items"][0]["name"] == "马俊"
    assert api("admin").get("/users?tier=x").status == 422


def test_the_ledger_that_customers_know(page: Any, world: Any) -> None:  # S4
    world.signed()
    client = page("desk")
    ledger = client.get("/tickets/").context["ledger"]
    rows = cells(client.get(f"/lists/tickets/export/?view=all&columns={ledger}"))
    assert rows[0][:7] == ["编号", "受理时间", "部门", "报修人", "电话", "标题", "级别"]
    assert "重启打印服务" in rows[1]
    assert client.get(f"/tickets/?view=all&columns={ledger}").status_code == 200


def test_many_tickets_at_once(page: Any, world: Any) -> None:
    fresh, taken = world.new(), world.claimed()
    client = page("engineer2")
    given = {"action": "claim", "number": [fresh.number, taken.number]}
    shown = client.post("/tickets/batch/", given)
    assert shown.context["fitting"] == 1
    done = client.post("/tickets/batch/", {**given, "step": "apply"})
    assert [(line.ticket.number, line.done) for line in done.context["lines"]] == [(taken.number, False), (fresh.number, True)]
    fresh.refresh_from_db()
    assert fresh.owner.username == "engineer2"
    sent = page("desk").post(
        "/tickets/batch/", {"action": "dispatch", "number": [fresh.number], "step": "apply", "to": "engineer1"}
    )
    assert sent.context["done"] == 0
    assert page("desk").post("/tickets/batch/", {"action": "nonsense"}).status_code == 422


def test_what_is_wrong_with_a_row_is_said_in_our_words(actors: Any) -> None:
    """No sentence of the framework reaches whoever imports, enters or sends."""
    resource = resource_named("contacts")
    mapping = {name: column for column, name in enumerate(("customer", "name", "phone", "email", "vip"))}
    rows = [["demo-a", "长" * 81, "1" * 31, "不是邮箱", "maybe"], ["demo-a", "a\0b", "", "", ""]]
    with translation.override("zh-hans"):
        outcome = import_rows(actor=actors("admin"), resource=resource, mapping=mapping, rows=rows, dry_run=True)
        blank = {"customer": "", "email": "x"}
        told = " ".join(str(text) for texts in resource.form_class()(blank).errors.values() for text in texts)
    first, second = (" ".join(fault.reasons) for fault in outcome.faults)
    assert "最多 80 个字，现在有 81 个" in first
    assert "邮件地址写得不对" in first
    assert "里面有不能保存的字符" in second
    assert not re.search("变量|有效的|字段|空字符串|null", f"{first} {second} {told}")
