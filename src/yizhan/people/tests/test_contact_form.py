"""A contact's form: places of his own customer only, words beside the field, and his account only for who may bind."""

from typing import Any

from yizhan.people.models import Contact, Customer, Department, Site


def place(code: str) -> tuple[Site, Department]:
    """A site and a department of this customer."""
    customer = Customer.objects.get(code=code)
    site = Site.objects.create(customer=customer, name=f"{code} 楼", sort_key="x")
    return site, Department.objects.create(customer=customer, name=f"{code} 部", sort_key="x")


def offered(form: Any, name: str) -> set[int]:
    return {record.pk for record in form.fields[name].queryset}


def test_only_the_chosen_customers_places_are_offered(page: Any) -> None:
    (own, ours), (foreign, theirs) = place("demo-a"), place("demo-b")
    demo_b = Customer.objects.get(code="demo-b")
    known = Contact.objects.filter(customer__code="demo-a").first()
    assert known
    form = page("desk").get(f"/data/contacts/{known.pk}/").context["form"]
    assert own.pk in offered(form, "site")
    assert ours.pk in offered(form, "department")
    assert foreign.pk not in offered(form, "site")
    assert theirs.pk not in offered(form, "department")
    assert offered(page("desk").get("/data/contacts/new/").context["form"], "site") == set()
    followed = page("desk").get(f"/data/contacts/new/?customer={demo_b.pk}").context["form"]
    assert foreign.pk in offered(followed, "site")
    assert own.pk not in offered(followed, "site")
    assert foreign.pk in offered(page("desk").get(f"/data/contacts/{known.pk}/?customer={demo_b.pk}").context["form"], "site")


def test_a_contact_is_made_with_the_places_of_his_customer(page: Any) -> None:
    (own, ours), demo_a = place("demo-a"), Customer.objects.get(code="demo-a")
    given = {"customer": demo_a.pk, "name": "钱多多", "site": own.pk, "department": ours.pk, "active": "on"}
    assert page("desk").post("/data/contacts/new/", given).status_code == 302
    made = Contact.objects.get(name="钱多多")
    assert (made.site, made.department) == (own, ours)


def test_a_form_that_comes_back_keeps_the_places(page: Any) -> None:
    own, ours = place("demo-a")
    demo_a = Customer.objects.get(code="demo-a")
    known = Contact.objects.create(customer=demo_a, name="钱多多", site=own, department=ours, sort_key="qian")
    address, client = f"/data/contacts/{known.pk}/", page("desk")
    sent = {"customer": demo_a.pk, "name": known.name, "site": own.pk, "department": ours.pk, "active": "on"}
    sent["seen"] = client.get(address).context["seen"]
    wrong = client.post(address, {**sent, "email": "xx"})
    Contact.objects.filter(pk=known.pk).update(title="会计")
    clash = client.post(address, {**sent, "title": "出纳"})
    assert (wrong.status_code, clash.status_code) == (422, 409)
    for shown, fields in ((wrong, {"email"}), (clash, {"__all__"})):
        form = shown.context["form"]
        assert set(form.errors) == fields
        assert (own.pk in offered(form, "site"), ours.pk in offered(form, "department")) == (True, True)
        assert (form["site"].value(), form["department"].value()) == (str(own.pk), str(ours.pk))
    again = {**sent, "title": "出纳", "keep-title": "mine", "seen": clash.context["seen"]}
    assert client.post(address, again).status_code == 302
    known.refresh_from_db()
    assert (known.title, known.site, known.department) == ("出纳", own, ours)


def test_each_wrong_place_is_told_beside_itself(page: Any, api: Any) -> None:
    foreign, theirs = place("demo-b")
    demo_a = Customer.objects.get(code="demo-a")
    given = {"customer": demo_a.pk, "name": "钱多多", "site": foreign.pk, "department": theirs.pk, "active": "on"}
    shown = page("desk").post("/data/contacts/new/", given)
    assert shown.status_code == 422
    errors = shown.context["form"].errors
    assert set(errors) == {"site", "department"}
    assert "不属于所选客户" in str(errors["site"])
    assert foreign.name not in str(errors)
    body = {"customer": "demo-a", "name": "钱多多", "site": foreign.pk, "department": theirs.pk}
    answer = api("desk").post("/contacts", body)
    assert answer.status == 422
    assert set(answer["errors"]) == {"site", "department"}


def test_a_contact_that_moves_leaves_his_places_behind(api: Any) -> None:
    site, department = place("demo-a")
    contact = Contact.objects.create(
        customer=Customer.objects.get(code="demo-a"), name="钱多多", site=site, department=department, sort_key="qian"
    )
    answer = api("desk").patch(f"/contacts/{contact.pk}", {"customer": "demo-b"})
    assert answer.status == 422
    assert set(answer["errors"]) == {"site", "department"}
    moved = {"customer": "demo-b", "site": None, "department": None}
    assert api("desk").patch(f"/contacts/{contact.pk}", moved).status == 200


def test_a_batch_offers_what_fits_the_chosen_contacts(page: Any) -> None:
    (own, _ours), (foreign, _theirs) = place("demo-a"), place("demo-b")
    ids = list(Contact.objects.filter(customer__code="demo-a").values_list("pk", flat=True)[:2])
    shown = page("desk").post("/data/contacts/batch/", {"id": ids, "field": "site"}).content.decode()
    assert f'value="{own.pk}"' in shown
    assert f'value="{foreign.pk}"' not in shown


def test_who_may_not_bind_neither_sees_nor_sends_the_account(page: Any, api: Any) -> None:
    contact = Contact.objects.get(user__username="requester1")
    assert "user" not in page("desk").get(f"/data/contacts/{contact.pk}/").context["form"].fields
    assert "user" in page("admin").get(f"/data/contacts/{contact.pk}/").context["form"].fields
    assert "user" not in api("desk").get(f"/contacts/{contact.pk}").body
    assert api("admin").get(f"/contacts/{contact.pk}")["user"] == "requester1"
    assert api("desk").patch(f"/contacts/{contact.pk}", {"user": None}).status == 403
    assert api("desk").post("/contacts", {"customer": "demo-a", "name": "新人", "user": "engineer3"}).status == 403
    given = {"customer": contact.customer_id, "name": contact.name, "active": "on"}
    assert page("desk").post(f"/data/contacts/{contact.pk}/", {**given, "user": ""}).status_code == 403
    assert page("desk").post(f"/data/contacts/{contact.pk}/", given).status_code == 302
    contact.refresh_from_db()
    assert contact.user is not None
