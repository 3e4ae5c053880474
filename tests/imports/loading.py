"""Import rows into a house, as the pages and the worker do."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from accounts.tenancy import business_scope
from imports.models import ImportRun
from imports.policy import policy_of
from imports.selectors import own_fields
from imports.services import run_begin, run_create, run_work, source_open, tryout
from imports.store import store_add
from tests.cast import House
from tests.imports.files import write

PROOF = {"consent_source": "Signed card", "wording": "Yes, write to me."}
"""A policy that says what the rows do not: how their consents were given."""


def load(
    house: House, path: Path, rows: Iterable[dict[str, str]], *, policy: dict[str, Any] | None = None
) -> ImportRun:
    """Write rows to a file and import it."""
    write(path, rows)
    with business_scope(house.pk):
        source = source_open(path=path, fields=own_fields(language=house.business.language))
        policy = PROOF if policy is None else policy
        run = run_create(source=source, file_name=path.name, member=house.admin, policy=policy)
        run_begin(run=run, member=house.admin)
    run_work(business_id=house.pk, run_id=run.pk, path=path)
    with business_scope(house.pk):
        run = ImportRun.objects.get(pk=run.pk)
    assert run.state == ImportRun.State.DONE, run.error
    return run


def keep(house: House, path: Path) -> str:
    """Keep a file as an upload of the house is kept; its name."""
    return store_add([path.read_bytes()], business=house.business)


def would(
    house: House, path: Path, rows: Iterable[dict[str, str]], *, policy: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What a try-out of the same rows counts."""
    write(path, rows)
    with business_scope(house.pk):
        source = source_open(path=path, fields=own_fields(language=house.business.language))
        kept = PROOF if policy is None else policy
        told = policy_of(kept, kind=source.plan.kind, format_key=source.plan.key)
        return tryout(business=house.business, source=source, policy=told).tally.counts()


def reasons(house: House, run: ImportRun) -> list[tuple[int, str, str, str]]:
    """(line, column, value, reason) of every kept problem."""
    with business_scope(house.pk):
        return list(run.problems.order_by("line", "id").values_list("line", "column", "value", "reason"))  # type: ignore[attr-defined]
