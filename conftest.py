"""The demonstration's people in every test database, and short ways to act as them."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tables by the real migrations, then the fixed people of the demonstration, once per database."""
    from datetime import timedelta

    from yizhan.kernel import clock, partitions
    from yizhan.site.cli.django_setup import migrate
    from yizhan.site.config import DEMO_PASSWORD
    from yizhan.site.demo.people import make_people

    with django_db_blocker.unblock():
        migrate()
        partitions.ensure_partitions(clock.now() - timedelta(days=120))
        make_people(DEMO_PASSWORD)


@pytest.fixture
def actors(db: None) -> Callable[[str], Any]:
    """`actors("desk")`: the person as an actor, built anew."""
    from yizhan.people.access import actor_for
    from yizhan.people.models import User

    return lambda name: actor_for(User.objects.get(username=name), channel="api", address="192.0.2.1")


@pytest.fixture
def world(db: None, actors: Callable[[str], Any]) -> Any:
    """Short ways to a ticket in any condition."""
    from yizhan.tickets.tests.world import World

    return World(actors)


@pytest.fixture
def api(db: None) -> Any:
    """REST as a person: `api("desk").post("/tickets", {...})`."""
    from yizhan.kernel.testing.api import ApiClient

    return ApiClient


@pytest.fixture
def page(db: None, client: Any) -> Callable[[str], Any]:
    """The browser's side as a person, without a browser: `page("desk").get("/")`."""
    from yizhan.people.models import User

    def sign_in(name: str) -> Any:
        client.force_login(User.objects.get(username=name), backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
