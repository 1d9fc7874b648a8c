"""The typed settings: every `YIZHAN_*` environment variable, read once and explained.

A secret may also come from the file named by the same variable with `_FILE`.
"""

import os
import secrets
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from yizhan.kernel.files import write_private

DEMO_PASSWORD = "yizhan-demo"  # noqa: S105 - public on purpose, and only ever accepted on loopback
SERVED = "served"  # the address at which a data directory is served, or was last


class ConfigError(Exception):
    """A setting that cannot work. The message says which one, why, and what would."""


def read_variable(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `<name>_FILE` names."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"{name}_FILE: {error.strerror}: {path}") from error
    return os.environ.get(name, default)


def external_owner() -> str:
    """The role that owns the tables of the operator's own PostgreSQL; the same as for daily work where none is named."""
    return read_variable("YIZHAN_DATABASE_OWNER_URL") or external_database()


def external_database() -> str:
    """The operator's own PostgreSQL, as a libpq URL; empty for the embedded one."""
    return read_variable("YIZHAN_DATABASE_URL")


def read_flag(name: str, *, default: bool = False) -> bool:
    value = read_variable(name, "1" if default else "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no"}:
        raise ConfigError(f"{name}: expected 0 or 1, got {value!r}")
    return value in {"1", "true", "yes"}


def read_number(name: str, default: int) -> int:
    value = read_variable(name, str(default)) or str(default)
    if not value.isdigit():
        raise ConfigError(f"{name}: expected a whole number, got {value!r}")
    return int(value)


def read_port(name: str, default: int) -> int:
    value = read_variable(name, str(default))
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise ConfigError(f"{name}: expected a port number 1-65535, got {value!r}")
    return int(value)


@dataclass(frozen=True)
class Config:
    """One process's settings. Paths are absolute; `database_url` is a libpq URL or empty (embedded).

    `database_owner_url` is known only to what changes tables; the same as `database_url` elsewhere.
    """

    data_dir: Path
    database_url: str
    database_owner_url: str
    host: str
    port: int
    stream_port: int
    base_url: str
    allowed_hosts: tuple[str, ...]
    secret_key: str
    audit_key: str
    demo: bool
    debug: bool
    smtp_url: str
    mail_from: str
    provider_name: str
    hotline: str
    trusted_proxies: int
    attachment_limit: int
    pooled: bool
    prepared: bool
    web_workers: int
    metrics_token: str
    require_mfa: bool
    allowed_private_hosts: tuple[str, ...]

    @property
    def body_limit(self) -> int:
        """The largest request in bytes: three of the largest files, and the rest of a form."""
        return 3 * self.attachment_limit + 4 * 2**20

    @property
    def web_threads(self) -> int:
        """Threads of one web process; eight in all on an ordinary machine."""
        return max(2, 8 // max(1, self.web_workers))

    @property
    def https(self) -> bool:
        return self.base_url.startswith("https://")


def kept_key(data_dir: Path, variable: str, file: str) -> str:
    """A key of this installation: given, else made once and kept in the data directory, mode 0600."""
    given = read_variable(variable)
    if given:
        if len(given) < 32:
            raise ConfigError(f"{variable}: at least 32 characters are needed")
        return given
    path = data_dir / file
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8").strip()


def read_base_url(data_dir: Path, host: str, port: int) -> str:
    """As set; else where this data directory was served last, for commands that were not told; else what host and port make."""
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    served = data_dir / SERVED
    known = served.read_text(encoding="utf-8").strip() if served.exists() and not read_variable("YIZHAN_PORT") else ""
    value = read_variable("YIZHAN_BASE_URL", known or f"http://{shown}:{port}").rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"YIZHAN_BASE_URL: expected http(s)://host[:port], got {value!r}")
    return value


def read_hosts(host: str, base_url: str) -> tuple[str, ...]:
    given = [item.strip() for item in read_variable("YIZHAN_ALLOWED_HOSTS").split(",") if item.strip()]
    own = {host, urlsplit(base_url).hostname or host, "127.0.0.1", "localhost"}
    return tuple(sorted({*given, *own} - {"0.0.0.0", "::"}))  # noqa: S104


def read_private_hosts() -> tuple[str, ...]:
    """Names, addresses and networks in our own network that mailboxes may lie in."""
    given = tuple(item.strip().lower() for item in read_variable("YIZHAN_ALLOWED_PRIVATE_HOSTS").split(",") if item.strip())
    for item in given:
        if "/" in item:
            try:
                ip_network(item, strict=False)
            except ValueError as error:
                raise ConfigError(f"YIZHAN_ALLOWED_PRIVATE_HOSTS: {item}: expected names, addresses or networks") from error
    return given


def load_config() -> Config:
    """Read and check the environment.

    Raises:
        ConfigError: with the variable's name, the reason and what is expected.
    """
    data_dir = Path(read_variable("YIZHAN_DATA_DIR", "var")).resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    host, port = read_variable("YIZHAN_HOST", "127.0.0.1"), read_port("YIZHAN_PORT", 8000)
    base_url = read_base_url(data_dir, host, port)
    return Config(
        data_dir=data_dir,
        database_url=external_database(),
        database_owner_url=external_owner(),
        host=host,
        port=port,
        stream_port=read_port("YIZHAN_STREAM_PORT", port + 1 if port < 65535 else 65534),
        base_url=base_url,
        allowed_hosts=read_hosts(host, base_url),
        secret_key=kept_key(data_dir, "YIZHAN_SECRET_KEY", "secret.key"),
        audit_key=kept_key(data_dir, "YIZHAN_AUDIT_KEY", "audit.key"),
        demo=(data_dir / "demo").exists(),
        debug=read_flag("YIZHAN_DEBUG"),
        smtp_url=read_variable("YIZHAN_SMTP_URL"),
        mail_from=read_variable("YIZHAN_MAIL_FROM", "yizhan@localhost"),
        provider_name=read_variable("YIZHAN_PROVIDER_NAME", "一站"),
        hotline=read_variable("YIZHAN_HOTLINE"),
        trusted_proxies=read_number("YIZHAN_TRUSTED_PROXIES", 0),
        attachment_limit=read_number("YIZHAN_ATTACHMENT_LIMIT", 20 * 2**20),
        pooled=read_flag("YIZHAN_DB_POOL", default=True),
        prepared=read_flag("YIZHAN_DB_PREPARED", default=True),
        web_workers=max(1, read_number("YIZHAN_WEB_WORKERS", (os.cpu_count() or 1) // 2)),
        metrics_token=read_variable("YIZHAN_METRICS_TOKEN"),
        require_mfa=read_flag("YIZHAN_REQUIRE_MFA"),
        allowed_private_hosts=read_private_hosts(),
    )
