"""The command line of ``./test``. Begins under the system's Python, before any package is installed."""

import os
import shutil
import subprocess
import sys

from crm.up.environment import CHECKOUT, InstallationError, ensure_environment, enter_environment, inside_environment

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Set up, then run everything, or pytest alone when there are arguments."""
    arguments = sys.argv[1:]
    try:
        ensure_environment("requirements-dev.txt")
    except InstallationError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The next ./test starts the installation again.")
    if not inside_environment():
        enter_environment("tests", arguments)
    _ensure_chromium()

    from crm import embedded
    from crm.embedded import processes
    from tests.static import CHECKS, TEST_HOME, failing

    before = dict(os.environ)
    processes.adopt_orphans()
    try:
        embedded.ensure(TEST_HOME, throwaway=True)
        failed = [] if arguments else failing(list(CHECKS))
        # pytest finds the services itself; addresses in its environment would be taken for the user's own.
        code = _pytest(arguments or _everything(), environment=before)
    except embedded.ServiceError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        if embedded.stop(TEST_HOME):
            processes.reap_orphans(patience=2.0)
    if failed:
        print(f"\nFailed before the tests: {', '.join(failed)}.", flush=True)
    sys.exit(code or bool(failed))


def _everything() -> list[str]:
    """pytest's arguments for a whole run: as many processes as there are processors."""
    return ["-n", str(min(os.cpu_count() or 1, 8)), "--dist", "worksteal"]


def _pytest(arguments: list[str], *, environment: dict[str, str]) -> int:
    """Run pytest; a Ctrl-C reaches it too, and it is given the time to clean up after itself."""
    with subprocess.Popen([sys.executable, "-m", "pytest", *arguments], cwd=CHECKOUT, env=environment) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait(30)
            raise


def _ensure_chromium() -> None:
    """The browser tests drive Debian's Chromium; installed where that is allowed, and never skipped without."""
    if any(shutil.which(name) for name in _CHROMIUM):
        return
    steps = (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
    by_hand = "  sudo apt-get update && sudo apt-get install -y chromium"
    prefix: list[str] = []
    if os.geteuid() != 0:
        may = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if not may or may.returncode != 0:
            sys.exit(f"The browser tests need Chromium. Install it, then start again:\n{by_hand}")
        prefix = ["sudo", "-n"]
    if not shutil.which("apt-get"):
        sys.exit(
            "The browser tests need Chromium on the PATH (chromium, chromium-browser or google-chrome). Install it."
        )
    print("Installing Chromium for the browser tests ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in steps:
        done = subprocess.run([*prefix, *step], stdin=subprocess.DEVNULL, env=environment, check=False)
        if done.returncode != 0:
            sys.exit(f"Chromium could not be installed; the reason is above. By hand:\n{by_hand}")
    if not any(shutil.which(name) for name in _CHROMIUM):
        sys.exit(f"Chromium was installed and is not on the PATH. Look into it with:\n{by_hand}")


if __name__ == "__main__":
    main()
