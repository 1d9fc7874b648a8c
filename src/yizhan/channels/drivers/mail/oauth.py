"""Opening a mailbox without a password: OAuth 2.0's authorization code with PKCE (RFC 6749, 7636), then XOAUTH2."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from django.db import connections
from django.utils.translation import gettext as _
from requests import RequestException
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from yizhan.channels.models import Mailbox, MailGrant
from yizhan.kernel import clock, reaching
from yizhan.kernel.commands import outside_commands
from yizhan.kernel.errors import PermanentFailure, TemporaryFailure
from yizhan.kernel.sealing import seal, unseal

SECONDS = 20
GOOGLE = "accounts.google.com"
EARLY = timedelta(seconds=60)
USUAL_LIFE = 3600
LOCKED = """
SELECT sealed_access_token, expires_at, sealed_refresh_token FROM channels_mailgrant WHERE id = %s FOR UPDATE
"""
KEEP = """
UPDATE channels_mailgrant SET sealed_access_token = %s, expires_at = %s, sealed_refresh_token = %s WHERE id = %s
"""
FORGET = "UPDATE channels_mailgrant SET expires_at = NULL WHERE id = %s"


@dataclass(frozen=True)
class SignIn:
    """One sign-in under way: where the administrator goes, and what must come back with him."""

    url: str
    state: str
    verifier: str


class Reaching(HTTPSConnection):
    """Connects where it may only."""

    def _new_conn(self) -> socket.socket:
        return reaching.connect(self._dns_host, self.port or 443, SECONDS)


class ReachingPlainly(HTTPConnection):
    """The same without TLS, which `is_safe` lets happen on this machine only."""

    def _new_conn(self) -> socket.socket:
        return reaching.connect(self._dns_host, self.port or 80, SECONDS)


class SecurePool(HTTPSConnectionPool):
    ConnectionCls = Reaching


class PlainPool(HTTPConnectionPool):
    ConnectionCls = ReachingPlainly


class Adapter(HTTPAdapter):
    """What `requests` sends goes through our own connections."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


def session_of(grant: MailGrant, redirect_uri: str = "") -> OAuth2Session:
    secret = unseal(grant.sealed_client_secret)
    session = OAuth2Session(
        grant.client_id, secret or None, scope=grant.scope or None, redirect_uri=redirect_uri or None,
        token_endpoint_auth_method="client_secret_post" if secret else "none", code_challenge_method="S256", default_timeout=SECONDS,
    )  # fmt: skip
    for scheme in ("https://", "http://"):
        session.mount(scheme, Adapter())
    return session


def begin_sign_in(grant: MailGrant, redirect_uri: str) -> SignIn:
    """The provider's page, asking for a grant that outlives the browser's visit."""
    verifier = generate_token(64)
    # Google gives a refresh token only when asked in its own words; others ignore them.
    more = {"access_type": "offline", "prompt": "consent"} if urlsplit(grant.authorize_url).hostname == GOOGLE else {}
    url, state = session_of(grant, redirect_uri).create_authorization_url(
        grant.authorize_url, code_verifier=verifier, login_hint=grant.mailbox.address, **more
    )
    return SignIn(url, state, verifier)


def finish_sign_in(grant: MailGrant, redirect_uri: str, *, code: str, verifier: str) -> None:
    """Exchange the code for tokens and set them on the grant, unsaved.

    Raises:
        TemporaryFailure, PermanentFailure: with the provider's own words; also when it grants no lasting access.
    """
    outside_commands("a provider's answer")
    with provider_words(), session_of(grant, redirect_uri) as session:
        token = session.fetch_token(grant.token_url, code=code, code_verifier=verifier, allow_redirects=False)
        kept = sealed(token, "")
    if not token.get("refresh_token"):
        raise PermanentFailure(_("The provider gave no refresh token: allow “offline access” for this application."))
    grant.sealed_access_token, grant.expires_at, grant.sealed_refresh_token = kept


def sealed(token: Mapping[str, Any], refresh_token: str) -> tuple[str, datetime, str]:
    """(sealed access token, its end, sealed refresh token: the new one, or else the one in use)."""
    life = timedelta(seconds=int(token.get("expires_in") or USUAL_LIFE))
    return seal(str(token["access_token"])), clock.now() + life, seal(str(token.get("refresh_token") or refresh_token))


@contextmanager
def provider_words() -> Iterator[None]:
    """What the provider answers, as one of our two kinds of failure."""
    try:
        yield
    except OAuthError as error:
        raise PermanentFailure(
            _("sign in at the provider again: {words}").format(words=error.description or error.error)
        ) from error
    except (RequestException, OSError, ValueError, KeyError, TypeError) as error:  # away, or not speaking OAuth
        raise TemporaryFailure(f"{type(error).__name__}: {error}") from error


def is_granted(mailbox: Mailbox) -> bool:
    """Whether this mailbox is opened by a grant, not by a password."""
    return hasattr(mailbox, "grant")


def access_token(mailbox: Mailbox) -> str:
    """A token that holds for a minute at least; refreshed under a lock when it does not.

    It runs on a connection of its own: a provider that changes the refresh token at every
    use has made the old one worthless, whatever becomes of the transaction we are called in.

    Raises:
        TemporaryFailure: the provider is away.
        PermanentFailure: nobody has signed in yet, or the grant was taken back.
    """
    grant = mailbox.grant
    apart = connections["default"].copy()
    try:
        apart.set_autocommit(False)
        with apart.cursor() as cursor:
            cursor.execute(LOCKED, [grant.pk])
            access, expires_at, refresh = cursor.fetchone() or ("", None, "")
            if access and expires_at and expires_at.astimezone(UTC) > clock.now() + EARLY:
                return unseal(access)
            if not refresh:
                raise PermanentFailure(_("nobody has signed in at the provider yet"))
            kept = refreshed(grant, unseal(refresh))
            cursor.execute(KEEP, [*kept, grant.pk])
            apart.commit()
            return unseal(kept[0])
    finally:
        apart.close()


def refreshed(grant: MailGrant, refresh_token: str) -> tuple[str, datetime, str]:
    with provider_words(), session_of(grant) as session:
        token = session.refresh_token(grant.token_url, refresh_token=refresh_token, allow_redirects=False)
        return sealed(token, refresh_token)


def forget_access_token(mailbox: Mailbox) -> None:
    """A server refused a token that should hold: the next try asks for a new one."""
    apart = connections["default"].copy()
    try:
        with apart.cursor() as cursor:
            cursor.execute(FORGET, [mailbox.grant.pk])
    finally:
        apart.close()
