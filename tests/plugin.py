"""The pytest plugin that gives the tests their services.

Named with ``-p`` in ``addopts``: a conftest would be too late, for pytest-django reads the settings before.

On import it starts (or joins) the embedded services of ``var/test``, or takes those that ``DATABASE_URL``,
``DATABASE_OWNER_URL`` and ``REDIS_URL`` name, and reserves a *slot*: a number that no other test process of this
checkout has at the same time. The slot's database and Valkey database are this process's own, and the environment
variables point to them, so that programs which tests start find the same. The database itself is made when the first
test asks for it (:mod:`tests.databases`).
"""

import gc
import json
import os
from pathlib import Path

import pytest

from crm import embedded
from crm.embedded.home import CHECKOUT, open_lock, try_lock
from tests import databases

TEST_HOME = CHECKOUT / "var" / "test"
_LONG = ("tests/journeys/", "tests/accounts/test_routes.py")
"""Where tests take seconds each, by the beginning of their names."""
_URLS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


def _reserve_slot(folder: Path) -> int:
    """The lowest number that no living test process has. The lock goes with the process, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(60):
        descriptor = open_lock(folder / f"{number}.lock")
        if try_lock(descriptor):
            return number
        os.close(descriptor)
    raise pytest.UsageError("60 test processes already run from this checkout. End some of them first.")


def _start() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "crm.settings"
    os.environ.setdefault("INNKEEPER_SECRET_KEY", "the tests' own key, which guards nothing")
    os.environ.setdefault("INNKEEPER_SENSITIVE_KEYS", "tests:" + "dGVzdHMgb2YgSW5ua2VlcGVyLCBhIGtleSBvZiBhbGw=")
    os.environ.setdefault("INNKEEPER_ADDRESS_KEY", "YWRkcmVzc2VzIG9mIHRlc3RzOiBhIGtleSBvZiBhbGw=")
    if databases.SERVERS in os.environ:
        # A worker of pytest-xdist: the environment it inherits is already that of its controller's slot.
        servers: dict[str, str] = json.loads(os.environ[databases.SERVERS])
    else:
        try:
            embedded.ensure(TEST_HOME, throwaway=True)
        except embedded.ServiceError as error:
            raise pytest.UsageError(str(error)) from error
        servers = {name: os.environ.get(name, "") for name in _URLS}
        if missing := [name for name in _URLS if not servers[name]]:
            raise pytest.UsageError(f"{', '.join(missing)} must be set too when DATABASE_URL is.")
        os.environ[databases.SERVERS] = json.dumps(servers)
    slot = _reserve_slot(TEST_HOME / "slots")
    database = databases.slot_database(slot)
    os.environ["DATABASE_URL"] = databases.with_database(servers["DATABASE_URL"], database)
    os.environ["DATABASE_OWNER_URL"] = databases.with_database(servers["DATABASE_OWNER_URL"], database)
    os.environ["REDIS_URL"] = databases.with_database(servers["REDIS_URL"], str(slot))
    os.environ["INNKEEPER_VAR"] = str(TEST_HOME)
    os.environ["INNKEEPER_UPLOADS"] = str(TEST_HOME / "slots" / str(slot))


_start()


def pytest_configure(config: pytest.Config) -> None:
    """Bring catalogues and static files up to date; put our fixtures over pytest-django's of the same name."""
    if not hasattr(config, "workerinput"):
        databases.prepare_files(TEST_HOME)
    config.pluginmanager.register(databases, "innkeeper-databases")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: short tests, left for the end, are shared out until all processes are done."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def pytest_collection_finish() -> None:
    """Leave what is loaded by now to the end of the process, and look for cycles less often.

    Every template, model and test is in memory for good; to look them over again and again, as Python would while the
    pages of the tests come and go, takes a quarter of all the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
