"""The command line of ``./run``. Begins under the system's Python, before any package is installed."""

import argparse
import sys

from crm.up.environment import InstallationError, ensure_environment, enter_environment, inside_environment

DEFAULT_PORT = 8000


def main() -> None:
    """Parse, install, and hand over to the supervisor."""
    arguments = sys.argv[1:]
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Starts Innkeeper: installs what is missing, starts the database, brings it up to date, and "
        "serves the pages until Ctrl-C. DATABASE_URL with DATABASE_OWNER_URL, and REDIS_URL, "
        "replace the services it brings along.",
    )
    parser.add_argument(
        "--port", type=_port, help=f"the port of the pages (default: {DEFAULT_PORT}, or the next one that is free)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address to listen on (default: 127.0.0.1, this machine only; 0.0.0.0: all)",
    )
    parser.add_argument("--no-demo", action="store_true", help="make no demo businesses")
    options = parser.parse_args(arguments)
    try:
        ensure_environment("requirements.txt")
    except InstallationError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The next ./run starts the installation again.")
    if not inside_environment():
        enter_environment("crm.up", arguments)

    from crm import embedded
    from crm.up.address import PortTaken
    from crm.up.supervisor import Options, StartFailed, Supervisor

    try:
        Supervisor(
            Options(
                host=options.host,
                port=options.port or DEFAULT_PORT,
                port_chosen=options.port is not None,
                demo=not options.no_demo,
            )
        ).run()
    except (StartFailed, PortTaken, embedded.ServiceError) as error:
        sys.exit(f"\n{error}")


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports go from 1 to 65535")
    return number


if __name__ == "__main__":
    main()
