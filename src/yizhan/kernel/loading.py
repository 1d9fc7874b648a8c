"""How every process of the program comes to know the same things: each app names the rooms that register something."""

from importlib import import_module

from django.apps import AppConfig


class App(AppConfig):
    """One of our apps. The web server, the worker, the event stream and the command line all load its `registers`.

    A module that registers (a subscriber, a kind of work, a resource, a panel, a search source, a permission) stands
    in that list, whoever else imports it: a route that happens to need it exists in the web server alone.
    """

    default_auto_field = "django.db.models.BigAutoField"
    registers: tuple[str, ...] = ()

    def ready(self) -> None:
        for room in self.registers:
            import_module(f"{self.name}.{room}")
