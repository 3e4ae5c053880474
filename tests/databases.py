"""The tests' databases: one template per schema, one clone per test process.

The template is migrated once, as the owner role, under a name that carries the schema's fingerprint; it is used again
until the schema changes. A clone takes some hundredths of a second. Tests run as the app role, which may not TRUNCATE:
what a transactional test left is removed through the owner's connection.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import psycopg2.errors
import pytest
from psycopg2.extensions import connection as Connection

from crm.embedded.home import CHECKOUT
from crm.up.catalogues import compile_catalogues
from crm.up.fingerprints import schema_fingerprint, static_fingerprint

_CHECKOUT_ID = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
_TEMPLATE_LOCK = int.from_bytes(b"innkeep", "big")


@dataclass(frozen=True)
class Server:
    """Where the tests' PostgreSQL is, for each role; the databases named here are left alone."""

    owner_url: str
    app_url: str

    @property
    def app_role(self) -> str:
        """The role that the tests run as."""
        return urlsplit(self.app_url).username or ""

    def connect(self, database: str | None = None) -> Connection:
        """As the owner, outside any transaction."""
        url = self.owner_url if database is None else with_database(self.owner_url, database)
        opened = psycopg2.connect(url)
        opened.autocommit = True
        return opened


SERVERS = "INNKEEPER_TEST_SERVERS"
"""The environment variable in which :mod:`tests.plugin` keeps the servers' own addresses, as JSON."""

_kept_tables: set[str] = set()
_all_tables: set[str] = set()


def the_server() -> Server:
    """The PostgreSQL server that the plugin found."""
    servers = json.loads(os.environ[SERVERS])
    return Server(owner_url=servers["DATABASE_OWNER_URL"], app_url=servers["DATABASE_URL"])


def with_database(url: str, database: str) -> str:
    """``url`` with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def slot_database(slot: int) -> str:
    """The name of a slot's database."""
    return f"innkeeper_test_{_CHECKOUT_ID}_{slot}"


def prepare_files(home: Path) -> None:
    """Compile the catalogues and collect the static files, once for each state of their sources."""
    from django.core.management import call_command

    compile_catalogues(CHECKOUT / "var" / "catalogues.stamp")
    stamp = home / "static.stamp"
    with _file_lock(home / "static.lock"):
        wanted = static_fingerprint()
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            stamp.unlink(missing_ok=True)
            call_command("collectstatic", interactive=False, verbosity=0, clear=True)
            stamp.write_text(wanted, encoding="utf-8")


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """This process's own database, cloned from the migrated template."""
    from django.db import connections
    from django.test import TransactionTestCase

    server = the_server()
    database = connections["default"].settings_dict["NAME"]
    with closing(server.connect()) as maintenance, maintenance.cursor() as cursor:
        template = _ensure_template(cursor, server, anew=bool(request.config.getoption("create_db")))
        _drop(cursor, database)
        cursor.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        cursor.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
        cursor.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO "{server.app_role}"')
    _look_at_tables(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", _remove_what_was_committed)
        yield
    with django_db_blocker.unblock():
        with connections["default"].cursor() as cursor:
            # Of a thread that has not closed its own; the owner may not end what is the app role's.
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )
        connections.close_all()
    with closing(server.connect()) as maintenance, maintenance.cursor() as cursor:
        _drop(cursor, database)


@pytest.fixture(scope="session")
def live_server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """pytest-django's live server, with static files served as in production: hashed names, compressed."""
    from django.contrib.staticfiles import handlers
    from pytest_django.live_server_helper import LiveServer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "StaticFilesHandler", lambda application: application)
        running = LiveServer(request.config.getvalue("liveserver") or "localhost")
    yield running
    running.stop()


def _drop(cursor: Any, database: str) -> None:
    """Drop a database with whoever is still connected. A vacuum at work there is the server's own, which nobody but the
    server may end: it is waited for."""
    for _turn in range(60):
        try:
            cursor.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        except psycopg2.errors.InsufficientPrivilege:
            time.sleep(1)
        else:
            return
    cursor.execute(f'DROP DATABASE IF EXISTS "{database}"')


def _ensure_template(cursor: Any, server: Server, *, anew: bool) -> str:
    """The name of a migrated database that nobody connects to. One process makes it, the others wait."""
    template = f"innkeeper_template_{_CHECKOUT_ID}_{schema_fingerprint()[:12]}"
    cursor.execute("SELECT pg_advisory_lock(%s)", [_TEMPLATE_LOCK])
    try:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"innkeeper\\_template\\_{_CHECKOUT_ID}\\_%"]
        )
        existing = {name for (name,) in cursor.fetchall()}
        if template in existing and not anew:
            return template
        for old in existing:
            _drop(cursor, old)
        making = f"innkeeper_template_{_CHECKOUT_ID}_making"
        cursor.execute(f'CREATE DATABASE "{making}" TEMPLATE template0')
        environment = {
            **os.environ,
            "DATABASE_URL": with_database(server.app_url, making),
            "DATABASE_OWNER_URL": with_database(server.owner_url, making),
        }
        migrated = subprocess.run(
            [
                sys.executable,
                CHECKOUT / "manage.py",
                "migrate",
                "--database=owner",
                "--no-input",
                "--skip-checks",
                "--verbosity=0",
            ],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if migrated.returncode != 0:
            pytest.exit(f"The tests' database could not be migrated:\n{migrated.stderr}", returncode=1)
        cursor.execute(f'ALTER DATABASE "{making}" RENAME TO "{template}"')
        cursor.execute(f'ALTER DATABASE "{template}" ALLOW_CONNECTIONS false')
    finally:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [_TEMPLATE_LOCK])
    return template


def _look_at_tables(database: str) -> None:
    """Note which tables there are, and which the migrations filled: those are kept between tests."""
    with closing(the_server().connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            " AND NOT relispartition"
        )
        _all_tables.update(name for (name,) in cursor.fetchall())
        for table in _all_tables:
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
            if cursor.fetchone() == (True,):
                _kept_tables.add(table)


def _remove_what_was_committed(test: Any) -> None:
    """In place of ``TransactionTestCase._fixture_teardown``: empty every table that the template has empty."""
    from django.db import connections

    tables = ", ".join(f'"{name}"' for name in sorted(_all_tables - _kept_tables))
    if not tables:
        return
    for opened in connections.all(initialized_only=True):
        opened.close()
    database = connections["owner"].settings_dict["NAME"]
    with closing(the_server().connect(database)) as connection, connection.cursor() as cursor:
        # A page still being served holds its tables; a test that leaves one open says so instead of hanging.
        cursor.execute("SET lock_timeout = '20s'")
        cursor.execute(f"TRUNCATE {tables}")


def analyse() -> None:
    """Tell the planner what was committed: a plan must not depend on whether autovacuum has come by."""
    from django.db import connections

    database = connections["owner"].settings_dict["NAME"]
    with closing(the_server().connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("ANALYZE " + ", ".join(f'"{name}"' for name in sorted(_all_tables)))


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
