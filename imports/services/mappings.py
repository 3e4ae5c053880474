"""Saved mappings: what the columns of a kind of file mean, kept under a name."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import RestrictedError
from django.db.utils import IntegrityError
from django.utils import timezone

from imports.mapping import signature
from imports.models import ImportFeed, ImportMapping, ImportRun


class NameTaken(Exception):
    """Another mapping of the business has this name."""


class MappingInUse(Exception):
    """A nightly import reads its files by this mapping."""


def mapping_keep(*, run: ImportRun, name: str, header: Sequence[str]) -> ImportMapping:
    """Keep what a run's columns mean for files with the same columns, in the place of a mapping of the same name."""
    return ImportMapping.objects.update_or_create(
        name=name,
        defaults={
            "kind": run.kind,
            "signature": signature(header),
            "layout": run.layout,
            "policy": run.policy,
            "member": run.member,
            "used_at": timezone.now(),
        },
    )[0]


def mapping_follow(*, run: ImportRun) -> None:
    """Let the mappings that say of the columns what a run says bring their next files in as the run brings its own."""
    ImportMapping.objects.filter(kind=run.kind, layout=run.layout).update(policy=run.policy)


def mapping_rename(*, mapping_id: int, name: str) -> ImportMapping:
    """Give a mapping another name. Raises NameTaken, ImportMapping.DoesNotExist."""
    mapping = ImportMapping.objects.get(pk=mapping_id)
    mapping.name = name
    try:
        with transaction.atomic():
            mapping.save(update_fields=["name"])
    except IntegrityError as error:
        raise NameTaken from error
    return mapping


def mapping_remove(*, mapping_id: int) -> None:
    """Remove a mapping; what was imported by it stays. Raises MappingInUse, ImportMapping.DoesNotExist."""
    mapping = ImportMapping.objects.get(pk=mapping_id)
    if ImportFeed.objects.filter(mapping=mapping).exists():
        raise MappingInUse
    try:
        with transaction.atomic():
            mapping.delete()
    except (IntegrityError, RestrictedError) as error:
        raise MappingInUse from error
