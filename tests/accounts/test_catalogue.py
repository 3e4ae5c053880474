"""The database itself keeps businesses apart: every table of every business is checked in PostgreSQL's catalogue."""

import re

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections

from accounts.tenancy.models import TenantForeignKey, TenantModel
from accounts.tenancy.operations import app_role
from crm.checks import _bound, check_app_role, role_faults
from customers.changes.models import TrackedModel
from customers.changes.operations import recorded_columns
from tests.accounts.catalogue import (
    APPEND_ONLY,
    DEFINERS,
    DERIVED,
    HIDDEN,
    READ_ONLY,
    SHARED_TABLES,
    indexes,
    privileges,
    rows,
    tenant_models,
    tenant_tables,
)

pytestmark = pytest.mark.django_db

POLICY = "(business_id = (NULLIF(current_setting('innkeeper.business'::text, true), ''::text))::bigint)"
RECORDED = re.compile(r"jsonb_build_object\('(\w+)', jsonb_build_array")
TRACKED = [model for model in tenant_models() if issubclass(model, TrackedModel)]


def named(model: type[TenantModel]) -> str:
    return model._meta.db_table


def test_runs_as_the_app_role() -> None:
    """Otherwise nothing here proves anything."""
    assert rows("SELECT current_user::text, session_user::text") == [(app_role(), app_role())]


def test_every_table_belongs_to_a_business_or_is_listed() -> None:
    tables = {row[0] for row in rows("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")}
    assert tables - tenant_tables() == SHARED_TABLES
    assert tenant_tables() <= tables


def test_no_view_and_no_foreign_table_passes_the_policies_by() -> None:
    """A view runs with its owner's rights, and the owner is not bound by the policies."""
    own = """
        SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = ANY (%s)
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    """
    assert rows(own, ["v", "m", "f"]) == []


@pytest.mark.parametrize("model", tenant_models(), ids=named)
def test_table_is_under_its_business(model: type[TenantModel]) -> None:
    table = named(model)
    assert rows(
        "SELECT relrowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = %s", table
    ) == [(True,)]
    policies = rows(
        "SELECT policyname::text, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
        " WHERE schemaname = 'public' AND tablename = %s ORDER BY policyname",
        table,
    )
    assert policies[0] == ("business", "PERMISSIVE", ["public"], "ALL", POLICY, POLICY)
    if issubclass(model, TrackedModel) or table in HIDDEN:
        (_business, (name, permissive, roles, command, condition, check)) = policies
        assert (name, permissive, roles, command, check) == ("leaving", "RESTRICTIVE", ["public"], "SELECT", None)
        assert "customers_nothing_leaves() AS" in condition
        assert "customers_stays_here(" in condition
    else:
        assert len(policies) == 1
    column = rows(
        "SELECT attnotnull, atttypid::regtype::text FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attname = 'business_id'",
        table,
    )
    assert column == [(True, "bigint")]


@pytest.mark.parametrize("model", tenant_models(), ids=named)
def test_table_has_the_columns_of_its_model(model: type[TenantModel]) -> None:
    columns = rows(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        named(model),
    )
    assert {row[0] for row in columns} == {field.column for field in model._meta.local_concrete_fields}


@pytest.mark.parametrize("model", tenant_models(), ids=named)
def test_keys_and_indexes_begin_with_the_business(model: type[TenantModel]) -> None:
    own = [index for index in indexes() if index.table == named(model)]
    assert [index.name for index in own if index.primary] == [f"{named(model)}_pkey"]
    for index in own:
        if index.method == "gin":
            assert "business_id" in index.columns, index
        else:
            assert index.columns[0] == "business_id", index


@pytest.mark.parametrize("model", tenant_models(), ids=named)
def test_the_primary_key_is_the_newest_index(model: type[TenantModel]) -> None:
    """PostgreSQL takes the newest of indexes that seem equal, as they all do for a business new to its statistics."""
    newest = rows(
        "SELECT i.indexrelid::regclass::text, i.indisprimary FROM pg_index i"
        " WHERE i.indrelid = %s::regclass ORDER BY i.indexrelid DESC LIMIT 1",
        named(model),
    )
    assert newest == [(f"{named(model)}_pkey", True)]


