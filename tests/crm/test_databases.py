"""What the tests stand on: the app role, a database of one's own, and nothing left by the test before."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import ProgrammingError, connection, connections

from accounts.models import User
from tests.databases import _remove_what_was_committed, slot_database


@pytest.mark.django_db
def test_tests_run_as_the_app_role_in_a_database_of_their_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        role, database = cursor.fetchone()
    assert role == connections["default"].settings_dict["USER"] != connections["owner"].settings_dict["USER"]
    assert database.startswith(slot_database(0).rpartition("_")[0])


@pytest.mark.django_db
def test_app_role_may_not_truncate() -> None:
    with connection.cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
        cursor.execute("TRUNCATE accounts_user CASCADE")


@pytest.mark.django_db(transaction=True)
def test_what_a_test_commits_is_removed_and_what_migrations_made_is_kept() -> None:
    kinds = ContentType.objects.count()
    assert kinds > 0
    User.objects.create(email="left@behind.example")
    _remove_what_was_committed(None)
    assert not User.objects.exists()
    ContentType.objects.clear_cache()
    assert ContentType.objects.count() == kinds


@pytest.mark.django_db(databases=["default", "owner"])
def test_owner_sees_the_same_database() -> None:
    names = set()
    for alias in ("default", "owner"):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT current_database()")
            names.add(cursor.fetchone())
    assert len(names) == 1


def test_valkey_is_real() -> None:
    cache.set("tests.crm", "kept", 60)
    assert cache.get("tests.crm") == "kept"
    cache.delete("tests.crm")
