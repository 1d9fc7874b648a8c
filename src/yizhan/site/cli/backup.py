"""backup, restore."""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from yizhan.site.backup import BackupError, make_backup, missing_files, take_back
from yizhan.site.cli.django_setup import connect_directly, setup, tell
from yizhan.site.cli.main import use_data_dir
from yizhan.site.config import ConfigError, external_database, external_owner
from yizhan.site.postgres import Cluster, PostgresError
from yizhan.site.roles import Addresses
from yizhan.site.supervisor import Busy, exclusive, running_database


def run(name: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    if name == "backup":
        parser.add_argument("file", nargs="?", type=Path, help="where to write (default: <data-dir>/backups/yizhan-<time>.tar)")
    else:
        parser.add_argument("file", type=Path, help="the backup to take back")
        parser.add_argument("--force", action="store_true", help="replace what is there; it is backed up first")
    options = parser.parse_args(arguments)
    data_dir = use_data_dir(options.data_dir)
    try:
        return backup(data_dir, options.file) if name == "backup" else restore(data_dir, options.file, force=options.force)
    except (BackupError, ConfigError, PostgresError) as error:
        print(f"yizhan: {error}", file=sys.stderr)
    except Busy:
        print(f"yizhan: {data_dir} is in use: stop the program, then restore", file=sys.stderr)
    return 1


def backup(data_dir: Path, file: Path | None) -> int:
    target = file or data_dir / "backups" / f"yizhan-{datetime.now():%Y%m%d-%H%M%S}.tar"
    with running_database(data_dir, Addresses(external_database(), external_owner())) as addresses:
        manifest = make_backup(data_dir, addresses.owner, target.resolve())
    print(f"✓ {target} ({target.stat().st_size / 2**20:.1f} MB, {manifest['counts'].get('tickets_ticket', 0)} tickets)")
    print("  It holds the keys of the installation: keep it where only you can read it. / 内含密钥，请妥善保管。")
    return 0


def restore(data_dir: Path, file: Path, *, force: bool) -> int:
    if not file.exists():
        raise BackupError(f"{file} does not exist")
    external = Addresses(external_database(), external_owner())
    with exclusive(data_dir):
        if external.daily:
            return replace(data_dir, external, file.resolve(), force=force)
        cluster = Cluster(data_dir)
        cluster.start()
        try:
            return replace(data_dir, cluster.addresses, file.resolve(), force=force)
        finally:
            cluster.stop()


def replace(data_dir: Path, addresses: Addresses, file: Path, *, force: bool) -> int:
    """What is there by the backup; then, under the keys that came back with it, what is kept of the audit outside."""
    manifest = take_back(data_dir, addresses, file, force=force)
    tell(addresses)
    connect_directly()
    setup()
    from django.db import connections

    from yizhan.kernel.checks import begin_outside_anew

    begin_outside_anew()
    connections.close_all()
    return report(data_dir, addresses.owner, manifest)


def report(data_dir: Path, url: str, manifest: dict[str, object]) -> int:
    missing = missing_files(data_dir, url)
    print(f"✓ as of {manifest['made_at']}, made by version {manifest['version']}: every row compared")
    for path in missing:
        print(f"✗ missing or damaged: {path}", file=sys.stderr)
    print("  Start the program: it brings the tables up to date where they are older. / 启动程序即可，表结构会自动升级。")
    return 1 if missing else 0