@pytest.mark.parametrize("model", tenant_models(), ids=named)
def test_references_carry_the_business(model: type[TenantModel]) -> None:
    """Foreign key checks ignore policies: a plain key between two tables could point into another business."""
    found = {
        name: (list(columns), target, list(target_columns), action)
        for name, columns, target, target_columns, action in rows(
            """
            SELECT c.conname::text, k.columns, c.confrelid::regclass::text, k.targets, c.confdeltype
            FROM pg_constraint c CROSS JOIN LATERAL (
                SELECT array_agg(a.attname::text ORDER BY p.place) AS columns,
                       array_agg(f.attname::text ORDER BY p.place) AS targets
                FROM unnest(c.conkey, c.confkey) WITH ORDINALITY p(own, target, place)
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = p.own
                JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = p.target
            ) k WHERE c.contype = 'f' AND c.conrelid = %s::regclass
            """,
            named(model),
        )
    }
    actions = {"RESTRICT": "r", "CASCADE": "c", "SET NULL": "n"}
    for field in model._meta.local_concrete_fields:
        if isinstance(field, TenantForeignKey):
            assert found.pop(f"{named(model)}_{field.column}_tenant_fk") == (
                ["business_id", field.column],
                field.related_model._meta.db_table,
                ["business_id", "id"],
                actions[field.db_on_delete],
            )
        elif field.remote_field is not None and issubclass(field.related_model, TenantModel):
            pytest.fail(f"{model.__name__}.{field.name} must be a TenantForeignKey")
    for columns, target, _, _ in found.values():
        assert target in SHARED_TABLES, (columns, target)
    # A chain of parents that must be there, or a key of the table's own, ends at a business that exists.
    parents = [f for f in model._meta.local_concrete_fields if isinstance(f, TenantForeignKey) and not f.null]
    assert parents or named(model) in DERIVED or "accounts_business" in {target for _, target, _, _ in found.values()}


def test_no_shared_table_points_into_a_business() -> None:
    assert not rows(
        "SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
        " AND conrelid::regclass::text = ANY (%s) AND confrelid::regclass::text = ANY (%s)",
        sorted(SHARED_TABLES),
        sorted(tenant_tables()),
    )
    for model in apps.get_models(include_auto_created=True):
        if not issubclass(model, TenantModel):
            for field in model._meta.local_fields:
                assert not (field.remote_field and issubclass(field.related_model, TenantModel)), (model, field)


@pytest.mark.parametrize("model", tenant_models(), ids=named)
def test_rights_of_the_app_role(model: type[TenantModel]) -> None:
    table = named(model)
    allowed = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    if table in APPEND_ONLY:
        allowed = {"SELECT", "INSERT"}
    elif table in READ_ONLY:
        allowed = {"SELECT"}
    assert privileges(table) == allowed
    held_by_column = rows(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attacl IS NOT NULL", table
    )
    assert held_by_column == []


def test_append_only_tables_are_tables_of_a_business() -> None:
    assert tenant_tables() >= APPEND_ONLY


