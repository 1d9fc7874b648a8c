"""The embedded server's options."""

from pathlib import Path

import pytest

from yizhan.site.postgres import Cluster


@pytest.mark.parametrize(
    ("conf", "options"),
    [
        ("max_connections = 100\nmax_connections = 60\n", ["-c", "max_connections=100"]),  # as earlier versions wrote it
        ("#max_connections = 200\n", ["-c", "max_connections=100"]),
        ("max_connections = 60\nmax_connections = 100\n", []),
        ("max_connections = 300 # ours\n", []),  # what the operator chose stands
    ],
)
def test_a_cluster_of_an_earlier_version_gets_enough_connections(tmp_path: Path, conf: str, options: list[str]) -> None:
    cluster = Cluster(tmp_path)
    cluster.folder.mkdir(parents=True)
    (cluster.folder / "postgresql.conf").write_text(conf, encoding="utf-8")
    assert cluster.more_connections() == options
