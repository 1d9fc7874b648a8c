from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "yizhan.tickets"
    label = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from yizhan.tickets import files, notices, panels, resources, searching, staff_news, subscribers, tables  # noqa: F401, PLC0415
