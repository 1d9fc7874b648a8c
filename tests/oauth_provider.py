"""A real OAuth 2.0 provider (django-oauth-toolkit) in a process of its own, as Microsoft's or Google's stands elsewhere.

`python -m tests.oauth_provider PORT FOLDER` serves it; `OAuthProvider` starts, asks and stops that process.
It signs people in, asks for their consent, rotates refresh tokens at every use, and answers Dovecot's introspection.
"""

import os
import sqlite3
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLIENT, SECRET = "yizhan-client", "client-secret-of-the-test"
SERVER, SERVER_SECRET = "dovecot", "introspection-secret"
PERSON_PASSWORD = "person-at-the-provider"
LOGIN = "<form method=post>{% csrf_token %}{{ form }}<button>Log in</button></form>"
LIFE = 75  # seconds; a client that renews a minute early does so every fifteen


@dataclass
class OAuthProvider:
    """The provider's process, with its database in `place`."""

    place: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self, address: str, return_address: str) -> None:
        """Serve, with one account named `address` and one registered client."""
        self.place.mkdir(parents=True, exist_ok=True)
        with (self.place / "provider.log").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.oauth_provider", str(self.port), str(self.place), address, return_address],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, "DJANGO_SETTINGS_MODULE": "", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )  # fmt: skip

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sql(self, statement: str) -> int:
        """Change the provider's own data, as its administrator would; how many rows."""
        end = time.monotonic() + 10
        while True:
            try:
                with sqlite3.connect(self.place / "provider.sqlite3", timeout=10) as data:
                    return data.execute(statement).rowcount
            except sqlite3.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)


def introspection_url(port: int) -> str:
    """For Dovecot, with its own credentials."""
    return f"http://{SERVER}:{urllib.parse.quote(SERVER_SECRET)}@127.0.0.1:{port}/o/introspect/"


def main(port: str, place: str, address: str, return_address: str) -> None:
    """Configure a small project around the toolkit, fill it, and serve it."""
    from django.conf import settings

    settings.configure(
        DEBUG=False, SECRET_KEY="of the provider in the test", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True,
        SESSION_COOKIE_NAME="provider_session", CSRF_COOKIE_NAME="provider_csrf", LOGIN_URL="/login/",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{place}/provider.sqlite3"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", STATIC_URL="/static/",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
                    "django.contrib.auth.middleware.AuthenticationMiddleware"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"],
            "loaders": [("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN}),
                        "django.template.loaders.app_directories.Loader"]}}],
        OAUTH2_PROVIDER={"SCOPES": {"mail": "Read and send mail"}, "DEFAULT_SCOPES": ["mail"], "PKCE_REQUIRED": True,
                         "ACCESS_TOKEN_EXPIRE_SECONDS": LIFE, "ROTATE_REFRESH_TOKEN": True},
    )  # fmt: skip
    settings.TEMPLATES[0]["APP_DIRS"] = False
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    person = User.objects.create_user(address, password=PERSON_PASSWORD)
    kinds: dict[str, Any] = {"client_type": Application.CLIENT_CONFIDENTIAL, "user": person}
    Application.objects.create(
        name="Yizhan", client_id=CLIENT, client_secret=SECRET, redirect_uris=return_address,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE, **kinds,
    )  # fmt: skip
    Application.objects.create(
        name="Dovecot", client_id=SERVER, client_secret=SERVER_SECRET,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS, **kinds,
    )  # fmt: skip
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False)


def __getattr__(name: str) -> Any:
    """Django reads `urlpatterns` from here, after it has been set up."""
    if name != "urlpatterns":
        raise AttributeError(name)
    from django.contrib.auth.views import LoginView
    from django.urls import include, path

    return [path("login/", LoginView.as_view()), path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]


if __name__ == "__main__":
    main(*sys.argv[1:])
