"""Small files written whole or not at all."""

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

LEAST_FREE = 64 * 2**20  # bytes: a few of the largest uploads


def write_durably(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write beside the target, fsync, rename, fsync the folder: after a crash old or new, never half.

    Several may write the same target at once: each has a part of its own, and a failure leaves none behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def has_room(folder: Path) -> bool:
    """Whether files can be kept: enough is free, and a small one can really be written."""
    probe = folder / f".room.{os.getpid()}"
    try:
        probe.write_bytes(b"\0" * 4096)
        return shutil.disk_usage(folder).free >= LEAST_FREE
    except OSError:
        return False
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def make_private(folder: Path) -> None:
    """The data directory, for its owner only; one that an older version left open is repaired, once.

    A folder that is not ours alone (`/tmp`, somebody else's) is left as it is. The database keeps its own part.
    """
    known = [folder / name for name in ("lock", "secret.key", "demo", "real")]
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        return
    now = folder.stat()
    if now.st_uid != os.geteuid() or not now.st_mode & 0o077 or not any(path.exists() for path in known):
        return
    for path, folders, files in os.walk(folder):
        if Path(path) == folder:
            folders[:] = [name for name in folders if name not in {"pg", "wheel"}]
        for name in [*folders, *files]:
            below = Path(path, name)
            if below.is_symlink() or below.lstat().st_uid != os.geteuid() or below.is_socket():
                continue
            below.chmod(0o700 if below.is_dir() else 0o600)
    folder.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """A small file that only its owner may read."""
    write_durably(path, text.encode(), mode=0o600)
