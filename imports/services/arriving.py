"""A file that came in: which of its tables is meant, and whether it is known what its columns mean."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import Business, Member, Property
from imports.mapping import MappingError, OwnField, Suggestion, lay, signature, suggest
from imports.models import ImportMapping, ImportRun
from imports.readers import SourceFile, Table, TableInfo
from imports.returned import returned
from imports.selectors import own_fields
from imports.services.deciding import run_layout_set
from imports.services.sources import SAMPLE_ROWS

_State = ImportRun.State


def tables_to_choose(file: SourceFile) -> tuple[TableInfo, ...]:
    """The tables among which somebody has to choose; empty where there is only one that can be meant."""
    shown = tuple(table for table in file.tables if not table.hidden) or file.tables
    # An archive whose files belong together has a table of all of them, without a name.
    return () if len(shown) < 2 or not shown[0].name else file.tables


@transaction.atomic
def run_receive(
    *,
    business: Business,
    file: SourceFile,
    file_name: str,
    upload: str,
    kind: str = "",
    currency: str = "",
    member: Member | None = None,
    actor: str = "",
) -> ImportRun:
    """Note a file that came in. It is `checking` where it is known what its columns mean, else `mapping`.

    `kind` is what its rows are, where somebody said so. The caller nudges `run_check`.
    """
    run = ImportRun.objects.create(
        state=_State.MAPPING,
        kind=kind,
        file_name=file_name[:200],
        size=file.survey.size,
        sha256=file.survey.sha256,
        upload=upload,
        currency=currency,
        rows_about=file.tables[0].rows_about,
        member=member,
        actor=str(member or actor)[:200],
    )
    return run if tables_to_choose(file) else run_recognise(run=run, business=business, file=file)


def run_recognise(*, run: ImportRun, business: Business, file: SourceFile) -> ImportRun:
    """Find out what the columns of a run's table mean, by a saved mapping or a known format; else it stays `mapping`.

    The caller nudges `run_check` when the run is `checking` afterwards.
    """
    fields = own_fields(language=business.language)
    table = returned(file.table(run.table))
    sample = table.sample(SAMPLE_ROWS)
    saved = mapping_for(table, kind=run.kind, fields=fields)
    if saved is not None:
        ImportMapping.objects.filter(pk=saved.pk).update(used_at=timezone.now())
        if saved.policy:
            ImportRun.objects.filter(pk=run.pk).update(policy=saved.policy)
        return run_layout_set(run_id=run.pk, layout=saved.layout)
    found = suggestion_for(table.header, sample, business=business, fields=fields, kind=run.kind)
    return run_layout_set(run_id=run.pk, layout=found.layout) if found.is_sure else run


def suggestion_for(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    *,
    business: Business,
    fields: Sequence[OwnField],
    kind: str = "",
) -> Suggestion:
    """What the columns of a file probably mean to this business; of a `kind` that is none it is found out."""
    return suggest(
        header,
        sample,
        fields=fields,
        language=business.language,
        kind=kind if kind in ImportRun.Kind.values else None,  # type: ignore[arg-type]
        properties=list(Property.objects.order_by("name").values_list("name", flat=True)),
    )


def mapping_for(table: Table, *, kind: str = "", fields: Sequence[OwnField] = ()) -> ImportMapping | None:
    """The saved mapping for files with this table's columns, the one used last; what does not fit is none."""
    known = ImportMapping.objects.filter(signature=signature(table.header))
    for mapping in (known.filter(kind=kind) if kind else known).order_by("-used_at", "-id"):
        try:
            lay(mapping.layout, table.header, fields=fields)
        except MappingError:
            continue
        return mapping
    return None
