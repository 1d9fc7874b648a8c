from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "yizhan.site"
    label = "site"

    def ready(self) -> None:
        from yizhan.kernel import jobs  # noqa: F401, PLC0415 - tells the events how a reaction becomes a job
