"""Databases of the measures' own, on the installation's server: the embedded one, or that of ``DATABASE_URL``."""

import os
from contextlib import closing
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from benchmarks.measure import manage

REGISTER = "innkeeper_bench_register"
"""The large register that several measures share; it stays, because it takes minutes to make."""


def database_use(name: str, *, anew: bool = False) -> None:
    """Point this process and the programs it starts at a migrated database, made if it is not there; set Django up.

    ``anew`` drops it first. To be called once, before anything of Django's is imported.
    """
    from crm import embedded

    embedded.ensure()
    owner, app = os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"]
    app_role = urlsplit(app).username
    with closing(psycopg2.connect(owner)) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            if anew:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
                cursor.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
                cursor.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO "{app_role}"')
    os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"] = (_with_database(url, name) for url in (owner, app))
    os.environ["DJANGO_SETTINGS_MODULE"] = "crm.settings"
    manage("migrate", "--database", "owner", "--verbosity", "0")
    import django

    django.setup()


def database_settle() -> None:
    """Bring the database to the state that autovacuum reaches by itself some minutes later."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connections["owner"].close()


def database_drop(name: str) -> None:
    """Drop a database that :func:`database_use` made; this process must not use it any more."""
    from django.db import connections

    connections.close_all()
    server_url = _with_database(os.environ["DATABASE_OWNER_URL"], "postgres")
    with closing(psycopg2.connect(server_url)) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
