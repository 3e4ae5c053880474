"""``manage.py services``: what the embedded PostgreSQL and Valkey are doing; stop them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm import embedded


class Command(BaseCommand):
    help = "Show or stop the embedded PostgreSQL and Valkey of this checkout."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """``status`` (default) or ``stop``."""
        parser.add_argument("action", nargs="?", choices=["status", "stop"], default="status")
        parser.add_argument("--force", action="store_true", help="stop them even while other processes use them")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked."""
        try:
            if options["action"] == "stop":
                if not embedded.stop(force=options["force"]):
                    raise CommandError(
                        "Other processes of this checkout use the services, so they were left running. "
                        "End those first, or stop them anyway with --force."
                    )
                self.stdout.write("Stopped.")
                return
            for name, state in embedded.status().items():
                self.stdout.write(f"{name}: {state}")
        except embedded.ServiceError as error:
            raise CommandError(str(error)) from error
