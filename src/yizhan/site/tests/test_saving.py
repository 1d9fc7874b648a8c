"""One write for form, REST, batch and import: changes are merged under the lock, what is broken is said in its own words."""

from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from yizhan.kernel.constraints import refusal
from yizhan.kernel.models import AuditEntry
from yizhan.kernel.resource import resource_named, saving
from yizhan.kernel.resource.batch import apply
from yizhan.kernel.resource.importing import import_rows
from yizhan.people.models import Contact, Department, Duty, Skill, Team, User


def contact() -> Contact:
    return Contact.objects.get(name="张倩")


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A colleague's change that commits after a request has read the record and before its command locks it."""

    def arrange(**changes: Any) -> None:
        locked = saving.locked

        def late(*args: Any) -> Any:
            Contact.objects.filter(name="张倩").update(**changes)
            return locked(*args)

        monkeypatch.setattr(saving, "locked", late)

    return arrange


def test_two_patches_of_different_fields_both_stand(api: Any, meanwhile: Any) -> None:
    meanwhile(place="501", vip=True)
    answer = api("desk").patch(f"/contacts/{contact().pk}", {"title": "财务经理"})
    assert answer.status == 200, answer
    assert (answer["title"], answer["place"], answer["vip"]) == ("财务经理", "501", True)
    assert (contact().title, contact().place, contact().vip) == ("财务经理", "501", True)


