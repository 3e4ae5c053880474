"""Guest lists of which previews keep what they plan, and all that an import writes of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer, CustomerTag, ExternalId
from customers.changes.models import Change
from customers.facts.models import CustomerFacts
from customers.fields.models import GuestFieldValue
from imports.models import ImportRun
from imports.selectors import own_fields
from imports.services import (
    working,
)
from imports.spool import Spooled, spool_read
from tests.cast import House
from tests.imports.previews import row


def rows(count: int = 20, **changes: str) -> list[dict[str, str]]:
    """Guests who have nothing to do with one another."""
    return [
        row(
            id=f"N{number}",
            given_name=f"Guest{number}",
            family_name="Of\tthe \\ list" if number == 3 else "Berg",
            email=f"guest{number}@berg.no",
            phone=f"+47 912 34 {number:03}",
            tags="VIP; Sauna" if number % 3 == 0 else "",
            **changes,
        )
        for number in range(count)
    ]


def mixed() -> list[dict[str, str]]:
    """Among them a guest who stands twice in a batch and once more in a later one, one of the register, and rows with
    something wrong."""
    listed = rows()
    listed[2] = listed[1] | {"city": "Molde", "note": ""}
    listed[9] = listed[1] | {"note": "Third", "postal_code": "6413"}
    listed[5] = row(id="A5", given_name="Åse", family_name="Sørensen", email="ase@fjord.no", note="Here before")
    listed[6] |= {"phone": "no number"}
    listed[7] = row(id="", given_name="", family_name="", email="", phone="")
    listed[11] |= {"email": "guest10@berg.no"}
    return listed


def dump(house: House) -> dict[str, Any]:
    """All that an import writes of guests, without the numbers of rows."""
    with business_scope(house.pk):
        names = {card.pk: card.name for card in Customer.objects.all()}
        assert len(set(names.values())) == len(names)
        columns = [field.attname for field in Customer._meta.concrete_fields]
        columns = [name for name in columns if name not in ("id", "business_id", "created_at")]
        facts = [field.attname for field in CustomerFacts._meta.concrete_fields]
        facts = [name for name in facts if name not in ("customer_id", "business_id", "sample", "tags")]
        return {
            "cards": sorted(map(repr, Customer.objects.values_list(*columns))),
            "contacts": sorted(
                (names[point.customer_id], point.kind, point.value, point.normalised, point.national, point.state,
                 point.is_primary) for point in ContactPoint.objects.all()
            ),
            "tags": sorted(
                (names[each.customer_id], each.slot, str(each.tag))
                for each in CustomerTag.objects.select_related("tag")
            ),
            "numbers": sorted((names[each.customer_id], each.system, each.value) for each in ExternalId.objects.all()),
            "fields": sorted((names[each.customer_id], each.text) for each in GuestFieldValue.objects.all()),
            "facts": sorted(
                (names[each.customer_id], *(str(getattr(each, name)) for name in facts))
                for each in CustomerFacts.objects.all()
            ),
            "changes": sorted(
                Change.objects.filter(change_set_id=ImportRun.objects.get().change_set_id).values_list("record", "act")
            ),
        }  # fmt: skip


def plan_of(house: House, run: ImportRun) -> Iterator[Spooled] | None:
    """What the preview has kept, in the scope of the house."""
    return spool_read(run, run.business, own_fields(language=run.business.language))


def planned_lines(house: House, run: ImportRun) -> set[int]:
    """Lines of guests that the preview has planned."""
    with business_scope(house.pk):
        kept = plan_of(house, run)
        assert kept is not None
        return {line for batch in kept if batch.planned for line in batch.planned.lines}


def long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports read their files again."""
    monkeypatch.setattr(working, "spool_read", lambda *asked: None)
