from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "yizhan.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from yizhan.people import acting, resources, searching  # noqa: F401, PLC0415 - registration needs loaded models
