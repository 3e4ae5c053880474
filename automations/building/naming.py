"""What the parts of an automation are called: names of the business's own tags, templates, segments, for words."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Business, Member
from automations.definition import Start, Trigger
from customers.conditions.names import Names as FilterNames
from customers.conditions.selectors import filter_catalogue
from customers.conditions.words import tree_words
from customers.fields.models import CustomField
from customers.fields.selectors import field_list
from customers.fields.values import value_read, value_shown
from customers.filters import Catalogue, TreeError, tree_read
from customers.history.models import Product
from messaging.texts.models import Template
from messaging.webhooks.models import WebhookEndpoint


class Names:
    """The names of one business's things, each kind read once, when first asked for. Of the business in scope."""

    def __init__(self, *, business: Business) -> None:
        self.business = business

    @cached_property
    def catalogue(self) -> Catalogue:
        """The fields that filters know."""
        return filter_catalogue()

    @cached_property
    def filters(self) -> FilterNames:
        """The names that filters use."""
        return FilterNames(business=self.business, catalogue=self.catalogue)

    @cached_property
    def templates(self) -> dict[int, Template]:
        """Templates by id, those put away included, by name."""
        return {each.pk: each for each in Template.objects.order_by("name", "id")}

    @cached_property
    def fields(self) -> dict[str, CustomField]:
        """The business's own fields of guests by key, in their order."""
        return {each.key: each for each in field_list(target=CustomField.Target.GUEST.value)}

    @cached_property
    def members(self) -> dict[int, str]:
        """Members by id."""
        found = Member.objects.filter(is_active=True).select_related("user")
        return dict(sorted(((each.pk, str(each)) for each in found), key=lambda each: each[1].casefold()))

    @cached_property
    def products(self) -> dict[int, str]:
        """Products that are sold, by id."""
        return {each.pk: str(each) for each in Product.objects.filter(is_archived=False).order_by("name")}

    @cached_property
    def webhooks(self) -> dict[int, str]:
        """Endpoints of other systems by id."""
        found = WebhookEndpoint.objects.order_by("name", "pk")
        return dict(found.values_list("pk", "name"))

    def tag(self, pk: int | None) -> str:
        """A tag's name."""
        return self._named(self.filters.tags, pk, _("a tag that is gone"))

    def segment(self, pk: int | None) -> str:
        """A segment's name."""
        return self._named(self.filters.segments, pk, _("a segment that is gone"))

    def product(self, pk: int | None) -> str:
        """A product's name."""
        return self._named(self.filters.products, pk, _("a product that is gone"))

    def property(self, pk: int | None) -> str:
        """A property's name."""
        return self._named(self.filters.properties, pk, _("a property that is gone"))

    def template(self, pk: int | None) -> str:
        """A template's name."""
        found = self.templates.get(pk or 0)
        return found.name if found is not None else self._named({}, pk, _("a template that is gone"))

    def member(self, pk: int | None) -> str:
        """A member's name."""
        return self._named(self.members, pk, _("a colleague who left"))

    def webhook(self, pk: int | None) -> str:
        """An endpoint's name."""
        return self._named(self.webhooks, pk, _("a place that is gone")) if pk else "…"

    def field(self, key: str) -> str:
        """An own field's name."""
        return self.fields[key].label if key in self.fields else (_("a field that is gone") if key else "…")

    def value(self, key: str, value: Any) -> str:
        """What a field is set to, in words."""
        found = self.fields.get(key)
        if found is None or value is None or value == "":
            return str(value or "–")
        text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
        return value_shown(found, value_read(found.kind, text, options=found.options)) or text

    def tree(self, tree: Mapping[str, Any] | None) -> str:
        """A filter as a sentence; empty for none, and why where it cannot be read."""
        if not tree or not tree.get("rules"):
            return ""
        try:
            return tree_words(tree_read(tree, self.catalogue), self.filters)
        except TreeError as error:
            return " ".join(dict.fromkeys(_(each.message) % each.params for each in error.problems))

    def of_trigger(self, start: Start) -> str:
        """What narrows a trigger, by name: its tag, segment, product, template, field or event."""
        match start.kind:
            case Trigger.TAG_ADDED:
                return self.tag(start.tag)
            case Trigger.SEGMENT_ENTERED:
                return self.segment(start.segment)
            case Trigger.PURCHASE if start.product:
                return self.product(start.product)
            case Trigger.MESSAGE_OPENED | Trigger.MESSAGE_CLICKED if start.template:
                return self.template(start.template)
            case Trigger.DATE:
                return self.field(start.field)
        return start.name

    @staticmethod
    def _named(names: Mapping[int, str], pk: int | None, gone: str) -> str:
        return "…" if pk is None else names.get(pk) or gone
