"""Whose request it is, behind however many proxies: the one answer for audit, lock-out, sessions and limits."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def forwarded_address(forwarded: str, peer: str) -> str:
    """The peer's address; behind N trusted proxies, the N-th from the end of X-Forwarded-For.

    What a stranger writes into the header stands before what the proxies add, and is never read.
    """
    proxies = settings.YIZHAN.trusted_proxies
    parts = [part.strip() for part in forwarded.split(",") if part.strip()]
    return (clean(parts[-proxies]) if proxies and len(parts) >= proxies else "") or clean(peer)


def clean(text: str) -> str:
    """The address without brackets and port, as some proxies add them; empty for what is no address."""
    host = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0] if text.count(":") == 1 else text
    try:
        return str(ip_address(host))
    except ValueError:
        return ""


def client_address(request: HttpRequest) -> str:
    return forwarded_address(request.headers.get("X-Forwarded-For", ""), str(request.META.get("REMOTE_ADDR", "")))
