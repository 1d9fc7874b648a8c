"""Who acts: a person, the system on somebody's behalf, or nobody yet."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from yizhan.kernel.errors import Forbidden


class Permission(StrEnum):
    """Base of every app's enum of permissions. Values read `<app>.<verb>`."""


@dataclass(frozen=True)
class Grant:
    """One role held now: for one customer, or for all when `customer_id` is None."""

    role: str
    customer_id: int | None


_bundles: dict[str, set[str]] = defaultdict(set)


def bundle(role: str, permissions: Iterable[Permission]) -> None:
    """Add an app's permissions to a role. Roles are fixed bundles, so this runs at import only."""
    _bundles[role].update(permissions)


def permissions_of(role: str) -> frozenset[str]:
    return frozenset(_bundles[role])


@dataclass(frozen=True)
class Actor:
    """Built once per request, message or job.

    `customers_with` returns None for “every customer”. A system actor (mail, nightly
    job) holds every permission of the commands that it may reach and is told by its `label`.
    """

    label: str
    user_id: int | None = None
    username: str = ""
    name: str = ""
    contact_id: int | None = None
    home_customer_id: int | None = None
    grants: tuple[Grant, ...] = ()
    team_ids: frozenset[int] = frozenset()
    tier: int = 0
    channel: str = ""
    address: str = ""
    request_id: str = ""
    language: str = "zh-hans"
    is_system: bool = False

    @cached_property
    def _scopes(self) -> dict[str, frozenset[int] | None]:
        scopes: dict[str, frozenset[int] | None] = {}
        for grant in self.grants:
            for permission in permissions_of(grant.role):
                held = scopes.get(permission, frozenset())
                if grant.customer_id is None or held is None:
                    scopes[permission] = None
                else:
                    scopes[permission] = held | {grant.customer_id}
        return scopes

    def customers_with(self, permission: str) -> frozenset[int] | None:
        """The customers for which the actor holds a permission; None means all of them."""
        if self.is_system:
            return None
        return self._scopes.get(permission, frozenset())

    def holds(self, permission: str, customer_id: int | None = None) -> bool:
        """Whether the permission is held for this customer (or, without one, for any)."""
        customers = self.customers_with(permission)
        if customers is None:
            return True
        return bool(customers) if customer_id is None else customer_id in customers

    def holds_throughout(self, permission: str, customer_id: int | None) -> bool:
        """Whether it is held for this customer; None: for all of them, as what belongs to the whole firm needs."""
        customers = self.customers_with(permission)
        return customers is None or customer_id in customers

    def has_role(self, role: str, customer_id: int | None = None) -> bool:
        return any(
            g.role == role and (customer_id is None or g.customer_id is None or g.customer_id == customer_id) for g in self.grants
        )

    @property
    def person(self) -> int:
        """The acting person's id; what only a person does, the program may not.

        Raises:
            Forbidden: the actor is the system or nobody.
        """
        if self.user_id is None:
            raise Forbidden
        return self.user_id


def system_actor(label: str, *, channel: str = "") -> Actor:
    """The program itself, under a name that the audit can show."""
    return Actor(label=f"system:{label}", name=label, channel=channel, is_system=True)


NOBODY = Actor(label="nobody")
