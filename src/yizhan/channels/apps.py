from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "yizhan.channels"
    label = "channels"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from yizhan.channels import outbound, subscribers  # noqa: F401, PLC0415 - registration needs loaded models
        from yizhan.kernel.partitions import partition_monthly  # noqa: PLC0415

        partition_monthly("channels_raw")
