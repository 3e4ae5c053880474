"""What a field of a card holds, and which fields a guest's card has."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What stands in a field: it decides how the field is normalised, blocked by and compared."""

    GIVEN = "given"
    FAMILY = "family"
    FULL_NAME = "full_name"
    COMPANY = "company"
    ORGANISATION = "organisation"
    EMAIL = "email"
    PHONE = "phone"
    STREET = "street"
    HOUSE_NUMBER = "house_number"
    POSTAL_CODE = "postal_code"
    CITY = "city"
    REGION = "region"
    COUNTRY = "country"
    BIRTH_DATE = "birth_date"
    NUMBER = "number"
    CATEGORY = "category"
    TEXT = "text"


class Field(NamedTuple):
    """A field of a card. ``many``: it may hold several values (e-mail addresses, phone numbers)."""

    name: str
    kind: Kind
    many: bool = False


GUEST_FIELDS: tuple[Field, ...] = (
    Field("given_name", Kind.GIVEN),
    Field("family_name", Kind.FAMILY),
    Field("company_name", Kind.COMPANY),
    Field("organisation_number", Kind.ORGANISATION),
    Field("emails", Kind.EMAIL, many=True),
    Field("phones", Kind.PHONE, many=True),
    Field("street", Kind.STREET),
    Field("postal_code", Kind.POSTAL_CODE),
    Field("city", Kind.CITY),
    Field("country", Kind.COUNTRY),
    Field("birth_date", Kind.BIRTH_DATE),
    Field("external_ids", Kind.NUMBER, many=True),
    Field("kind", Kind.CATEGORY),
)

NUMBER_SUFFIX = ".number"
GIVEN_SUFFIX = ".given"


def columns(fields: Iterable[Field]) -> tuple[Field, ...]:
    """The normalised columns that fields are kept in.

    A street is two columns, its name and ``<field>.number``, unless a field of its own has the number; a full name is
    two, ``<field>.given`` and the family name under the field's own name.
    """
    fields = tuple(fields)
    numbered = any(field.kind is Kind.HOUSE_NUMBER for field in fields)
    found: list[Field] = []
    for field in fields:
        if field.kind is Kind.FULL_NAME:
            found += [Field(field.name + GIVEN_SUFFIX, Kind.GIVEN), Field(field.name, Kind.FAMILY)]
        elif field.kind is Kind.STREET and not numbered:
            found += [field, Field(field.name + NUMBER_SUFFIX, Kind.HOUSE_NUMBER)]
        else:
            found.append(field)
    return tuple(found)
