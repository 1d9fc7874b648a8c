"""The demonstration's people in every test database, and short ways to act as them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.scheduling import ByHouse

    return ByHouse(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    from tests.scheduling import turn_of

    items.sort(key=lambda item: turn_of(item.nodeid))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Test databases are made and taken down by the owner."""
    become("owner")


def become(which: str) -> None:
    from django.conf import settings
    from django.db import connections
    from psycopg.conninfo import conninfo_to_dict

    url = settings.YIZHAN.database_owner_url if which == "owner" else settings.YIZHAN.database_url
    parts = conninfo_to_dict(url)
    connections["default"].close()
    connections["default"].settings_dict.update(USER=parts["user"], PASSWORD=parts["password"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tables by the real migrations, then the fixed people of the demonstration, once per database."""
    from datetime import timedelta

    from yizhan.kernel import clock, partitions
    from yizhan.site.cli.django_setup import migrate
    from yizhan.site.config import DEMO_PASSWORD
    from yizhan.site.demo.people import make_people

    with django_db_blocker.unblock():
        migrate()
        partitions.ensure_partitions(clock.now() - timedelta(days=120))
        become("daily")
        make_people(DEMO_PASSWORD)
    yield
    with django_db_blocker.unblock():
        become("owner")


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A copy of the test database in which every transaction commits; the owner's address of it.

    For what a test's own transaction would hide: locks, several connections, what a rollback leaves.
    """
    import psycopg
    from django.conf import settings
    from django.db import connections
    from psycopg.conninfo import make_conninfo

    usual = connections["default"]
    name = f"{usual.settings_dict['NAME']}_committed"
    with django_db_blocker.unblock():
        usual.close()
        with psycopg.connect(settings.YIZHAN.database_owner_url, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{usual.settings_dict["NAME"]}"')
        own = settings.DATABASES["default"]["NAME"]
        connections["default"].settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
        yield make_conninfo(settings.YIZHAN.database_owner_url, dbname=name)
        connections.close_all()
        connections["default"].settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = own
        with psycopg.connect(settings.YIZHAN.database_owner_url, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def people(committed: str, tmp_path: Any, settings: Any) -> Callable[[str], Any]:
    """Actors by name where everything commits; what is kept outside the database is kept for this test only."""
    from dataclasses import replace

    from yizhan.people.access import actor_for
    from yizhan.people.models import User

    settings.YIZHAN = replace(settings.YIZHAN, data_dir=tmp_path)
    return lambda name: actor_for(User.objects.get(username=name), channel="api", address="192.0.2.1")


@pytest.fixture
def tickets(people: Callable[[str], Any]) -> Any:
    """Short ways to a ticket in any condition, committed."""
    from yizhan.tickets.tests.world import World

    return World(people)


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
