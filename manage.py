#!/usr/bin/env python3
"""Innkeeper's commands. Starts or joins the embedded services first, for the commands that need them."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent

_NO_SERVICES = {
    "",
    "help",
    "version",
    "--help",
    "-h",
    "--version",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "makemessages",
    "services",
    "spectacular",
    "startapp",
    "up",
}
"""Commands that touch neither database nor broker, or that see to the services themselves."""


def main() -> None:
    """Run one command."""
    if find_spec("django") is None:
        _use_environment()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    from crm import embedded

    words = sys.argv[1:]
    idle = (words[0] if words else "") in _NO_SERVICES or {"--help", "-h"} & set(words)
    try:
        if idle:
            embedded.configure()
        else:
            embedded.ensure()
    except embedded.ServiceError as error:
        sys.exit(str(error))

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def _use_environment() -> None:
    """Start again with the Python that has the packages."""
    python = _CHECKOUT / ".venv" / "bin" / "python"
    if not python.exists() or Path(sys.prefix) == _CHECKOUT / ".venv":
        sys.exit("Innkeeper's packages are not installed yet. Run ./run once (or ./test); then this command works.")
    os.execv(python, [str(python), *sys.argv])


if __name__ == "__main__":
    main()