def test_custom_values_are_merged_too(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = {}
    for key in ("badge", "room"):
        made = api("admin").post("/custom-fields", {"target": "people.contact", "key": key, "label": key, "kind": "text"})
        ids[key] = str(made["id"])
    locked = saving.locked

    def late(*args: Any) -> Any:
        Contact.objects.filter(name="张倩").update(custom={ids["badge"]: "GP-1"})
        return locked(*args)

    monkeypatch.setattr(saving, "locked", late)
    answer = api("desk").patch(f"/contacts/{contact().pk}", {"custom": {"room": "312"}})
    assert answer["custom"] == {"badge": "GP-1", "room": "312"}


def test_only_the_changed_columns_are_written(actors: Any) -> None:
    with CaptureQueriesContext(connection) as seen:
        saving.save_record(
            actor=actors("desk"), resource=resource_named("contacts"), pk=contact().pk, data={"title": "出纳"}, touched={"title"}
        )
    (written,) = [q["sql"] for q in seen.captured_queries if q["sql"].startswith('UPDATE "people_contact"')]
    assert '"title"' in written
    assert '"phone"' not in written
    assert '"place"' not in written


def test_nothing_changed_is_nothing_written(api: Any) -> None:
    row, desk = contact(), api("desk")
    before = AuditEntry.objects.count()
    with CaptureQueriesContext(connection) as seen:
        assert desk.patch(f"/contacts/{row.pk}", {"name": row.name}).status == 200
    assert not [q for q in seen.captured_queries if q["sql"].startswith('UPDATE "people_contact"')]
    assert AuditEntry.objects.count() == before


def test_the_batch_bar_writes_one_field(actors: Any, meanwhile: Any) -> None:
    resource, rows = resource_named("contacts"), list(Contact.objects.filter(name="张倩"))
    meanwhile(place="501", title="财务经理")
    (line,) = apply(resource, actors("desk"), rows, "vip", True)
    assert line.done, line
    assert (contact().vip, contact().place, contact().title) == (True, "501", "财务经理")


def test_a_batch_does_not_undo_what_its_preview_never_showed(page: Any) -> None:
    client, given = page("desk"), {"id": contact().pk, "field": "site"}
    shown = client.post("/data/contacts/batch/", {**given, "step": "preview"})
    other = contact().customer.site_set.exclude(pk=contact().site_id or 0).first()
    Contact.objects.filter(name="张倩").update(site=other)
    done = client.post("/data/contacts/batch/", {**given, "step": "apply", "seen": shown.context["seen"]})
    assert done.context["done"] == 0
    assert contact().site == other


def test_a_form_merges_under_the_lock(page: Any, meanwhile: Any) -> None:
    address = f"/data/contacts/{contact().pk}/"
    shown = page("desk").get(address)
    form = shown.context["form"]
    data = {name: form.initial[name] for name in form.fields if form.initial[name] not in (None, False)}
    data["seen"] = shown.context["seen"]
    meanwhile(place="501", title="财务经理")
    assert page("desk").post(address, {**data, "email": "new@demo-a.example"}).status_code == 302
    assert (contact().email, contact().place, contact().title) == ("new@demo-a.example", "501", "财务经理")
    clash = page("desk").post(address, {**data, "email": "new@demo-a.example", "title": "出纳"})
    assert clash.status_code == 409
    assert "财务经理" in clash.content.decode()
    assert contact().title == "财务经理"


def test_versions_are_checked_when_sent(api: Any) -> None:
    desk, path = api("desk"), f"/contacts/{contact().pk}"
    version = desk.get(path)["version"]
    assert desk.patch(path, {"title": "出纳", "version": version}).status == 200
    stale = desk.patch(path, {"place": "501", "version": version})
    assert (stale.status, stale["code"]) == (409, "stale_version")
    assert desk.patch(path, {"place": "501", "version": stale["current_version"]}).status == 200
    assert desk.patch(path, {"place": "502"}).status == 200
    listed = {item["id"]: item["version"] for item in desk.get("/contacts?limit=200")["items"]}
    assert listed[contact().pk] == desk.get(path)["version"]


def test_members_have_a_version_and_a_history(api: Any) -> None:
    admin = api("admin")
    made = admin.post("/teams", {"code": "night", "name": "夜班", "tier": 1, "members": ["engineer1"]})
    changed = admin.patch("/teams/night", {"members": ["engineer1", "engineer2"], "version": made["version"]})
    assert changed.status == 200
    assert changed["version"] != made["version"]
    entry = AuditEntry.objects.filter(object_type="people.team", object_id=made["id"]).latest("id")
    people = {u.username: u.pk for u in User.objects.filter(username__in=["engineer1", "engineer2"])}
    assert entry.after == {"members": sorted(people.values())}


def test_an_import_keeps_what_it_does_not_carry(actors: Any, api: Any) -> None:
    row = contact()
    Contact.objects.filter(pk=row.pk).update(place="501")
    rows = [[row.customer.code, row.name, row.phone, "财务经理"]]
    mapping = {"customer": 0, "name": 1, "phone": 2, "title": 3}
    with CaptureQueriesContext(connection) as seen:
        outcome = import_rows(actor=actors("desk"), resource=resource_named("contacts"), mapping=mapping, rows=rows)
    assert outcome.changed == 1, outcome
    assert (contact().title, contact().place) == ("财务经理", "501")
    (written,) = [q["sql"] for q in seen.captured_queries if q["sql"].startswith('UPDATE "people_contact"')]
    assert '"place"' not in written


def test_unknown_members_of_a_list_are_named(api: Any) -> None:
    answer = api("admin").post("/teams", {"code": "night", "name": "夜班", "members": ["engineer1", "nobody7", "gone8"]})
    assert answer.status == 422
    assert "nobody7" in str(answer["errors"]["members"])
    assert "gone8" in str(answer["errors"]["members"])
    assert not Team.objects.filter(code="night").exists()
    unknown = api("admin").patch("/users/engineer1", {"skills": ["print", "cooking"]})
    assert "cooking" in str(unknown["errors"]["skills"])


def broken(write: Any, model: Any) -> Any:
    from django.db import transaction

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write()
    return refusal(caught.value, model)


def test_each_broken_rule_is_said_in_its_own_words(db: None) -> None:
    user, row = User.objects.get(username="engineer1"), contact()
    from datetime import timedelta

    from django.utils import translation

    from yizhan.kernel import clock

    now = clock.now()
    found = {
        "unique": broken(lambda: Skill.objects.create(code="print", name="x"), Skill),
        "own": broken(lambda: Duty.objects.create(user=user, begins=now, ends=now - timedelta(1)), Duty),
        "null": broken(lambda: Contact.objects.filter(pk=row.pk).update(customer=None), Contact),
        "bounds": broken(lambda: User.objects.filter(pk=user.pk).update(tier=7), User),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    found["gone"] = broken(lambda: Contact.objects.filter(pk=row.pk).update(department=99999999), Contact)
    with translation.override("en"):
        words = {
            kind: (error.status, {n: [str(t) for t in ts] for n, ts in error.fields.items()}) for kind, error in found.items()
        }
    assert words == {
        "unique": (409, {"code": ["Another record has this already."]}),
        "own": (422, {"ends": ["The end lies before the beginning."]}),
        "null": (422, {"customer": ["This is needed."]}),
        "bounds": (422, {"tier": ["This value is not allowed here."]}),
        "gone": (422, {"department": ["What is named here is not there any more."]}),
    }


def test_an_overlap_and_a_number_too_large_have_words(committed: str) -> None:
    with psycopg.connect(committed) as server:
        server.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        server.execute(
            "ALTER TABLE people_duty ADD CONSTRAINT duty_apart EXCLUDE USING gist (user_id WITH =, tstzrange(begins, ends) WITH &&)"
        )
    from datetime import timedelta

    from yizhan.kernel import clock

    user, now = User.objects.get(username="engineer1"), clock.now()
    Duty.objects.create(user=user, begins=now, ends=now + timedelta(1))
    error = broken(lambda: Duty.objects.create(user=user, kind="leave", begins=now, ends=now + timedelta(2)), Duty)
    assert error.status == 409
    assert "user" in error.fields
    assert "重叠" in str(error)


def test_who_was_quicker_is_named_beside_the_field(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once: the form's own look found nothing, the database refuses the second."""
    admin, customer = api("admin"), contact().customer

    write = saving.write

    def late(record: Any, before: Any) -> None:
        Department.objects.create(customer=customer, name="法务部", sort_key="x")
        write(record, before)

    monkeypatch.setattr(saving, "write", late)
    answer = admin.post("/departments", {"customer": customer.code, "name": "法务部"})
    assert answer.status == 409, answer
    assert "同名" in str(answer["errors"]["name"])
