"""交班, watchers, mentions, the bell and quiet hours; second factors."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings

from yizhan.kernel import clock
from yizhan.kernel.errors import Conflict, Invalid, NotFound
from yizhan.kernel.models import News, Notice, NoticePreference
from yizhan.kernel.notices.news import after_quiet_hours
from yizhan.people.models import Duty, User
from yizhan.tickets.models import Handover, Ticket, Watcher
from yizhan.tickets.services import handing


def test_all_open_tickets_change_hands_in_one_act(world: Any) -> None:
    first, second = world.claimed(), world.claimed()
    row = handing.offer_handover(actor=world.actor("engineer1"), to="engineer2", note="打印机等配件")
    assert row.tickets.count() == 2
    assert {t.owner.username for t in Ticket.objects.filter(pk__in=[first.pk, second.pk])} == {"engineer1"}  # type: ignore[union-attr]
    assert News.objects.get(code="handover").owner.username == "engineer2"
    with pytest.raises(Conflict):
        handing.offer_handover(actor=world.actor("engineer1"), to="engineer2")
    with pytest.raises(NotFound):
        handing.answer_handover(actor=world.actor("engineer3"), handover=row.pk, accept=True)
    handing.answer_handover(actor=world.actor("engineer2"), handover=row.pk, accept=True)
    after = Ticket.objects.filter(pk__in=[first.pk, second.pk])
    assert {t.owner.username for t in after} == {"engineer2"}  # type: ignore[union-attr]
    assert {t.first_contact_owner.username for t in after} == {"engineer1"}  # type: ignore[union-attr]  # S9
    with pytest.raises(Conflict):
        handing.answer_handover(actor=world.actor("engineer2"), handover=row.pk, accept=True)


def test_what_was_finished_meanwhile_stays(world: Any) -> None:
    from yizhan.tickets.services.sheets import submit_sheet

    done, left = world.judged(), world.claimed()
    row = handing.offer_handover(actor=world.actor("engineer1"), to="engineer2")
    submit_sheet(actor=world.actor("engineer1"), number=done.number, sheet=world.sheet())
    handing.answer_handover(actor=world.actor("engineer2"), handover=row.pk, accept=True)
    done.refresh_from_db()
    left.refresh_from_db()
    assert (done.owner.username, left.owner.username) == ("engineer1", "engineer2")


def test_declining_needs_a_reason_and_leaves_all_as_it_was(world: Any) -> None:
    ticket = world.claimed()
    row = handing.offer_handover(actor=world.actor("engineer1"), to="engineer2")
    with pytest.raises(Invalid):
        handing.answer_handover(actor=world.actor("engineer2"), handover=row.pk, accept=False)
    handing.answer_handover(actor=world.actor("engineer2"), handover=row.pk, accept=False, reason="我也要走")
    ticket.refresh_from_db()
    assert (ticket.owner.username, ticket.transfer_to) == ("engineer1", None)
    assert handing.offer_handover(actor=world.actor("engineer1"), to="engineer2").state == Handover.State.OFFERED


def test_an_offer_can_be_taken_back(world: Any) -> None:
    ticket = world.claimed()
    row = handing.offer_handover(actor=world.actor("engineer1"), to="engineer2")
    handing.withdraw_handover(actor=world.actor("engineer1"), handover=row.pk)
    ticket.refresh_from_db()
    assert ticket.transfer_to is None
    with pytest.raises(Invalid):
        handing.offer_handover(actor=world.actor("engineer3"), to="engineer2")  # nothing open


def test_the_handover_page(page: Any, world: Any) -> None:
    world.claimed()
    assert page("engineer1").post("/handover/", {"to": "engineer2", "note": "x"}).status_code == 302
    shown = page("engineer2").get("/handover/")
    assert len(shown.context["offered_to_me"]) == 1
    row = Handover.objects.get()
    page("engineer2").post(f"/handover/{row.pk}/", {"answer": "accept"})
    row.refresh_from_db()
    assert row.state == "accepted"
    assert page("engineer1").post("/handover/", {"to": "engineer1"}).status_code == 422


def test_a_mention_makes_a_watcher_who_hears(api: Any, world: Any) -> None:
    number = world.claimed().number
    api("engineer1").post(f"/tickets/{number}/messages", {"body": "@吴建国 帮看下交换机 @nobody", "internal": True})
    assert Watcher.objects.get().user.username == "engineer2"
    assert News.objects.get(code="mentioned").owner.username == "engineer2"
    api("requester1").post(f"/tickets/{number}/messages", {"body": "还没好 @林晓雯"})
    assert News.objects.get(code="answered").owner.username == "engineer1"
    assert News.objects.get(code="watched").owner.username == "engineer2"
    assert not News.objects.filter(owner__username="desk").exists()  # a customer's @ calls nobody


def test_watching_by_hand(page: Any, api: Any, world: Any) -> None:
    number = world.claimed().number
    assert page("desk").post(f"/tickets/{number}/watch/", {"on": "1"}).status_code == 302
    api("requester1").post(f"/tickets/{number}/messages", {"body": "急"})
    assert News.objects.filter(owner__username="desk", code="watched").count() == 1
    page("desk").post(f"/tickets/{number}/watch/", {"on": "0"})
    assert Watcher.objects.count() == 0
    assert page("requester1").post(f"/tickets/{number}/watch/", {"on": "1"}).status_code == 403


@pytest.mark.parametrize(
    ("now", "due"),
    [("21:59", "21:59"), ("22:00", "07:00"), ("23:30", "07:00"), ("06:59", "07:00"), ("07:00", "07:00"), ("12:00", "12:00")],
)
def test_quiet_hours_span_midnight(now: str, due: str) -> None:
    preference = NoticePreference(quiet_from=time(22), quiet_until=time(7))
    hour, minute = map(int, now.split(":"))
    moment = datetime(2026, 11, 22, hour, minute, tzinfo=clock.DEFAULT_ZONE)
    found = after_quiet_hours(preference, moment).astimezone(clock.DEFAULT_ZONE)
    assert f"{found:%H:%M}" == due
    assert timedelta(0) <= found - moment < timedelta(hours=24)


def test_mail_goes_by_preference(api: Any, page: Any, world: Any) -> None:
    User.objects.filter(username="engineer1").update(email="chenli@yizhan.example")
    page("engineer1").post("/news/preferences/", {"by_mail": ["chased"], "quiet_from": "00:00", "quiet_until": "23:59"})
    number = world.new().number
    api("desk").act(number, "dispatch", to="engineer1")
    assert not Notice.objects.filter(code="news").exists()
    api("engineer1").act(number, "accept")
    api("desk").act(number, "remind")
    mail = Notice.objects.get(code="news")
    assert mail.address == "chenli@yizhan.example"
    assert mail.due_at > mail.created_at
    assert page("engineer1").post("/news/preferences/", {"quiet_from": "22:00"}).status_code == 422


def test_the_roster_is_seen_where_work_is_given_out(page: Any, world: Any) -> None:
    now = clock.now()
    absent, instead = User.objects.get(username="engineer1"), User.objects.get(username="engineer3")
    Duty.objects.create(
        user=absent, kind="leave", begins=now - timedelta(hours=1), ends=now + timedelta(days=1), substitute=instead
    )
    form = page("desk").get(f"/tickets/{world.new().number}/?do=dispatch").context["form"]
    shown = [text for _, text in dict(form.fields["to"].choices)["工程师"]]
    assert "休假 → 刘洋" in shown[-1]
    assert "陈立" in shown[-1]


def test_the_staff_may_be_asked_for_a_second_factor(page: Any, settings: Any) -> None:
    from dataclasses import replace

    settings.YIZHAN = replace(django_settings.YIZHAN, require_mfa=True)
    answer = page("engineer1").get("/tickets/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/2fa/")
    assert page("engineer1").get("/accounts/2fa/").status_code == 200
    assert page("requester1").get("/").status_code == 200
