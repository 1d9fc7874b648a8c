"""A pytest plugin, loaded before Django reads its settings: one real PostgreSQL for the whole run.

Its databases are made and migrated by the owner; the tests run as the daily role, so that a missing grant shows.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from yizhan.site.postgres import Cluster

OWN = "YIZHAN_TEST_CLUSTER"


def stop(cluster: Cluster, place: Path) -> None:
    cluster.stop()
    shutil.rmtree(place, ignore_errors=True)


def begin() -> None:
    """The controller starts the cluster; xdist's workers find it in the environment."""
    if OWN not in os.environ:
        place = Path(tempfile.mkdtemp(prefix="yizhan-db-"))
        cluster = Cluster(place)
        cluster.start()
        atexit.register(stop, cluster, place)
        daily, owner = cluster.addresses
        os.environ.update({OWN: "1", "YIZHAN_DATABASE_URL": daily, "YIZHAN_DATABASE_OWNER_URL": owner, "YIZHAN_DB_POOL": "0"})
    files = tempfile.mkdtemp(prefix="yizhan-files-")
    atexit.register(shutil.rmtree, files, ignore_errors=True)
    os.environ["YIZHAN_DATA_DIR"] = files
    os.environ["YIZHAN_BASE_URL"] = "http://testserver"
    os.environ["YIZHAN_LOG_LEVEL"] = "ERROR"
    os.environ["YIZHAN_ALLOWED_PRIVATE_HOSTS"] = "127.0.0.1, localhost"


begin()
