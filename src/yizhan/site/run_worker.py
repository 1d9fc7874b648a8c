"""The worker's process: jobs and periodic work, restarted by the supervisor whenever it ends."""

import os


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yizhan.site.settings")
    import django  # noqa: PLC0415 - the environment comes first

    django.setup()
    from procrastinate.contrib.django import app  # noqa: PLC0415

    from yizhan.channels.idling import Bells  # noqa: PLC0415

    Bells().start()
    with app.replace_connector(app.connector.get_worker_connector()) as worker:  # type: ignore[attr-defined]
        worker.run_worker(concurrency=2, delete_jobs="successful", shutdown_graceful_timeout=3, install_signal_handlers=True)


if __name__ == "__main__":
    main()
