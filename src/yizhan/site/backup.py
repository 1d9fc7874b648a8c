"""A whole installation in one file, and back: database, files, keys.

The dump is one snapshot and is taken first; files are written before any row names them and
are never changed, so that whatever the snapshot names is there, also while the program runs.
"""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from yizhan import __version__
from yizhan.kernel.files import write_durably
from yizhan.site.postgres import binaries
from yizhan.site.roles import Addresses, grant_daily

FORMAT = 1
KEYS = ("secret.key", "audit.key")
MARKS = (*KEYS, "demo", "demo.loaded", "demo.password", "real")
DUMP, MANIFEST, FILES = "database.dump", "manifest.json", "files"
COUNTED = ("tickets_ticket", "tickets_message", "tickets_servicesheet", "people_contact", "people_user", "kernel_attachment",
           "kernel_audit", "kernel_event", "channels_inboundmessage")  # fmt: skip
WIPE = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"


class BackupError(Exception):
    """It could not be made or taken back; the message says why, and nothing was changed."""


def tool_environment(url: str) -> dict[str, str]:
    """The database's address as the variables that PostgreSQL's own tools read: no password on a command line."""
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
             "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}  # fmt: skip
    given = {names[key]: str(value) for key, value in conninfo_to_dict(url).items() if key in names and value is not None}
    return {**os.environ, "PGCLIENTENCODING": "UTF8", **given}


def run_tool(name: str, url: str, *arguments: str) -> None:
    command = [str(binaries() / "bin" / name), *arguments]
    done = subprocess.run(command, env=tool_environment(url), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{name}: {done.stderr.strip()[-1500:]}")


def counts(url: str, snapshot: str = "") -> dict[str, int]:
    """Rows of the tables that matter, of one snapshot; what a restore is compared with."""
    with psycopg.connect(url) as connection:
        if snapshot:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        known = {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
        found = {}
        for table in COUNTED:
            if table in known:
                row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - ours
                found[table] = int(row[0]) if row else 0
        return found


@contextmanager
def snapshot(url: str) -> Iterator[str]:
    """A snapshot that dump and counts share."""
    with psycopg.connect(url) as holder:
        holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = holder.execute("SELECT pg_export_snapshot()").fetchone()
        yield str(row[0]) if row else ""


def digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def make_backup(data_dir: Path, url: str, target: Path) -> dict[str, Any]:
    """Write everything into `target` (a tar, mode 0600), whole or not at all. Returns its manifest.

    Raises:
        BackupError: the target exists, or the database could not be dumped.
    """
    if target.exists():
        raise BackupError(f"{target} exists already")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".yizhan-backup-") as place:
        dump = Path(place) / DUMP
        with snapshot(url) as shared:
            run_tool("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={shared}", f"--file={dump}")
            counted = counts(url, shared)
        manifest = {
            "format": FORMAT, "version": __version__, "made_at": datetime.now(UTC).isoformat(), "counts": counted,
            "database_sha256": digest_of(dump),
        }  # fmt: skip
        part = Path(place) / "part.tar"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as packed:
            add_bytes(packed, MANIFEST, json.dumps(manifest, indent=1).encode())
            packed.add(dump, DUMP)
            for name in MARKS:
                if (data_dir / name).exists():
                    packed.add(data_dir / name, name)
            if (data_dir / FILES).exists():
                packed.add(data_dir / FILES, FILES, filter=finished_only)
            stream.flush()
            os.fsync(stream.fileno())
        part.rename(target)
    return manifest


def finished_only(item: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Files that are still being written have another name; they are nobody's yet."""
    return None if item.name.endswith(".part") else item


def add_bytes(packed: tarfile.TarFile, name: str, content: bytes) -> None:
    item = tarfile.TarInfo(name)
    item.size, item.mode = len(content), 0o600
    packed.addfile(item, io.BytesIO(content))


def read_manifest(source: Path) -> dict[str, Any]:
    try:
        with tarfile.open(source) as packed:
            stream = packed.extractfile(MANIFEST)
            found: dict[str, Any] = json.loads(stream.read()) if stream else {}
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise BackupError(f"{source} is no backup of Yizhan: {error}") from error
    if found.get("format") != FORMAT:
        raise BackupError(f"{source} has format {found.get('format')}, this program reads {FORMAT}")
    return found


def is_empty(url: str) -> bool:
    """Whether nothing of ours is in the database yet."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        return not row or row[0] == 0


def others_connected(url: str) -> int:
    """Other connections to this database: a program that still runs would write into what is being replaced."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND coalesce(backend_type, 'client backend') = 'client backend'"
        ).fetchone()
        return int(row[0]) if row else 0


def take_back(data_dir: Path, addresses: Addresses, source: Path, *, force: bool = False) -> dict[str, Any]:
    """Replace the installation by a backup. The database changes in one transaction, or not at all.

    Raises:
        BackupError: not a backup, a damaged one, a database that is in use, or (without `force`) not empty.
    """
    manifest, url = read_manifest(source), addresses.owner
    if others_connected(url):
        raise BackupError("the database is in use: stop the program first")
    if not is_empty(url):
        if not force:
            raise BackupError("the database is not empty; with --force it is backed up and then replaced")
        kept = data_dir / "backups" / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar"
        make_backup(data_dir, url, kept)
        print(f"· what was there is kept in {kept}", flush=True)  # noqa: T201 - the command line's own words
    with tempfile.TemporaryDirectory(dir=data_dir, prefix=".yizhan-restore-") as folder:
        place = Path(folder)
        with tarfile.open(source) as packed:
            packed.extractall(place, filter="data")
        if digest_of(place / DUMP) != manifest["database_sha256"]:
            raise BackupError(f"{source} is damaged: the dump does not have its digest")
        load(url, place / DUMP, place / "restore.sql")
        found = counts(url)
        if found != manifest["counts"]:
            raise BackupError(f"the restored rows differ from the backup's: {found} / {manifest['counts']}")
        put_files(data_dir, place)
    grant_daily(addresses)
    return manifest


def load(url: str, dump: Path, script: Path) -> None:
    run_tool("pg_restore", url, "--no-owner", "--no-privileges", f"--file={script}.body", str(dump))
    with script.open("w", encoding="utf-8") as out, Path(f"{script}.body").open(encoding="utf-8") as body:
        out.write(WIPE)
        skipped = ("SET transaction_timeout", "CREATE SCHEMA public", "COMMENT ON SCHEMA public")
        out.writelines(line for line in body if not line.startswith(skipped))
    run_tool("psql", url, "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null",
             f"--file={script}")  # fmt: skip


def put_files(data_dir: Path, place: Path) -> None:
    """Attachments beside what is there (content decides their names), keys and marks over it."""
    for path in sorted((place / FILES).rglob("*")):
        target = data_dir / FILES / path.relative_to(place / FILES)
        if path.is_file() and not target.exists():
            write_durably(target, path.read_bytes(), mode=0o600)
    for name in MARKS:
        if (place / name).exists():
            write_durably(data_dir / name, (place / name).read_bytes(), mode=0o600)
        elif name not in KEYS:
            (data_dir / name).unlink(missing_ok=True)


def missing_files(data_dir: Path, url: str) -> list[str]:
    """Attachments whose content is not where its row says, or is not what its digest says."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT customer_id, sha256 FROM kernel_attachment").fetchall()
    found = []
    for customer, sha256 in rows:
        path = data_dir / FILES / str(customer) / sha256[:2] / sha256
        if not path.exists() or digest_of(path) != sha256:
            found.append(str(path))
    return found
