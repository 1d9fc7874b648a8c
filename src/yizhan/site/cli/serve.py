"""demo and serve: database, web server, event stream and worker under one supervisor."""

import argparse
import os
import secrets
import socket
import sys
import time
import urllib.request
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from yizhan.kernel.files import write_private
from yizhan.site.cli.django_setup import forget_owner, migrate, setup, tell
from yizhan.site.cli.main import use_data_dir
from yizhan.site.config import DEMO_PASSWORD, SERVED, ConfigError, external_database, load_config
from yizhan.site.postgres import Cluster, PostgresError
from yizhan.site.roles import Addresses, is_granted
from yizhan.site.supervisor import Busy, Supervisor, exclusive

FIRST_PORT, TRIED_PORTS = 8000, 50


def run(name: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    parser.add_argument("--host", default=os.environ.get("YIZHAN_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=None, help="default: 8000, or the next free one")
    options = parser.parse_args(arguments)
    data_dir = use_data_dir(options.data_dir)
    try:
        with exclusive(data_dir):
            return start(data_dir, options.host, choose_port(options.host, options.port), demo=name == "demo")
    except Busy:
        print(f"yizhan: {data_dir} is in use by another running yizhan", file=sys.stderr)
    except (ConfigError, PostgresError) as error:
        print(f"yizhan: {error}", file=sys.stderr)
    return 1


def is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(host: str, asked: int | None) -> int:
    given = asked or int(os.environ.get("YIZHAN_PORT", "0") or 0)
    if given:
        if not is_free(host, given):
            raise ConfigError(f"port {given} on {host} is in use; choose another with --port")
        return given
    for port in range(FIRST_PORT, FIRST_PORT + TRIED_PORTS, 2):
        if is_free(host, port):
            return port
    raise ConfigError(f"no free port from {FIRST_PORT} to {FIRST_PORT + TRIED_PORTS} on {host}")


def stream_port(host: str, port: int) -> int:
    given = int(os.environ.get("YIZHAN_STREAM_PORT", "0") or 0)
    if given:
        return given
    return next(p for p in range(port + 1, port + 200) if p < 65536 and is_free(host, p))


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_unsafe(data_dir: Path, host: str, *, demo: bool) -> None:
    """What must not run is told why.

    Raises:
        ConfigError: a demonstration served for real, or the reverse; plain HTTP to the world.
    """
    marked = (data_dir / "demo").exists()
    used = (data_dir / "pg").exists() or (data_dir / "real").exists()
    if not demo and marked:
        raise ConfigError(f"{data_dir} holds demonstration data with known passwords; serve needs a directory of its own")
    if demo and used and not marked:
        raise ConfigError(f"{data_dir} holds real data; demo needs a directory of its own")
    if demo:
        return
    config = load_config()
    if config.debug:
        raise ConfigError("YIZHAN_DEBUG shows internals to everybody; unset it for serve")
    insecure = not is_loopback(host) and not config.https and os.environ.get("YIZHAN_ALLOW_HTTP") != "1"
    if insecure:
        raise ConfigError(
            f"serving {host} over plain HTTP would send passwords in clear. Put a TLS proxy in front, set "
            "YIZHAN_BASE_URL=https://… and YIZHAN_TRUSTED_PROXIES=1 (or YIZHAN_ALLOW_HTTP=1 if you know why)"
        )


def step(text: str) -> None:
    print(f"· {text}", flush=True)


def start(data_dir: Path, host: str, port: int, *, demo: bool) -> int:
    begun = time.monotonic()
    os.environ["YIZHAN_HOST"], os.environ["YIZHAN_PORT"] = host, str(port)
    os.environ["YIZHAN_STREAM_PORT"] = str(stream_port(host, port))
    refuse_unsafe(data_dir, host, demo=demo)
    (data_dir / ("demo" if demo else "real")).touch()
    write_private(data_dir / SERVED, load_config().base_url)
    supervisor = Supervisor(data_dir)
    supervisor.end_leftovers()
    cluster = None
    try:
        if not external_database():
            step("database / 数据库")
            cluster = Cluster(data_dir)
            cluster.start()
            tell(cluster.addresses)
        os.umask(0o077)  # whatever the program writes from here on is for its owner
        setup()
        prepare(data_dir, host, demo=demo)
        forget_owner()
        for name in ("web", "stream", "worker"):
            supervisor.add(name, f"yizhan.site.run_{name}")
        if cluster:
            supervisor.add_database(cluster)
        supervisor.run(lambda: announce(host, port, begun, demo=demo))
    finally:
        if cluster:
            cluster.process = next((c.process for c in supervisor.children if c.name == "postgres"), cluster.process)
            cluster.stop()
    return 0


def prepare(data_dir: Path, host: str, *, demo: bool) -> None:
    """Tables and data, before anybody is let in. A stamp of the code's migrations makes the usual start quick."""
    from django.conf import settings
    from django.db import connections

    from yizhan.site.health import expected_migrations, make_files_folder, migrations_pending

    addresses = Addresses(settings.YIZHAN.database_url, settings.YIZHAN.database_owner_url)
    if migrations_pending() or not is_granted(addresses):
        step(f"tables / 建表 ({len(expected_migrations())})")
        migrate()
    make_files_folder()
    if demo:
        from yizhan.site.demo.load import load_demo

        load_demo(demo_password(data_dir, host), step)
    else:
        from yizhan.site.first_run import announce_code

        announce_code(data_dir)
    connections.close_all()


def demo_password(data_dir: Path, host: str) -> str:
    """The fixed one on loopback; elsewhere a random one, kept beside the data."""
    path = data_dir / "demo.password"
    if not path.exists():
        write_private(path, DEMO_PASSWORD if is_loopback(host) else secrets.token_urlsafe(9))
    password = path.read_text(encoding="utf-8").strip()
    if password == DEMO_PASSWORD and not is_loopback(host):
        raise ConfigError(
            "this demonstration was made with the well-known password, so it stays on loopback; "
            "use another --data-dir with --host"
        )
    return password


def announce(host: str, port: int, begun: float, *, demo: bool) -> None:
    config = load_config()
    end = time.monotonic() + 30
    local = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{local}/healthz", timeout=2):
                break
        except OSError:
            time.sleep(0.05)
    print(f"\n  Yizhan 一站  {config.base_url}/   ({time.monotonic() - begun:.1f} s)", flush=True)
    if demo:
        password = (config.data_dir / "demo.password").read_text(encoding="utf-8").strip()
        print(f"  password / 密码: {password}")
        print("  admin manager desk assets auditor engineer1 engineer2 engineer3 customer1 requester1 requester2")
    print("  Ctrl-C: stop / 停止\n", flush=True)
