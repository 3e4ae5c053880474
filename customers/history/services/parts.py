"""What a purchase, an invoice and a task refer to: checked here, so that forms, the interface for machines and imports
refuse alike."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.tenancy import require_business_id
from customers.history.models import StayParticipant
from customers.history.services.refusals import Overtaken


def changed_fields(row: Any, values: Mapping[str, Any], fields: Iterable[str]) -> list[str]:
    """The fields of ``values`` that are different from what ``row`` holds."""
    return [name for name in fields if name in values and values[name] != getattr(row, name)]


def not_overtaken(row: Any, version: int | None) -> None:
    """Raise :class:`Overtaken` unless the locked row is still the version the editor saw, if that is said."""
    if version is not None and row.version != version:
        raise Overtaken(
            _("A colleague has changed this meanwhile. Their values stand beside yours; save again to keep yours.")
        )


def takes_part(*, customer_id: int, stay_id: int) -> bool:
    """Whether the guest has any part in the stay."""
    return StayParticipant.objects.filter(
        business_id=require_business_id(), customer_id=customer_id, stay_id=stay_id
    ).exists()
