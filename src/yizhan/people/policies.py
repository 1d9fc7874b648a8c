"""Who sees and changes customers, their places and people, and the provider's staff."""

from collections.abc import Mapping

from django.db.models import Q, QuerySet

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor, Permission, bundle
from yizhan.kernel.policy import CustomerPolicy, GlobalPolicy, Policy, decides
from yizhan.people.models import Assignment, Contact, Customer, Department, Duty, Role, Site, Skill, Team, User
from yizhan.people.models.customers import masked


class PeoplePermission(Permission):
    VIEW_PLACES = "people.view_places"
    CHANGE_CUSTOMERS = "people.change_customers"
    CHANGE_PLACES = "people.change_places"
    VIEW_CONTACTS = "people.view_contacts"
    CHANGE_CONTACTS = "people.change_contacts"
    VIEW_PHONES = "people.view_phones"
    VIEW_STAFF = "people.view_staff"
    CHANGE_STAFF = "people.change_staff"
    CHANGE_SETTINGS = "people.change_settings"
    CHANGE_ROSTER = "people.change_roster"
    VIEW_AUDIT = "people.view_audit"


P = PeoplePermission
READ = {P.VIEW_PLACES, P.VIEW_CONTACTS, P.VIEW_STAFF}
bundle(Role.REQUESTER, {P.VIEW_PLACES})
bundle(Role.CUSTOMER_CONTACT, {P.VIEW_PLACES, P.VIEW_CONTACTS, P.VIEW_PHONES})
bundle(Role.TECHNICIAN, {*READ, P.VIEW_PHONES})
bundle(Role.DESK, {*READ, P.VIEW_PHONES, P.CHANGE_CONTACTS, P.CHANGE_PLACES})
bundle(Role.GROUP_LEAD, {*READ, P.VIEW_PHONES, P.CHANGE_ROSTER})
bundle(Role.SERVICE_MANAGER, {*READ, P.VIEW_PHONES, P.CHANGE_CONTACTS, P.CHANGE_PLACES, P.CHANGE_CUSTOMERS, P.CHANGE_ROSTER})
bundle(Role.SUPERVISOR, READ)
bundle(Role.ASSET_ADMIN, READ)
bundle(Role.AUDITOR, {*READ, P.VIEW_AUDIT})
bundle(
    Role.ADMINISTRATOR,
    {
        *READ,
        P.VIEW_PHONES,
        P.CHANGE_CUSTOMERS,
        P.CHANGE_PLACES,
        P.CHANGE_CONTACTS,
        P.CHANGE_STAFF,
        P.CHANGE_SETTINGS,
        P.CHANGE_ROSTER,
    },
)


class ContactPolicy(CustomerPolicy[Contact]):
    guarded: Mapping[str, Permission] = {"phone": P.VIEW_PHONES, "email": P.VIEW_PHONES, "user": P.CHANGE_STAFF}

    def shows_numbers(self, actor: Actor, customer_id: int | None) -> bool:
        """Whether he sees the numbers of this customer's people whole: on every screen, paper, link and file, or on none."""
        return "phone" not in self.hidden_fields(actor, customer_id)

    def may_bind(self, actor: Actor, customer_id: int, account: User) -> bool:
        """Whether he may say that this account speaks as a contact of this customer, or that it does no more.

        That is for who may change staff, here and this account; and nobody says it of himself.
        """
        if actor.is_system:
            return True
        here = actor.holds(P.CHANGE_STAFF, customer_id) and users.allows(actor, P.CHANGE_STAFF, account)
        return here and account.pk != actor.user_id


class CustomersPolicy(CustomerPolicy[Customer]):
    """Customers themselves: a new one belongs to whoever serves all of them."""

    def customer_of(self, record: Customer) -> int | None:
        return record.pk


class UserPolicy(Policy[User]):
    """Staff see staff, and the accounts of the customers that they serve.

    Our own accounts are the firm's. A customer's people are changed by who may for that customer, unless they
    hold a role beyond it, now or later: nobody resets who holds more than he does.
    """

    model = User
    customer_path = "contact__customer_id"
    guarded: Mapping[str, Permission] = {"phone": P.VIEW_PHONES, "email": P.VIEW_PHONES}

    def scope(self, actor: Actor, permission: Permission) -> QuerySet[User]:
        customers = actor.customers_with(permission)
        if customers is None:
            return User.objects.all()
        return User.objects.filter(Q(contact=None) | Q(contact__customer__in=customers)) if customers else User.objects.none()

    def allows(self, actor: Actor, permission: Permission, record: User | None = None) -> bool:
        if permission != P.CHANGE_STAFF:
            return actor.holds(permission)
        mine = actor.customers_with(permission)
        if mine is None or record is None or record.pk is None:
            return mine is None
        held = Assignment.objects.filter(user=record).exclude(valid_until__lt=clock.today())
        return self.customer_of(record) in mine and not held.exclude(customer__in=mine).exists()

    def hidden_fields(self, actor: Actor, customer_id: int | None) -> frozenset[str]:
        if customer_id is None and self.sees_colleagues_numbers(actor):
            return frozenset()
        return frozenset(self.guarded) if customer_id is None else super().hidden_fields(actor, customer_id)

    def where_shown(self, actor: Actor, name: str) -> Q:
        shown = super().where_shown(actor, name)
        return shown | Q(contact=None) if shown and self.sees_colleagues_numbers(actor) else shown

    def sees_colleagues_numbers(self, actor: Actor) -> bool:
        """Whether he is a colleague himself who may see numbers; to see them as somebody's customer is not enough."""
        here, numbers = actor.customers_with(P.VIEW_STAFF), actor.customers_with(P.VIEW_PHONES)
        if here is None or numbers is None:
            return bool(here is None or here) and bool(numbers is None or numbers)
        return bool(here & numbers)


def number_for(actor: Actor, customer_id: int | None, number: str) -> str:
    """A telephone number as this actor sees it on any screen, sheet or card: whole where entitled, else masked."""
    return number if contacts.shows_numbers(actor, customer_id) else masked(number)


customers = CustomersPolicy(Customer, view=P.VIEW_PLACES, change=P.CHANGE_CUSTOMERS, path="id")
sites = CustomerPolicy(Site, view=P.VIEW_PLACES, change=P.CHANGE_PLACES)
departments = CustomerPolicy(Department, view=P.VIEW_PLACES, change=P.CHANGE_PLACES)
contacts = ContactPolicy(Contact, view=P.VIEW_CONTACTS, change=P.CHANGE_CONTACTS)
users = UserPolicy()
teams = GlobalPolicy(Team, view=P.VIEW_STAFF, change=P.CHANGE_STAFF)
skills = GlobalPolicy(Skill, view=P.VIEW_STAFF, change=P.CHANGE_STAFF)
duties = GlobalPolicy(Duty, view=P.VIEW_STAFF, change=P.CHANGE_ROSTER)
assignments = CustomerPolicy(Assignment, view=P.CHANGE_STAFF, change=P.CHANGE_STAFF)
for _policy in (customers, sites, departments, contacts):
    _policy.internal = P.VIEW_STAFF
decides(customers, sites, departments, contacts, users, teams, skills, duties, assignments)
