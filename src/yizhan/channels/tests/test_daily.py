"""Mail from day to day (issue 3.4): a mailbox that is down, letters of another customer, notices that a customer does not want."""

import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from yizhan.channels.drivers.mail.oauth import finish_sign_in
from yizhan.channels.models import Mailbox, MailGrant
from yizhan.channels.services.grants import Client, is_safe
from yizhan.channels.services.mailboxes import add_mailbox, set_mailbox_active
from yizhan.channels.services.polling import due_mailboxes, pause_after, poll_mailbox
from yizhan.channels.services.triage import place_message
from yizhan.channels.tests.test_mail import CONSOLE, letter, receive
from yizhan.kernel import clock
from yizhan.kernel.errors import Invalid, PermanentFailure, TemporaryFailure
from yizhan.kernel.models import AuditEntry, Notice
from yizhan.kernel.sealing import unseal
from yizhan.people.models import Assignment, Contact, Customer, Role, User
from yizhan.tickets.models import Ticket


def nobody_listens() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def box(db: None) -> Mailbox:
    return add_mailbox(
        actor=CONSOLE, name="main", address="desk@yizhan.example", imap_url=f"imap://u:secret@127.0.0.1:{nobody_listens()}",
        smtp_url="", customer="demo-a",
    )  # fmt: skip


def test_the_pause_doubles_up_to_ten_minutes_and_a_refused_login_waits_longer() -> None:
    away, refused = TemporaryFailure("away"), PermanentFailure("no")
    assert [pause_after(n, away).total_seconds() for n in (1, 2, 3, 7, 8, 1000)] == [10, 20, 40, 600, 600, 600]
    assert [pause_after(n, refused).total_seconds() for n in (1, 2, 3, 4, 5)] == [60, 120, 240, 480, 600]


def test_a_mailbox_that_is_down_rests_says_why_and_comes_back(box: Mailbox, world: Any, page: Any) -> None:
    moment = clock.now()
    began = None
    for failures in (1, 2, 3):
        with clock.at(moment):
            assert due_mailboxes() == ["main"]
            with pytest.raises(TemporaryFailure):
                poll_mailbox("main")
            box.refresh_from_db()
            began = began or box.failed_at
            assert (box.failures, box.failed_at) == (failures, began)  # down since the first failure, not the last try
            assert "refused" in box.error.lower()
            assert box.retry_at == moment + timedelta(seconds=10 * 2 ** (failures - 1))
            assert due_mailboxes() == []
            moment = box.retry_at
    assert "refused" in page("admin").get("/channels/").content.decode().lower()
    with clock.at(moment - timedelta(seconds=1)):
        assert due_mailboxes() == []
        set_mailbox_active(actor=world.actor("admin"), mailbox=box.pk, active=True)  # “try now”
        assert due_mailboxes() == ["main"]
        set_mailbox_active(actor=world.actor("admin"), mailbox=box.pk, active=False)
        assert due_mailboxes() == []


def test_a_letter_is_placed_at_another_customer(box: Mailbox, world: Any) -> None:
    (row,) = receive(box, letter(sender="a@elsewhere.example", subject="挂错门了"))
    assert row.state == "triage"
    other = Contact.objects.create(customer=world.demo_b(), name="许新来", phone="13900000001")
    row = place_message(actor=world.actor("desk"), message=row.pk, contact=other.pk)
    assert (row.state, row.customer, row.contact) == ("processed", world.demo_b(), other)
    assert row.ticket is not None
    assert (row.ticket.customer, row.ticket.requester) == (world.demo_b(), other)
    other.refresh_from_db()
    assert other.email == "a@elsewhere.example"  # remembered: he had none
    entry = AuditEntry.objects.filter(command="place_message").latest("at")
    assert (entry.before["customer_id"], entry.after["customer_id"]) == (row.mailbox.customer_id, world.demo_b().pk)

    (_first, again) = receive(box, letter(sender="a@elsewhere.example", subject="还有一件"))
    assert again.state == "triage"  # the mailbox is demo-a's: there nobody has this address


def test_an_address_in_use_is_not_overwritten(box: Mailbox, world: Any) -> None:
    (row,) = receive(box, letter(sender="private@elsewhere.example"))
    known = Contact.objects.get(name="张倩", customer__code="demo-a")
    before = known.email
    row = place_message(actor=world.actor("desk"), message=row.pk, contact=known.pk)
    known.refresh_from_db()
    assert (row.state, known.email) == ("processed", before)


def test_one_mailbox_is_set_up_once_whatever_its_case(box: Mailbox, page: Any) -> None:
    """Also for another customer; the form says it beside the address, and not by whom it is read."""
    given = {
        "name": "zwei", "address": "Desk@Yizhan.example", "customer": "demo-b", "imap": "127.0.0.1", "security": "imaps",
        "smtp_security": "smtps", "password": "x",
    }  # fmt: skip
    answer = page("admin").post("/channels/mailboxes/new/", given)
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"address": ["已有邮箱用了这个地址。"]}
    assert Mailbox.objects.count() == 1


def test_a_wrong_server_is_told_in_words_beside_itself(page: Any) -> None:
    given = {
        "name": "drei", "address": "drei@yizhan.example", "customer": "demo-b", "imap": ":993", "security": "imaps",
        "smtp_security": "smtps", "password": "x",
    }  # fmt: skip
    answer = page("admin").post("/channels/mailboxes/new/", given)
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"imap": ["服务器地址不对。"]}


