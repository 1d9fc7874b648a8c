"""One gate: who sees a row, who may do what with it, and which fields stay hidden."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from yizhan.kernel.actor import Actor, Permission
from yizhan.kernel.errors import Forbidden, NotFound

M = TypeVar("M", bound=Model)


class Policy(Generic[M]):
    """Everything that decides about one model. Subclasses state the rule; callers never do.

    `guarded` names the fields that show only where a further permission is held for the record's customer;
    `customer_path` leads to that customer (without one the rows belong to the firm). Who holds `internal` for the
    customer is one of ours there, and sees what an installation asks for besides and does not show to customers.
    """

    model: type[M]
    customer_path = ""
    guarded: Mapping[str, Permission] = {}
    internal: Permission | None = None

    def scope(self, actor: Actor, permission: Permission) -> QuerySet[M]:
        """The rows for which the actor holds the permission."""
        raise NotImplementedError

    def allows(self, actor: Actor, permission: Permission, record: M | None = None) -> bool:
        """Whether the actor may do this with the record (or at all, without one)."""
        raise NotImplementedError

    def customer_of(self, record: M) -> int | None:
        """Whose record this is; None: the firm's."""
        value: Any = record
        for name in self.customer_path.split("__") if self.customer_path else ():
            value = getattr(value, name, None)
        return value if isinstance(value, int) else None

    def hidden_fields(self, actor: Actor, customer_id: int | None) -> frozenset[str]:
        """What this actor does not see on the records of this customer (None: on the firm's own)."""
        return frozenset(name for name, needed in self.guarded.items() if not actor.holds(needed, customer_id))

    def hidden_of(self, actor: Actor, record: M) -> frozenset[str]:
        return self.hidden_fields(actor, self.customer_of(record)) if self.guarded else frozenset()

    def hidden_everywhere(self, actor: Actor) -> frozenset[str]:
        """What he sees on no record at all: a list offers no such column."""
        return frozenset(name for name, needed in self.guarded.items() if not actor.holds(needed))

    def where_shown(self, actor: Actor, name: str) -> Q:
        """The rows whose `name` he sees: nothing is found, filtered or ordered by a field that is hidden."""
        needed = self.guarded.get(name)
        customers = actor.customers_with(needed) if needed else None
        return Q() if customers is None else Q(**{f"{self.customer_path}__in": customers})

    def shows_internal(self, actor: Actor, record: M | None) -> bool:
        """Whether the custom fields that customers do not see are his to see, on this record (or on any)."""
        return self.internal is None or actor.holds(self.internal, None if record is None else self.customer_of(record))

    def where_custom(self, actor: Actor, public: bool) -> Q:
        """The rows on which a custom field shows, so that nothing is found by it where it does not."""
        customers = None if public or self.internal is None else actor.customers_with(self.internal)
        return Q() if customers is None else Q(**{f"{self.customer_path}__in": customers})

    def belonging(self, customers: frozenset[int]) -> QuerySet[M]:
        """The rows of these customers; of the firm's own none."""
        rows = self.model._default_manager.all()
        return rows.filter(**{f"{self.customer_path}__in": customers}) if self.customer_path else rows.none()

    def require(self, actor: Actor, permission: Permission, record: M | None = None) -> None:
        if not self.allows(actor, permission, record):
            raise Forbidden

    def find(self, actor: Actor, permission: Permission, **lookup: Any) -> M:
        """One row in scope.

        Raises:
            NotFound: when there is none, or it is not the actor's to see.
        """
        record = self.scope(actor, permission).filter(**lookup).first()
        if record is None:
            raise NotFound
        return record


_policies: dict[type[Model], Policy[Any]] = {}


def decides(*policies: Policy[Any]) -> None:
    """Said by every app of its policies, so that each model's is found by what only knows the model."""
    _policies.update({policy.model: policy for policy in policies})


def all_policies() -> list[Policy[Any]]:
    return list(_policies.values())


class CustomerPolicy(Policy[M]):
    """Rows of a customer: seen and changed by those who hold the permission for that customer.

    A row without a customer is the firm's: changed by who holds the permission for all of them, and with
    `shared` read by everybody who reads the like of any customer.
    """

    view: Permission
    change: Permission
    shared = False

    def __init__(
        self, model: type[M], *, view: Permission, change: Permission, path: str = "customer_id", shared: bool = False
    ) -> None:
        self.model, self.view, self.change, self.customer_path, self.shared = model, view, change, path, shared

    def scope(self, actor: Actor, permission: Permission) -> QuerySet[M]:
        rows = self.model._default_manager.all()
        customers = actor.customers_with(permission)
        if customers is None:
            return rows
        own = Q(**{f"{self.customer_path}__in": customers})
        if self.shared and customers and permission == self.view:
            own |= Q(**{f"{self.customer_path}__isnull": True})
        return rows.filter(own)

    def allows(self, actor: Actor, permission: Permission, record: M | None = None) -> bool:
        return actor.holds(permission) if record is None else actor.holds_throughout(permission, self.customer_of(record))


class GlobalPolicy(Policy[M]):
    """Rows of the provider itself: seen by whoever holds the permission anywhere, changed by who holds it for all."""

    def __init__(self, model: type[M], *, view: Permission, change: Permission) -> None:
        self.model, self.view, self.change = model, view, change

    def scope(self, actor: Actor, permission: Permission) -> QuerySet[M]:
        rows = self.model._default_manager.all()
        return rows if self.allows(actor, permission) else rows.none()

    def allows(self, actor: Actor, permission: Permission, record: M | None = None) -> bool:
        return actor.holds_throughout(permission, None) if permission == self.change else actor.holds(permission)
