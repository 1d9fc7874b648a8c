"""One gate: who sees a row, who may do what with it, and which fields stay hidden."""

from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from yizhan.kernel.actor import Actor, Permission
from yizhan.kernel.errors import Forbidden, NotFound

M = TypeVar("M", bound=Model)


class Policy(Generic[M]):
    """Everything that decides about one model. Subclasses state the rule; callers never do."""

    model: type[M]

    def scope(self, actor: Actor, permission: Permission) -> QuerySet[M]:
        """The rows for which the actor holds the permission."""
        raise NotImplementedError

    def allows(self, actor: Actor, permission: Permission, record: M | None = None) -> bool:
        """Whether the actor may do this with the record (or at all, without one)."""
        raise NotImplementedError

    def hidden_fields(self, actor: Actor) -> frozenset[str]:
        return frozenset()

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


class CustomerPolicy(Policy[M]):
    """Rows of a customer: seen and changed by those who hold the permission for that customer."""

    view: Permission
    change: Permission
    customer_path = "customer_id"

    def __init__(self, model: type[M], *, view: Permission, change: Permission, path: str = "customer_id") -> None:
        self.model, self.view, self.change, self.customer_path = model, view, change, path

    def scope(self, actor: Actor, permission: Permission) -> QuerySet[M]:
        rows = self.model._default_manager.all()
        customers = actor.customers_with(permission)
        return rows if customers is None else rows.filter(**{f"{self.customer_path}__in": customers})

    def allows(self, actor: Actor, permission: Permission, record: M | None = None) -> bool:
        return actor.holds(permission, None if record is None else getattr(record, self.customer_path))


class GlobalPolicy(Policy[M]):
    """Rows of the provider itself: seen and changed by whoever holds the permission anywhere."""

    def __init__(self, model: type[M], *, view: Permission, change: Permission) -> None:
        self.model, self.view, self.change = model, view, change

    def scope(self, actor: Actor, permission: Permission) -> QuerySet[M]:
        rows = self.model._default_manager.all()
        return rows if actor.holds(permission) else rows.none()

    def allows(self, actor: Actor, permission: Permission, record: M | None = None) -> bool:
        return actor.holds(permission)