def test_why_a_mailbox_is_switched_off_stands_beside_it(box: Mailbox, page: Any) -> None:
    Mailbox.objects.update(active=False, error="升级时已停用")
    assert "升级时已停用" in page("admin").get("/channels/").content.decode()


def test_nobody_places_a_letter_where_he_does_not_serve(box: Mailbox, world: Any) -> None:
    (row,) = receive(box, letter(sender="a@elsewhere.example"))
    stranger = Contact.objects.create(customer=world.demo_b(), name="许新来", phone="13900000001")
    desk = User.objects.get(username="desk")
    desk.assignments.all().delete()
    Assignment.objects.create(user=desk, role=Role.DESK, customer=row.customer)
    with pytest.raises(Invalid):
        place_message(actor=world.actor("desk"), message=row.pk, contact=stranger.pk)
    row.refresh_from_db()
    stranger.refresh_from_db()
    assert (row.state, row.customer, stranger.email) == ("triage", Customer.objects.get(code="demo-a"), "")
    assert not Ticket.objects.exists()


def test_a_customer_mutes_single_notices(box: Mailbox, world: Any) -> None:
    Customer.objects.filter(pk=Customer.objects.get(code="demo-a").pk).update(muted=["ticket_received"])
    (row,) = receive(box, letter())
    assert row.ticket is not None
    assert not Notice.objects.filter(code="ticket_received").exists()
    world.completed()
    assert Notice.objects.filter(code="ticket_completed").exists()


@pytest.mark.parametrize(
    ("url", "safe"),
    [("https://login.example/authorize", True), ("http://127.0.0.1:8000/o/", True), ("http://localhost/o/", True),
     ("http://login.example/", False), ("http://10.0.0.1/", False), ("javascript:alert(1)", False), ("https://", False),
     ("", False), ("http://127.0.0.1.example/", False)],
)  # fmt: skip
def test_providers_are_asked_over_tls(url: str, safe: bool) -> None:
    assert is_safe(url) is safe


CLIENT = Client("https://login.example/authorize", "https://login.example/token", "mail", "client", "the-secret")


def granted(name: str = "granted", client: Client = CLIENT) -> Mailbox:
    return add_mailbox(
        actor=CONSOLE, name=name, address=f"{name}@yizhan.example", imap_url="imaps://mail.example", smtp_url="",
        customer="demo-a", client=client,
    )  # fmt: skip


def test_a_granted_mailbox_rests_until_somebody_has_signed_in(db: None) -> None:
    box = granted()
    assert not box.active
    assert due_mailboxes() == []
    grant = MailGrant.objects.get()
    assert unseal(grant.sealed_client_secret) == "the-secret"
    assert "the-secret" not in str(list(AuditEntry.objects.values())) + grant.sealed_client_secret


def test_a_provider_without_tls_is_refused_and_nothing_kept(db: None) -> None:
    with pytest.raises(Invalid):
        granted(client=Client("http://login.example/", "https://login.example/token", "", "client"))
    assert not Mailbox.objects.exists()


def test_the_sign_in_page_carries_pkce_and_state_and_is_the_keepers_alone(box: Mailbox, page: Any) -> None:
    own = granted()
    shown = page("admin").get(f"/channels/mailboxes/{own.pk}/connect/").content.decode()
    for part in ("code_challenge_method=S256", "response_type=code", "client_id=client", "login_hint=granted%40yizhan.example"):
        assert part in shown
    assert "the-secret" not in shown
    assert page("admin").get(f"/channels/mailboxes/{box.pk}/connect/").status_code == 404  # opened by a password
    back = page("admin").get("/channels/mailboxes/connected/?code=stolen&state=guessed")
    assert back.status_code == 302
    assert page("desk").get(f"/channels/mailboxes/{own.pk}/connect/").status_code == 403
    assert not MailGrant.objects.get().sealed_refresh_token


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [(200, b"{}", TemporaryFailure), (500, b"<html>", TemporaryFailure), (200, b"no json", TemporaryFailure),
     (200, b'{"access_token": "a", "expires_in": "soon", "refresh_token": "r"}', TemporaryFailure),
     (200, b'{"access_token": "a", "expires_in": 3600}', PermanentFailure),
     (400, b'{"error": "invalid_grant", "error_description": "revoked"}', PermanentFailure)],
)  # fmt: skip
def test_whatever_a_provider_answers_is_one_of_two_failures(
    settings: Any, status: int, body: bytes, failure: type[Exception]
) -> None:
    class Odd(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Odd) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        grant = MailGrant(token_url=f"http://127.0.0.1:{server.server_port}/token", client_id="c")
        with pytest.raises(failure):
            finish_sign_in(grant, "http://127.0.0.1/back", code="code", verifier="v" * 64)
    assert not grant.sealed_refresh_token


def test_a_number_that_is_none_is_told_beside_its_entry(box: Mailbox, page: Any) -> None:
    (row,) = receive(box, letter(sender="neu@elsewhere.example"))
    answer = page("desk").post(f"/channels/{row.pk}/place/", {"name": "新来的", "phone": "abc"})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "请填电话号码" in shown[shown.index('id="phone"') : shown.index("</form>", shown.index('id="phone"'))]
    assert 'value="abc"' in shown
    assert not Contact.objects.filter(name="新来的").exists()
