"""/metrics: what an operator watches. Counted requests of all web workers; everything else asked of the database when asked."""

import os
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from secrets import compare_digest
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from yizhan import __version__
from yizhan.kernel import clock
from yizhan.kernel.checks import last_check
from yizhan.kernel.errors import NotFound
from yizhan.kernel.models import AuditCheck
from yizhan.site.health import OLDEST_JOBS

REGISTRY = CollectorRegistry()
SEVERAL = "PROMETHEUS_MULTIPROC_DIR" in os.environ  # set by the web server: its workers count into files of that folder
OWN = None if SEVERAL else REGISTRY
if SEVERAL:
    MultiProcessCollector(REGISTRY)  # type: ignore[no-untyped-call]
REQUESTS = Counter("yizhan_http_requests", "Answered requests.", ["route", "method", "status"], registry=OWN)
SECONDS = Histogram(
    "yizhan_http_request_seconds", "How long answering took.", ["route"], registry=OWN,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
Next = Callable[[HttpRequest], HttpResponseBase]
GAUGES: tuple[tuple[str, str, str, str], ...] = (  # name, help, label, SQL of (label, value)
    ("yizhan_tickets_open", "Open tickets by state.", "state",
     "SELECT state, count(*) FROM tickets_ticket WHERE state IN ('pending', 'in_progress', 'completed') GROUP BY 1"),
    ("yizhan_oldest_unassigned_seconds", "Age of the oldest ticket that nobody has.", "",
     "SELECT '', coalesce(extract(epoch FROM now() - min(received_at)), 0) FROM tickets_ticket WHERE sub_state = 'unassigned'"),
    ("yizhan_oldest_unaccepted_seconds", "Age of the oldest ticket that was dispatched and is not accepted.", "",
     "SELECT '', coalesce(extract(epoch FROM now() - min(received_at)), 0) FROM tickets_ticket WHERE sub_state = 'offered'"),
    ("yizhan_jobs", "Jobs by status.", "status", "SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1"),
    ("yizhan_worker_heartbeat_seconds", "Since the last sign of life of a worker.", "",
     "SELECT '', coalesce(extract(epoch FROM now() - max(last_heartbeat)), -1) FROM procrastinate_workers"),
    ("yizhan_notices", "Notices that have not left, by state.", "state",
     "SELECT state, count(*) FROM kernel_notice WHERE state IN ('pending', 'failed') GROUP BY 1"),
    ("yizhan_mailbox_read_seconds", "Since a mailbox was last read.", "mailbox",
     "SELECT name, coalesce(extract(epoch FROM now() - polled_at), -1) FROM channels_mailbox WHERE active"),
    ("yizhan_mailbox_down", "1 while a mailbox cannot be read.", "mailbox",
     "SELECT name, (failed_at IS NOT NULL)::int FROM channels_mailbox WHERE active"),
    ("yizhan_inbound_waiting", "Received messages that wait, by state.", "state",
     "SELECT state, count(*) FROM channels_inboundmessage WHERE state IN ('stored', 'triage', 'failed') GROUP BY 1"),
    ("yizhan_server_down", "1 while a foreign server does not answer.", "server",
     "SELECT key, (down_since IS NOT NULL)::int FROM kernel_foreignserver"),
    ("yizhan_queue_oldest_seconds", "Age of the oldest job that is due, by queue.", "queue", OLDEST_JOBS),
    ("yizhan_notice_oldest_seconds", "Age of the oldest notice that is due.", "",
     "SELECT '', coalesce(extract(epoch FROM now() - min(due_at)), 0) FROM kernel_notice WHERE state = 'pending' AND due_at <= now()"),
    ("yizhan_database_bytes", "Size of the database.", "", "SELECT '', pg_database_size(current_database())"),
)  # fmt: skip


AUDIT: tuple[tuple[str, str, Callable[[AuditCheck | None], float]], ...] = (
    ("yizhan_audit_broken", "Broken chains and other faults that the last verification of the audit found; -1: none was made.",
     lambda last: last.broken if last else -1),
    ("yizhan_audit_rows", "Rows that the last verification of the audit read.", lambda last: last.rows if last else 0),
    ("yizhan_audit_verified_seconds", "Since the audit was last verified.",
     lambda last: (clock.now() - last.at).total_seconds() if last else -1),
)  # fmt: skip


class FromDatabase:
    """Asked at every scrape; where the database is away, `yizhan_database_up` says so."""

    def collect(self) -> Iterator[Any]:
        build = GaugeMetricFamily("yizhan_build_info", "The running version.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        up = GaugeMetricFamily("yizhan_database_up", "1 while the database answers.")
        try:
            found = list(self.gauges())
        except DatabaseError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from found

    def gauges(self) -> Iterator[Any]:
        with connection.cursor() as cursor:
            for name, text, label, sql in GAUGES:
                family = GaugeMetricFamily(name, text, labels=[label] if label else [])
                cursor.execute(sql)
                for key, value in cursor.fetchall():
                    family.add_metric([key] if label else [], float(value))
                yield family
        last = last_check()
        for name, text, of in AUDIT:
            yield GaugeMetricFamily(name, text, value=of(last))


REGISTRY.register(FromDatabase())


class MetricsMiddleware:
    """Counts by route name: addresses hold numbers and tokens, names do not."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = (match.view_name or match.route) if match else "unmatched"
        REQUESTS.labels(route, request.method or "", str(response.status_code)).inc()
        SECONDS.labels(route).observe(time.perf_counter() - begun)
        return response


def may_scrape(request: HttpRequest) -> bool:
    """With the token from `YIZHAN_METRICS_TOKEN`; without one set, from this machine and not through a proxy."""
    token = settings.YIZHAN.metrics_token
    if token:
        return compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    try:
        near = ip_address(str(request.META.get("REMOTE_ADDR", ""))).is_loopback
    except ValueError:
        near = False
    return near and "X-Forwarded-For" not in request.headers


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_scrape(request):
        raise NotFound
    return HttpResponse(generate_latest(REGISTRY), content_type="text/plain; version=0.0.4; charset=utf-8")
