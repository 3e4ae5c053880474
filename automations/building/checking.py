"""Whether what a definition names is there, and fits where it stands."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from accounts.marking import gettext_noop
from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.building.naming import Names
from automations.definition import ANCHORS, NOBODY_YET, Definition, Do, Problem, Step, Trigger
from customers.conditions.selectors import filter_context
from customers.consent.models import CONSENTS
from customers.fields.models import CustomField
from customers.fields.values import value_read
from customers.filters import Context, TreeError, compile_tree, tree_read
from messaging.texts.models import Channel
from messaging.texts.selectors import texts_of

NO_STEPS: Final = gettext_noop("Add at least one step.")
NOT_YET: Final = gettext_noop("Nothing tells of this yet. Choose another trigger.")
TAG_GONE: Final = gettext_noop("This tag is not there any more. Choose another.")
SEGMENT_GONE: Final = gettext_noop("This segment is not there any more. Choose another.")
PRODUCT_GONE: Final = gettext_noop("This product is not there any more. Choose another.")
PROPERTY_GONE: Final = gettext_noop("This property is not there any more. Choose another.")
TEMPLATE_GONE: Final = gettext_noop("This template is not there any more, or was put away. Choose another.")
TEMPLATE_CHANNEL: Final = gettext_noop("This template is for another channel. Choose another.")
TEMPLATE_EMPTY: Final = gettext_noop("This template has no text yet. Write it, or choose another.")
FIELD_GONE: Final = gettext_noop("This field is not there any more. Choose another.")
FIELD_DATE: Final = gettext_noop("Choose a field that holds a date.")
FIELD_VALUE: Final = gettext_noop("This field cannot hold that value.")
MEMBER_GONE: Final = gettext_noop("This colleague is not here any more. Choose another, or nobody.")
WEBHOOK_GONE: Final = gettext_noop("This place is not there any more. Choose another.")
CONSENT: Final = gettext_noop("There is no such consent.")
NO_STAY: Final = gettext_noop("This wait counts from a stay, but what begins the automation is about none.")
_CHANNEL: Final = {Do.EMAIL: Channel.EMAIL.value, Do.SMS: Channel.SMS.value}


def definition_check(definition: Definition, *, names: Names | None = None) -> list[Problem]:
    """Everything of a definition that cannot run as the business is today. A fixed number of queries."""
    names = names or Names(business=Business.objects.get(pk=require_business_id()))
    found = [] if definition.steps else [Problem("", "steps", NO_STEPS)]
    found += _trigger(definition, names)
    for number, rule in enumerate(definition.exits):
        if rule.tag is not None and rule.tag not in names.filters.tags:
            found.append(Problem(f"exits.{number}", "tag", TAG_GONE))
    if (goal := definition.goal) is not None:
        if goal.tag is not None and goal.tag not in names.filters.tags:
            found.append(Problem("goal", "tag", TAG_GONE))
        if goal.product is not None and goal.product not in names.filters.products:
            found.append(Problem("goal", "product", PRODUCT_GONE))
    found += _templates(definition, names)
    for step in definition.walk():
        found += _step(step, definition, names)
    return [*found, *_trees(definition, names)]


def _trigger(definition: Definition, names: Names) -> Iterator[Problem]:
    start = definition.trigger
    if start.kind in NOBODY_YET:
        yield Problem("trigger", "kind", NOT_YET)
    asked: tuple[tuple[str, int | None, Mapping[int, Any], str], ...] = (
        ("tag", start.tag, names.filters.tags if start.tag else {}, TAG_GONE),
        ("segment", start.segment, names.filters.segments if start.segment else {}, SEGMENT_GONE),
        ("product", start.product, names.filters.products if start.product else {}, PRODUCT_GONE),
        ("template", start.template, names.templates if start.template else {}, TEMPLATE_GONE),
    )
    for field, pk, known, told in asked:
        if pk is not None and pk not in known:
            yield Problem("trigger", field, told)
    if any(pk not in names.filters.properties for pk in start.properties):
        yield Problem("trigger", "properties", PROPERTY_GONE)
    if start.kind == Trigger.DATE:
        own = names.fields.get(start.field)
        if own is None:
            yield Problem("trigger", "field", FIELD_GONE)
        elif own.kind != CustomField.Kind.DATE:
            yield Problem("trigger", "field", FIELD_DATE)
    if start.kind == Trigger.CONSENT_GIVEN and not any(
        purpose == start.purpose and start.channel in ("", channel) for purpose, channel in CONSENTS
    ):
        yield Problem("trigger", "purpose", CONSENT)


def _templates(definition: Definition, names: Names) -> Iterator[Problem]:
    messages = [step for step in definition.walk() if step.is_message and step.template is not None]
    if not messages:
        return
    texts = texts_of(template_ids={step.template for step in messages if step.template is not None})
    for step in messages:
        template = names.templates.get(step.template or 0)
        if template is None or template.is_archived:
            yield Problem(step.id, "template", TEMPLATE_GONE)
        elif template.channel != _CHANNEL[step.do]:
            yield Problem(step.id, "template", TEMPLATE_CHANNEL)
        elif not texts[template.pk]:
            yield Problem(step.id, "template", TEMPLATE_EMPTY)


def _step(step: Step, definition: Definition, names: Names) -> Iterator[Problem]:
    if step.do in (Do.TAG, Do.UNTAG) and step.tag is not None and step.tag not in names.filters.tags:
        yield Problem(step.id, "tag", TAG_GONE)
    if step.do == Do.FIELD and step.field:
        field = names.fields.get(step.field)
        if field is None:
            yield Problem(step.id, "field", FIELD_GONE)
        elif step.value is not None and value_read(field.kind, _text(step.value), options=field.options).error:
            yield Problem(step.id, "value", FIELD_VALUE)
    if step.do == Do.TASK and step.assignee is not None and step.assignee not in names.members:
        yield Problem(step.id, "assignee", MEMBER_GONE)
    if step.do == Do.WEBHOOK and step.webhook is not None and step.webhook not in names.webhooks:
        yield Problem(step.id, "webhook", WEBHOOK_GONE)
    if step.wait is not None and step.wait.until in ANCHORS and not definition.trigger.has_stay:
        yield Problem(step.id, "until", NO_STAY)


def _text(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _trees(definition: Definition, names: Names) -> Iterator[Problem]:
    if not definition.trees:
        return
    context = filter_context(business=names.business, catalogue=names.catalogue, every_segment=True)
    placed = [("only", definition.only)]
    placed += [(f"exits.{number}", each.tree) for number, each in enumerate(definition.exits)]
    placed += [(step.id, step.tree) for step in definition.walk()]
    for place, tree in placed:
        if tree is not None:
            yield from _tree(place, tree, names, context)


def _tree(place: str, tree: Mapping[str, Any], names: Names, context: Context) -> Iterator[Problem]:
    try:
        compile_tree(tree_read(tree, names.catalogue), names.catalogue, context)
    except TreeError as error:
        for each in error.problems:
            yield Problem(place, "tree", each.message, each.params)
