"""``manage.py up``: the same as ``./run``, for those who think in commands."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from crm.up.__main__ import main


class Command(BaseCommand):
    help = "Start Innkeeper: web server, worker and beat, until Ctrl-C. The same as ./run."
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Leave the arguments to ``./run``'s own parser."""
        sys.argv = ["./run", *argv[2:]]
        main()

    def handle(self, *args: Any, **options: Any) -> None:
        """For ``call_command``."""
        self.run_from_argv(["manage.py", "up", *map(str, args)])
