"""Base classes of everything that belongs to one business."""

from typing import Any, TypeVar

from django.db import models
from django.forms import ModelChoiceField

from accounts.tenancy.scope import require_business_id

_M = TypeVar("_M", bound=models.Model)


class TenantManager(models.Manager[_M]):
    """Rows of the business in scope.

    The row policy in PostgreSQL is the guard; this manager turns a forgotten scope into a clear error.
    """

    def get_queryset(self) -> models.QuerySet[_M]:
        return super().get_queryset().filter(business_id=require_business_id())


class TenantForeignKey(models.ForeignKey):
    """A reference between two tables of one business.

    In the database it is the composite key ``(business_id, x_id)``, made by the
    :class:`~accounts.tenancy.operations.TenantTable` operation: foreign key checks ignore row policies, so a plain
    key could point into another business. ``db_on_delete`` is what PostgreSQL does when the target goes:
    ``RESTRICT``, ``CASCADE`` or ``SET NULL``.
    """

    def __init__(self, to: Any, *, db_on_delete: str = "RESTRICT", **kwargs: Any) -> None:
        self.db_on_delete = db_on_delete
        kwargs["on_delete"] = models.DO_NOTHING
        kwargs["db_constraint"] = False
        kwargs.setdefault("db_index", False)
        super().__init__(to, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("on_delete", None)
        kwargs.pop("db_constraint", None)
        if not self.db_index:  # type: ignore[attr-defined]
            kwargs.pop("db_index", None)
        kwargs["db_on_delete"] = self.db_on_delete
        return name, path, args, kwargs

    def formfield(self, **kwargs: Any) -> Any:
        """A choice among the rows of the business in scope when the form is shown, not when its class is read."""
        target = self.remote_field.model
        everything: models.QuerySet[Any] = models.QuerySet(target)
        options = {
            "form_class": ModelChoiceField,
            "queryset": everything,
            "to_field_name": self.remote_field.field_name,
            "blank": self.blank,
            **kwargs,
        }
        return models.Field.formfield(self, **options)


class TenantModel(models.Model):
    """A row of one business. Its database key is ``(business_id, id)``."""

    business = models.ForeignKey(
        "accounts.Business",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        default=require_business_id,
        editable=False,
    )

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
