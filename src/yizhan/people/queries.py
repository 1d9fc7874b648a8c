"""Reads about people: engineers, contacts by what a caller says, the roster."""

from collections.abc import Sequence
from datetime import date

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Case, Q, QuerySet, Value, When

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.casing import begins_in_any_case, in_any_case
from yizhan.kernel.search import query_tokens
from yizhan.kernel.search.tokens import initials_pattern, is_cjk, spelled_pattern
from yizhan.people import policies
from yizhan.people.models import Assignment, Contact, Duty, Invitation, Role, Team, User
from yizhan.people.policies import PeoplePermission

LONGEST_CALL = 120


def account_named(name: str) -> User | None:
    """The account that signs in by this name, in whatever case it is typed."""
    return User.objects.filter(in_any_case("username", name)).first()


def current_assignments(day: date) -> QuerySet[Assignment]:
    return Assignment.objects.filter(Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_until=None) | Q(valid_until__gte=day))


def roles_of(user: User) -> QuerySet[Assignment]:
    """What somebody is to whom, today."""
    return current_assignments(clock.today()).filter(user=user).select_related("customer").order_by("role", "customer__sort_key")


def staff_with_role(role: Role, customer_id: int | None) -> QuerySet[User]:
    """Active people who hold a role for this customer today."""
    held = current_assignments(clock.today()).filter(role=role)
    if customer_id is not None:
        held = held.filter(Q(customer=None) | Q(customer_id=customer_id))
    return User.objects.filter(is_active=True, pk__in=held.values("user_id")).order_by("sort_key", "pk")


def yet_to_join(rows: QuerySet[User]) -> QuerySet[User]:
    """Those of them who were invited and have not set a password: what is given to them, nobody would see."""
    invited = Invitation.objects.values("user_id")
    return rows.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX, pk__in=invited)


def technicians(customer_id: int | None) -> QuerySet[User]:
    """Engineers of this customer today (None: of any) who have come in."""
    held = staff_with_role(Role.TECHNICIAN, customer_id)
    return held.exclude(pk__in=yet_to_join(User.objects.all()).values("pk"))


def is_still_invited(user: User, customer_id: int) -> bool:
    """Whether he will be an engineer of this customer as soon as he has joined."""
    return yet_to_join(staff_with_role(Role.TECHNICIAN, customer_id)).filter(pk=user.pk).exists()


def is_technician(user: User, customer_id: int) -> bool:
    return technicians(customer_id).filter(pk=user.pk).exists()


def contacts_matching(actor: Actor, text: str) -> QuerySet[Contact]:
    """Active contacts whose number ends so, or whose name, pinyin or initials begin so; nearest first."""
    rows = policies.contacts.scope(actor, PeoplePermission.VIEW_CONTACTS).filter(active=True)
    words, order = text[:LONGEST_CALL].split()[:4], ["sort_key", "pk"]
    latin = [word for word in words if word.isascii() and word.isalpha()]
    if latin:  # zq: 张倩 before 曾庆华; zhangqian: 张倩 before 张倩倩
        exact = (f"{pattern}$" for pattern in (initials_pattern(latin[0]), spelled_pattern("".join(latin))))
        whole = When(Q(*(("sort_key__iregex", pattern) for pattern in exact), _connector=Q.OR), then=Value(0))
        rows, order = rows.annotate(near=Case(whole, default=Value(1))), ["near", *order]
    numbers, addresses = (policies.contacts.where_shown(actor, name) for name in ("phone", "email"))
    for word in words:
        condition = (Q(phone__endswith=word) | Q(phone__startswith=word)) & numbers if word.isdigit() else Q(name__contains=word)
        if word.isascii() and word.isalpha():
            condition |= Q(sort_key__iregex=initials_pattern(word)) | Q(sort_key__iregex=spelled_pattern(word, word == latin[0]))
        if query_tokens(word) and is_cjk(word):
            condition |= Q(department__name__contains=word) | Q(site__name__contains=word) | Q(customer__name__contains=word)
        condition |= begins_in_any_case("email", word) & addresses
        rows = rows.filter(condition)
    return rows.select_related("customer", "site", "department").order_by(*order)


def contact_by_address(customer_id: int, address: str) -> Contact | None:
    rows = Contact.objects.filter(customer_id=customer_id, active=True).filter(in_any_case("email", address))
    return rows.select_related("user", "site", "department").order_by("pk").first()


def is_ours(address: str) -> bool:
    """Whether an address is that of one of our own people, who is nobody's contact."""
    return User.objects.filter(in_any_case("email", address), is_active=True, contact=None).exists()


def staff_serving(customer_id: int) -> QuerySet[User]:
    """Active colleagues who have to do with a customer today: nobody else hears of its tickets."""
    held = current_assignments(clock.today()).exclude(role__in=[Role.REQUESTER, Role.CUSTOMER_CONTACT])
    serving = held.filter(Q(customer=None) | Q(customer_id=customer_id)).values("user_id")
    return User.objects.filter(is_active=True, pk__in=serving).order_by("pk")


def staff_users(customer_id: int, names: Sequence[str]) -> QuerySet[User]:
    """Those of them with these user names or display names."""
    return staff_serving(customer_id).filter(Q(username__in=names) | Q(display_name__in=names))


def team_engineers(team_id: int, customer_id: int) -> QuerySet[User]:
    """The team's members who are engineers of this customer today: its tickets are offered to them only."""
    return technicians(customer_id).filter(teams=team_id)


def teams_serving(customer_id: int | None) -> QuerySet[Team]:
    """Active teams with at least one engineer of this customer (None: of any)."""
    return (
        Team.objects.filter(active=True, members__in=technicians(customer_id).order_by().values("pk")).distinct().order_by("code")
    )


def duties_now(ids: Sequence[int]) -> dict[int, Duty]:
    """What the roster says of these people at this moment; leave outweighs being on call, that a shift."""
    now, rank = clock.now(), {Duty.Kind.SHIFT: 0, Duty.Kind.ON_CALL: 1, Duty.Kind.LEAVE: 2}
    rows = Duty.objects.filter(user__in=ids, begins__lte=now, ends__gt=now).select_related("substitute")
    return {duty.user_id: duty for duty in sorted(rows, key=lambda duty: rank[Duty.Kind(duty.kind)])}
