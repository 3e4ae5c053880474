"""What the values of a filter are called: codes in the reader's language, ids by the names of the business."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from accounts import formats
from accounts.models import Business, Property
from customers.card.choices import LANGUAGES, country_choices, language_choices
from customers.card.models import ContactPoint, Customer, Tag
from customers.fields.models import CustomField
from customers.filters import Catalogue, Field
from customers.history.models import Activity, Product, Stay
from customers.permission.reasons import REACH, Reason
from customers.segments.models import Segment

Choices = Sequence[tuple[Any, str]]
"""Values as a tree holds them, with what people call them."""

KINDS: Final[Mapping[str, Any]] = {
    Customer.Kind.PERSON: Customer.Kind.PERSON.label,
    Customer.Kind.COMPANY: Customer.Kind.COMPANY.label,
}
CONSENTS_SAID: Final[Mapping[str, Any]] = {
    "granted": pgettext_lazy("consent", "given"),
    "withdrawn": pgettext_lazy("consent", "withdrawn"),
    "unknown": pgettext_lazy("consent", "never asked"),
}
ADDRESS_STATES: Final[Mapping[str, Any]] = {
    "none": gettext_lazy("No address or number"),
    **{state.value: state.label for state in ContactPoint.State},
}
REACHED: Final[Mapping[str, Any]] = {
    "ok": gettext_lazy("Can be reached"),
    **{reason: Reason(reason).label for reason in REACH},
}
INVOICES: Final[Mapping[str, Any]] = {
    "due": pgettext_lazy("invoice", "Due"),
    "overdue": pgettext_lazy("invoice", "Overdue"),
    "paid": pgettext_lazy("invoice", "Paid"),
}


class Names:
    """The names of one business's things, read when first asked for. Of the business in scope."""

    def __init__(self, *, business: Business, catalogue: Catalogue) -> None:
        self.business = business
        self.catalogue = catalogue

    @cached_property
    def tags(self) -> dict[int, str]:
        """Tags by id, by name."""
        return _by_name({tag.pk: str(tag) for tag in Tag.objects.all()})

    @cached_property
    def segments(self) -> dict[int, str]:
        """Segments by id, in their order."""
        return {each.pk: each.title for each in Segment.objects.order_by("position", "id")}

    @cached_property
    def properties(self) -> dict[int, str]:
        """Properties by id."""
        return _by_name({each.pk: str(each) for each in Property.objects.all()})

    @cached_property
    def products(self) -> dict[int, str]:
        """Products by id, those that are no longer sold included: they were bought."""
        return _by_name({each.pk: str(each) for each in Product.objects.all()})

    @cached_property
    def own(self) -> dict[int, CustomField]:
        """Fields of the business's own by id."""
        return {each.pk: each for each in CustomField.objects.all()}

    def choices(self, field: Field) -> Choices | None:
        """What can be chosen of a field, with labels; ``None`` where values are typed."""
        if field.kind == "tags":
            return list(self.tags.items())
        if field.kind == "segment":
            return list(self.segments.items())
        if field.kind == "birthday":
            return [(number, _month(number)) for number in range(1, 13)]
        if field.kind != "choice":
            return None
        if field.key == "language":
            return [*language_choices(), ("", _("Unknown"))]
        if field.key in ("country", "nationality"):
            return [*country_choices(self.business.country), ("", _("Unknown"))]
        return [(value, self.value(field, value)) for value in field.options or ()]

    def value(self, field: Field, value: Any) -> str:
        """What one value is called; what is gone says so."""
        if field.kind == "tags":
            return self.tags.get(value) or _("a tag that is gone")
        if field.kind == "segment":
            return self.segments.get(value) or _("a segment that is gone")
        if field.kind == "birthday":
            return _month(value)
        if field.own is not None and field.kind == "choice":
            options = self.own[field.own.id].options if field.own.id in self.own else []
            return {option["key"]: option["label"] for option in options}.get(value, str(value))
        if field.kind != "choice":
            return str(value)
        return _coded(field.key, str(value)) if value else _("Unknown")

    def where_choices(self, field: Field, name: str) -> Choices | None:
        """What an aggregate can be narrowed to; ``None`` where it is typed."""
        options = field.rows.options.get(name) if field.rows else None
        if name in ("property", "product"):
            return list((self.properties if name == "property" else self.products).items())
        return None if options is None else [(value, self.where_value(name, value)) for value in options]

    def where_value(self, name: str, value: Any) -> str:
        """What one value of a narrowing is called."""
        if name == "property":
            return self.properties.get(value) or _("a property that is gone")
        if name == "product":
            return self.products.get(value) or _("a product that is gone")
        said: Mapping[str, Mapping[Any, Any]] = {
            "status": dict(Stay.Status.choices),
            "state": INVOICES,
            "kind": dict(Activity.Kind.choices),
        }
        return str(said.get(name, {}).get(value, value))

    def count(self, number: Any) -> str:
        """A number as the reader writes it."""
        return formats.count(number, locale())

    def money(self, amount: Any) -> str:
        """An amount in the business's currency."""
        return formats.money(amount, self.business.currency, locale())


def locale() -> Any:
    """How the reader's language writes numbers and days."""
    return formats.locale_for(get_language())


def _coded(key: str, value: str) -> str:
    if key.startswith("consent."):
        return str(CONSENTS_SAID.get(value, value))
    return _CODED[key](value) if key in _CODED else value


def _language(code: str) -> str:
    known = dict(language_choices()).get(code) if code in LANGUAGES else None
    name = known or formats.language_name(code, locale())
    return name[:1].upper() + name[1:]


def _country(code: str) -> str:
    return formats.country_name(code, locale())


def _month(number: int) -> str:
    name = str(locale().months["stand-alone"]["wide"][number])
    return name[:1].upper() + name[1:] if locale().language == "en" else name


def _by_name(names: dict[int, str]) -> dict[int, str]:
    return dict(sorted(names.items(), key=lambda item: item[1].casefold()))


def _from(labels: Mapping[str, Any]) -> Callable[[str], str]:
    return lambda code: str(labels.get(code, code))


_CODED: Final[Mapping[str, Callable[[str], str]]] = {
    "language": _language,
    "country": _country,
    "nationality": _country,
    "kind": _from(KINDS),
    "source": _from(dict(Customer.Source.choices)),
    "email_state": _from(ADDRESS_STATES),
    "phone_state": _from(ADDRESS_STATES),
    "email_reach": _from(REACHED),
    "sms_reach": _from(REACHED),
}
