"""What automations name and the business has no more: then nobody enters, and the overview says so."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.definition import Definition, DefinitionError, Trigger, definition_read
from automations.models import Automation
from automations.planning.pieces import anything, joined
from customers.conditions.selectors import Wanted, filter_catalogue, filter_context, wanted
from customers.filters import Group, Sql, TreeError, compile_tree, tree_read
from customers.search.fetch_sql import rows

GONE: Final = "gone"
"""The trouble of an automation that names what is gone."""
_TABLES: Final = {
    "tag": "customers_tag",
    "segment": "customers_segment",
    "product": "customers_product",
    "template": "messaging_template",
}


def definitions_of(automations: Sequence[Automation]) -> dict[int, Definition]:
    """What each automation runs, by its id; without those that cannot be read any more."""
    found = {}
    for each in automations:
        try:
            found[each.pk] = definition_read(each.current.definition if each.current else None)
        except DefinitionError:
            continue
    return found


def filters_of(definitions: Mapping[int, Definition]) -> dict[int, Wanted | None]:
    """The filter each automation asks when its trigger comes, ``None`` where it asks none. Left out are those whose
    filter cannot be asked any more."""
    found: dict[int, Wanted | None] = dict.fromkeys(definitions)
    asking = {pk: definition.only for pk, definition in definitions.items() if definition.only is not None}
    if not asking:
        return found
    catalogue = filter_catalogue()
    trees: dict[int, Group] = {}
    for pk, tree in asking.items():
        try:
            trees[pk] = tree_read(tree, catalogue)
        except TreeError:
            del found[pk]
    business = Business.objects.get(pk=require_business_id())
    context = filter_context(business=business, catalogue=catalogue, trees=trees.values())
    for pk, group in trees.items():
        try:
            compile_tree(group, catalogue, context, by_row=True)
        except TreeError:
            del found[pk]
        else:
            found[pk] = Wanted(group, catalogue, context) if group else None
    return found


def wanted_of(definition: Definition) -> Wanted | None:
    """The filter of one definition. Raises :class:`customers.filters.TreeError` for one that cannot be asked."""
    if definition.only is None:
        return None
    group = tree_read(definition.only, filter_catalogue())
    return wanted(tree=group) if group else None


def triggers_gone(definitions: Mapping[int, Definition]) -> set[int]:
    """The automations whose trigger names something that is gone. One query, none where nothing is named."""
    named: dict[tuple[str, Any], set[int]] = {}
    for pk, definition in definitions.items():
        for thing in _named(definition):
            named.setdefault(thing, set()).add(pk)
    if not named:
        return set()
    house = require_business_id()
    asked: list[Sql] = []
    for kind, table in _TABLES.items():
        if wanted := sorted(value for name, value in named if name == kind):
            asked.append(
                anything(
                    f"SELECT %s, id::text FROM {table} WHERE business_id = %s AND id = ANY (%s)", kind, house, wanted
                )
            )
    if keys := sorted(value for name, value in named if name == "field"):
        asked.append(
            anything(
                "SELECT 'field', key FROM customers_customfield"
                " WHERE business_id = %s AND target = 'guest' AND kind = 'date' AND NOT is_archived AND key = ANY (%s)",
                house, keys,
            )
        )  # fmt: skip
    statement = asked[0]
    for each in asked[1:]:
        statement = joined(statement, "UNION ALL", each)
    there = {(kind, value) for kind, value in rows(statement.text, statement.values)}
    return {pk for (kind, value), pks in named.items() if (kind, str(value)) not in there for pk in pks}


def _named(definition: Definition) -> list[tuple[str, Any]]:
    start = definition.trigger
    found: list[tuple[str, Any]] = [
        (kind, getattr(start, kind)) for kind in _TABLES if getattr(start, kind) is not None
    ]
    if start.kind == Trigger.DATE:
        found.append(("field", start.field))
    return found


def troubles_note(automations: Sequence[Automation], gone: set[int]) -> None:
    """Say which automations name what is gone, and which no longer do."""
    newly = [each.pk for each in automations if each.pk in gone and each.trouble != GONE]
    mended = [each.pk for each in automations if each.pk not in gone and each.trouble == GONE]
    for pks, trouble in ((newly, GONE), (mended, "")):
        if pks:
            Automation.objects.filter(pk__in=pks).update(trouble=trouble)