@pytest.mark.parametrize("table", sorted(SHARED_TABLES))
def test_rights_of_the_app_role_on_shared_tables(table: str) -> None:
    expected = {"SELECT"} if table == "django_migrations" else {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert privileges(table) == expected


def test_everybody_is_granted_nothing() -> None:
    """``PUBLIC`` has no right on any table or sequence, nor may it create anything."""
    assert not rows(
        "SELECT c.relname::text, a.privilege_type FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a"
        " WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = 0"
    )
    assert rows(
        "SELECT has_schema_privilege(%s, 'public', 'CREATE'), has_database_privilege(%s, current_database(), 'CREATE')",
        app_role(),
        app_role(),
    ) == [(False, False)]


def test_app_role_is_bound_by_the_policies() -> None:
    assert rows(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = %s",
        app_role(),
    ) == [(False, False, False, False, False)]
    assert rows("SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole", app_role()) == []


def test_app_role_owns_nothing() -> None:
    owned = """
        SELECT 'relation', relname::text FROM pg_class WHERE relowner = %(me)s::regrole
        UNION ALL SELECT 'function', proname::text FROM pg_proc WHERE proowner = %(me)s::regrole
        UNION ALL SELECT 'schema', nspname::text FROM pg_namespace WHERE nspowner = %(me)s::regrole
        UNION ALL SELECT 'type', typname::text FROM pg_type WHERE typowner = %(me)s::regrole
        UNION ALL SELECT 'database', datname::text FROM pg_database WHERE datdba = %(me)s::regrole
    """.replace("%(me)s", "%s")
    assert rows(owned, *[app_role()] * 5) == []


def test_definer_functions_are_listed_pinned_private_and_return_ids_only() -> None:
    found = rows(
        """
        SELECT p.oid::regprocedure::text, p.proconfig,
               has_function_privilege(%s, p.oid, 'EXECUTE'),
               EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0),
               array(SELECT t::regtype::text FROM unnest(CASE WHEN p.proallargtypes IS NULL THEN ARRAY[p.prorettype]
                     ELSE p.proallargtypes END) WITH ORDINALITY x(t, place)
                     WHERE p.proargmodes IS NULL OR p.proargmodes[x.place] IN ('t', 'o', 'b') ORDER BY x.place)
        FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        """,
        app_role(),
    )
    assert {row[0] for row in found} == set(DEFINERS)
    for name, settings, callable_by_app, callable_by_all, types in found:
        assert "search_path=pg_catalog, public" in (settings or []), name
        assert callable_by_app is (types != ["trigger"]) and not callable_by_all, name
        assert tuple(types) == DEFINERS[name], name


def test_no_function_of_ours_is_found_by_another_schemas_path() -> None:
    """Every function that touches tables pins its search path, or a temporary table could stand in for one."""
    loose = rows(
        """
        SELECT p.proname::text FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prosrc ~ '(customers|accounts|imports)_'
        AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=pg_catalog%%')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        """
    )
    assert loose == []


def test_old_and_new_rows_meet_by_hash() -> None:
    """A session keeps the plan of a trigger's first call: after one card's edit a nested loop, whatever comes later."""
    joining = rows(
        """
        SELECT p.proname::text, coalesce(p.proconfig, '{}') FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
        AND p.prosrc ~ 'new_rows \\w+ JOIN old_rows|old_rows \\w+ JOIN new_rows'
        """
    )
    assert len(joining) > len(TRACKED)
    assert [name for name, settings in joining if "enable_nestloop=off" not in settings] == []


def test_how_few_guests_are_planned_ends_with_the_function_that_asked() -> None:
    """What ``customers_facts_plans`` sets is taken back where the function that calls it has both in its header."""
    asking = rows(
        """
        SELECT p.proname::text, coalesce(p.proconfig, '{}') FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prosrc ~ 'customers_facts_plans\\('
        """
    )
    assert asking
    named_too = {"enable_seqscan=on", "plan_cache_mode=force_custom_plan"}
    assert [name for name, settings in asking if not named_too <= set(settings)] == []


@pytest.mark.parametrize("model", TRACKED, ids=named)
def test_guest_table_records_every_change(model: type[TrackedModel]) -> None:
    table = named(model)
    triggers = dict(
        rows(
            "SELECT tgname::text, pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE tgrelid = %s::regclass AND tgenabled = 'O' AND NOT tgisinternal"
            " AND tgname IN ('track_added', 'track_changed', 'track_removed', 'count_version')",
            table,
        )
    )
    for name, event in (("added", "INSERT"), ("changed", "UPDATE"), ("removed", "DELETE")):
        definition = triggers[f"track_{name}"]
        assert f"AFTER {event} ON public.{table} " in definition
        assert f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_{name}()" in definition
        ((source,),) = rows("SELECT prosrc FROM pg_proc WHERE oid = %s::regproc", f"{table}_{name}")
        alias = "o" if name == "removed" else "n"
        assert f"'{model._meta.model_name}', {alias}.id, " in source
        if model.change_guest:
            assert f'{alias}.id, {alias}."{model.change_guest}", ' in source
        if name == "changed":
            assert sorted([*RECORDED.findall(source), *model.sealed]) == sorted(recorded_columns(model))
            assert [column for column in model.sealed if f'"{column}": ["", "changed"]' not in source] == []
    assert "BEFORE UPDATE ON" in triggers["count_version"] and "FOR EACH ROW" in triggers["count_version"]


def test_guest_tables_are_all_under_history() -> None:
    """Whatever points at a card and is not derived from others is a guest table."""
    assert {named(model) for model in TRACKED} >= {"customers_customer", "customers_stay", "customers_activity"}
    for model in TRACKED:
        fields = {field.column for field in model._meta.local_concrete_fields}
        assert model.change_guest is None or model.change_guest in fields


def test_faults_of_a_role_are_told() -> None:
    """A superuser passes every policy by, and so does whoever may become one."""
    with connection.cursor() as cursor:
        assert role_faults(cursor, app_role()) == []
        cursor.execute("SELECT rolname::text FROM pg_roles WHERE rolsuper AND rolbypassrls ORDER BY oid LIMIT 1")
        (superuser,) = cursor.fetchone()
        assert role_faults(cursor, superuser) == ["is a superuser", "may bypass row security"]
        assert "may become another role" in role_faults(cursor, "pg_monitor")


@pytest.mark.django_db(databases=["default", "owner"])
def test_start_is_refused_to_a_role_that_owns_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_app_role(None, databases=["default"]) == []
    monkeypatch.setattr("crm.checks.connections", {"default": connections["owner"]})
    (error,) = check_app_role(None, databases=["default"])
    assert error.id == "innkeeper.E001"
    assert "owns tables" in error.msg


@pytest.mark.django_db(databases=["default", "owner"])
def test_a_role_that_owns_tables_never_sends_a_query() -> None:
    """Web, worker and beat run no system checks: the first connection itself refuses."""
    as_owner = {**connections["default"].settings_dict}
    as_owner |= {key: connections["owner"].settings_dict[key] for key in ("USER", "PASSWORD")}
    wrong = type(connections["default"])(as_owner, alias="default")
    _bound.clear()
    for _attempt in range(2):
        with pytest.raises(ImproperlyConfigured, match="owns tables"):
            wrong.ensure_connection()
    right = type(connections["default"])(connections["default"].settings_dict, alias="default")
    right.ensure_connection()
    right.close()
