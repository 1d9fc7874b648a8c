"""The kernel's promises, each on a real PostgreSQL."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from yizhan.kernel import attachments, audit, clock, events, numbering, search
from yizhan.kernel.actor import Actor, Grant, system_actor
from yizhan.kernel.documents import qr_svg, render_pdf
from yizhan.kernel.errors import Invalid, PermanentFailure
from yizhan.kernel.models import Attachment, AuditEntry, AuditText, StoredEvent
from yizhan.kernel.paging import decode, encode
from yizhan.kernel.policy import CustomerPolicy
from yizhan.kernel.resource import all_resources
from yizhan.kernel.search.tokens import pinyin_key, query_tokens, text_tokens

SYSTEM = system_actor("test")


@pytest.mark.parametrize(
    "question",
    ["机", "打印", "脱机", "打印机脱机", "00042", "042", "INC261122-00042", "5678", "zq", "zhangqian", "VPN", "ｖｐｎ"],
)
def test_what_search_finds(question: str) -> None:
    terms = set(text_tokens("INC261122-00042 打印机脱机 VPN 断线", names=["张倩"], phones=["138 0000 5678"]))
    assert set(query_tokens(question)) <= terms


@pytest.mark.parametrize("question", ["机打", "00043", "0000", "dd", "电话"])
def test_what_search_does_not_find(question: str) -> None:
    terms = set(text_tokens("INC261122-00042 打印机脱机 VPN 断线", names=["张倩"], phones=["138 0000 5678"]))
    assert not set(query_tokens(question)) <= terms


@pytest.mark.parametrize(("name", "key"), [("单志强", "shan"), ("曾庆华", "zeng"), ("解文博", "xie"), ("仇英", "qiu")])
def test_surnames_are_read_as_surnames(name: str, key: str) -> None:
    assert pinyin_key(name).split()[0] == key


@given(st.text(max_size=60))
def test_every_text_is_found_by_itself(text: str) -> None:
    assert set(query_tokens(text)) <= set(text_tokens(text))


def test_the_audit_only_grows(db: None, world: Any) -> None:
    world.new()
    for statement in ("UPDATE kernel_audit SET actor = 'x'", "DELETE FROM kernel_audit", "TRUNCATE kernel_audit"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_audit_is_chained_and_holds_no_personal_value(world: Any) -> None:
    ticket = world.judged()
    rows = list(AuditEntry.objects.filter(object_type="tickets.ticket", object_id=ticket.pk).order_by("id"))
    assert [row.command for row in rows] == ["register_ticket", "claim_ticket", "judge_level_ticket"] or len(rows) == 3
    assert [row.previous for row in rows] == ["", rows[0].digest, rows[1].digest]
    text = audit.canonical([[row.before, row.after] for row in rows])
    assert "打印机" not in text
    assert "重启" not in text


def test_long_texts_stand_apart(db: None, world: Any) -> None:
    ticket = world.completed()
    from yizhan.tickets.services.messages import TicketChanges, edit_ticket

    with_reason = world.actor("manager")
    edit_ticket(actor=with_reason, number=world.new().number, changes=TicketChanges(description="长" * 300))
    assert ticket.pk
    assert audit.long_text("长" * 300).startswith("#")
    assert AuditText.objects.filter(text="长" * 300).count() == 1


def test_events_are_stored_with_their_transaction(world: Any) -> None:
    ticket = world.new()
    row = StoredEvent.objects.get(object_id=ticket.pk, type="TicketRegistered")
    assert row.xact > 0
    assert row.payload["number"] == ticket.number


def test_telling_news_registers_nothing(world: Any) -> None:
    """A process that has told of a fact knows the same subscribers as one that has not (tests/processes compares them)."""
    before = (list(events._inside), list(events._after))
    ticket = world.new()
    events.emit(system_actor("test"), ticket, ticket.customer_id, type("NothingListens", (events.Event,), {})())
    assert (list(events._inside), list(events._after)) == before


def test_history_lies_in_monthly_partitions(world: Any) -> None:
    world.new()
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM kernel_event")
        names = {name for (name,) in cursor.fetchall()}
    assert names == {f"kernel_event_{datetime.now(UTC):%Y%m}"}


def test_numbers_never_restart(db: None) -> None:
    first, second = numbering.next_number("INC"), numbering.next_number("INC")
    assert int(second[-5:]) == int(first[-5:]) + 1
    assert numbering.numbers_in(f"回复：[{first}] 打印机") == [first]


def test_the_clock_moves_for_a_block_only() -> None:
    moment = datetime(2026, 2, 14, 1, tzinfo=UTC)
    with clock.at(moment):
        assert clock.now() == moment
    assert clock.now() - moment > timedelta(days=1)


@given(st.lists(st.one_of(st.integers(), st.text(max_size=20)), min_size=1, max_size=3))
def test_cursors_come_back_whole(values: list[Any]) -> None:
    assert decode(encode(values), len(values)) == values


@pytest.mark.parametrize(
    "cursor", ["", "x", "bm90IGpzb24", encode([1]), encode([1, [[2]]]), encode([1, {}]), encode([1, 2], "-id")]
)
def test_foreign_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        decode(cursor, 2)


def test_roles_add_up_per_customer() -> None:
    actor = Actor("user:1", grants=(Grant("desk", 1), Grant("technician", 2)))
    assert actor.customers_with("tickets.view") == frozenset({1, 2})
    assert actor.holds("tickets.dispatch", 1)
    assert not actor.holds("tickets.dispatch", 2)
    assert Actor("user:2", grants=(Grant("desk", None), Grant("desk", 3))).customers_with("tickets.view") is None


def test_a_file_is_kept_once_and_orphans_are_swept(db: None, settings: Any) -> None:
    from yizhan.people.models import Customer

    customer = Customer.objects.get(code="demo-a")
    with clock.at(clock.now() - timedelta(hours=25)):
        first = attachments.store(SYSTEM, customer_id=customer.pk, file=attachments.check("../../a.txt", "内容".encode()))
    second = attachments.store(SYSTEM, customer_id=customer.pk, file=attachments.check("b.txt", "内容".encode()))
    assert (first.name, first.path) == ("a.txt", second.path)
    path: Path = settings.YIZHAN.data_dir / "files" / first.path
    assert attachments.sweep_orphans() == 1
    assert path.exists()
    Attachment.objects.update(created_at=clock.now() - timedelta(hours=25))
    attachments.sweep_orphans()
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "image/png"), (b"<html><script>", "text/plain"),
        (b"\0\1\2", "application/octet-stream"),
        ("中文".encode(), "text/plain"), (b"%PDF-1.7 ...", "application/pdf"),
    ],
)  # fmt: skip
def test_types_come_from_the_content(content: bytes, kind: str) -> None:
    assert attachments.check("x.html", content).content_type == kind


def test_picture_bombs_are_refused(db: None) -> None:
    from PIL import Image

    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    with pytest.raises(Invalid):
        attachments.store(SYSTEM, customer_id=1, file=attachments.check("bomb.png", out.getvalue()))


def test_pdf_in_chinese_without_fonts_of_the_machine(tmp_path: Path) -> None:
    from pypdf import PdfReader

    template = tmp_path / "t.typ"
    template.write_text('#set text(font: "Noto Sans S Chinese")\n#let d = json(bytes(sys.inputs.at("data")))\n#d.text')
    pdf = PdfReader(io.BytesIO(render_pdf(template, {"text": "事件处理单 澄岭精密 SHT-00042"})))
    assert "事件处理单" in pdf.pages[0].extract_text()
    resources: Any = pdf.pages[0]["/Resources"]
    fonts = [str(font.get_object()["/BaseFont"]) for font in resources["/Font"].values()]
    assert fonts
    assert all("NotoSansHans" in name for name in fonts), fonts
    template.write_text("#nonsense(")
    with pytest.raises(PermanentFailure):
        render_pdf(template, {})


def test_qr_codes_are_plain_svg() -> None:
    code = qr_svg("http://x/")
    assert code.startswith("<svg")
    assert 'viewBox="0 0 ' in code  # else a larger box shows the code in its corner
    assert "width=" not in code.partition(">")[0]


def test_search_reads_only_its_scope(world: Any) -> None:
    theirs = world.new(requester="requester2", subject="收银机死机")
    ours = world.new(subject="收银台网络")
    found = {hit.number for hit in search.find(world.actor("requester1"), "收银")}
    assert ours.number in found
    assert theirs.number not in found
    assert {ours.number, theirs.number} <= {hit.number for hit in search.find(world.actor("desk"), "收银")}
    assert search.find(world.actor("requester1"), "5678") == []
    assert {hit.type for hit in search.find(world.actor("desk"), "5678")} >= {"contact", "ticket"}


def test_every_resource_has_a_policy_and_unique_order() -> None:
    for resource in all_resources():
        last = resource.model._meta.get_field(resource.order[-1].lstrip("-"))
        assert getattr(last, "unique", False), f"{resource.name}: order must end with a unique field"
        assert resource.columns
        if isinstance(resource.policy, CustomerPolicy):
            assert resource.policy.customer_path
