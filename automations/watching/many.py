"""Start an automation for many guests, stop it for many guests; and what becomes of their journeys when that is
undone. Journeys are no tracked rows: what an act did to them is told by their ``bulk_id``."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.models import Capability
from accounts.tenancy import require_business_id
from automations.definition import Definition, DefinitionError, Rule, definition_read
from automations.models import Automation
from automations.planning.gone import filters_of
from automations.planning.services import enter_by_hand
from automations.reasons import BY_HAND, UNDONE
from automations.tasks import automations_run
from automations.watching.services import journeys_stop_of, messages_take_back
from customers.bulk.registry import Action, Asked, Left, Values, ValuesRefused
from customers.changes.models import ChangeSet
from customers.changes.services import change_set_current
from customers.filters import Sql
from customers.search.fetch_sql import rows

ADD: Final = "automation_add"
REMOVE: Final = "automation_remove"
_WORKS: Final = (Automation.State.ON, Automation.State.PAUSED)

_ON: Final = """
    WHEN NOT EXISTS (SELECT FROM automations_automation a WHERE a.business_id = %(house)s AND a.id = %(automation)s
                     AND a.state = 'on') THEN 'off'
    WHEN g.is_deceased THEN 'deceased'
    WHEN EXISTS (
        SELECT FROM automations_journey j
        WHERE j.business_id = %(house)s AND j.automation_id = %(automation)s AND j.customer_id = w.id AND (
            j.state IN ('planned', 'running')
            OR NOT (j.state = 'left' AND j.began_at IS NULL) AND (
                %(once)s OR %(days)s > 0
                AND coalesce(j.began_at, j.created_at) > %(now)s::timestamptz - make_interval(days => %(days)s)))
    ) THEN 'already'
"""
"""As :func:`automations.planning.services.enter_by_hand` decides."""
_ONLY: Final = """
    WHEN NOT EXISTS (SELECT FROM customers_customerfacts f
                     WHERE f.business_id = %(house)s AND f.customer_id = w.id AND ({condition})) THEN 'only'
"""
_OPEN: Final = """
    WHEN NOT EXISTS (SELECT FROM automations_journey j
                     WHERE j.business_id = %(house)s AND j.automation_id = %(automation)s AND j.customer_id = w.id
                       AND j.state IN ('planned', 'running')) THEN 'none'
"""
_BEGUN: Final = """
    UPDATE automations_journey SET bulk_id = %s
    WHERE business_id = %s AND automation_id = %s AND customer_id = ANY (%s) AND state = 'running'
      AND began_at IS NULL AND due_at = %s
"""
_END: Final = """
    WITH these AS MATERIALIZED (
        SELECT j.id, EXISTS (
            SELECT FROM automations_journeystep d
            LEFT JOIN messaging_message m ON m.business_id = d.business_id AND m.id = d.message_id
            WHERE d.business_id = j.business_id AND d.journey_id = j.id
              AND (d.delivery_id IS NOT NULL OR m.state NOT IN ('planned', 'skipped', 'failed'))
        ) AS has_told
        FROM automations_journey j
        WHERE j.business_id = %(house)s AND j.bulk_id = %(act)s
          AND (j.state IN ('planned', 'running') OR j.reason <> %(reason)s)
        ORDER BY j.id FOR NO KEY UPDATE OF j
    ), ended AS (
        UPDATE automations_journey j
        SET state = 'stopped', reason = %(reason)s, ended_at = %(now)s, due_before = j.due_at, due_at = NULL,
            due_local = ''
        FROM these
        WHERE j.business_id = %(house)s AND j.id = these.id AND j.state IN ('planned', 'running')
          AND (NOT these.has_told OR %(any)s)
        RETURNING j.id
    )
    SELECT (SELECT array_agg(id) FROM ended), (SELECT count(*) FROM these) - (SELECT count(*) FROM ended)
"""
_REOPEN: Final = """
    WITH these AS MATERIALIZED (
        SELECT j.id, a.state IN ('on', 'paused') AND j.due_before IS NOT NULL AS can, b.time_zone
        FROM automations_journey j
        JOIN automations_automation a ON a.business_id = j.business_id AND a.id = j.automation_id
        JOIN accounts_business b ON b.id = j.business_id
        WHERE j.business_id = %(house)s AND j.bulk_id = %(act)s AND j.state = 'stopped' AND j.reason = %(reason)s
        ORDER BY j.id FOR NO KEY UPDATE OF j
    ), opened AS (
        UPDATE automations_journey j
        SET state = CASE WHEN j.began_at IS NULL AND j.anchor IS NOT NULL THEN 'planned' ELSE 'running' END,
            reason = '', ended_at = NULL, due_at = j.due_before, due_before = NULL,
            due_local = to_char(j.due_before AT TIME ZONE coalesce(nullif(j.zone, ''), these.time_zone),
                                'YYYY-MM-DD"T"HH24:MI')
        FROM these WHERE j.business_id = %(house)s AND j.id = these.id AND these.can
        RETURNING j.id
    )
    SELECT (SELECT count(*) FROM opened), (SELECT count(*) FROM these) - (SELECT count(*) FROM opened)
"""


def act_undone(*, target: ChangeSet, **_sent: object) -> tuple[int, int]:
    """What an undone act of this room did to journeys goes back; how many went, and how many stay as they are.

    Journeys that it began end, unless a message or a webhook of theirs has gone out. Journeys that it stopped go on
    where they stood, while the automation is on; messages that were taken back then stay so. Undoing the undo does the
    same the other way round.
    """
    act, is_again = target, False
    if target.undoes_id is not None:
        act, is_again = ChangeSet.objects.get(pk=target.undoes_id), True
    way = act.params.get("way")
    if way not in (ADD, REMOVE):
        return 0, 0
    reason = UNDONE if way == ADD else BY_HAND
    given = {"house": require_business_id(), "act": act.pk, "now": timezone.now(), "reason": reason}
    if (way == ADD) != is_again:
        ((ended, kept),) = rows(_END, {**given, "any": way == REMOVE})
        messages_take_back(ended or ())
        return len(ended or ()), int(kept)
    ((opened, kept),) = rows(_REOPEN, given)
    _go_on()
    return int(opened), int(kept)


def _read(way: str, title: str, states: Sequence[str], given: Mapping[str, Any]) -> Asked:
    chosen = str(given.get("automation") or "")
    found = Automation.objects.filter(state__in=states)
    automation = found.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
    if automation is None:
        raise ValuesRefused({"automation": _("Choose an automation that is on.")})
    return Asked({"automation_id": automation.pk, "automation": automation.name, "way": way}, title)


def _read_add(given: Mapping[str, Any]) -> Asked:
    asked = _read(ADD, gettext_noop("Started in bulk: %(automation)s"), (Automation.State.ON,), given)
    pk = asked.values["automation_id"]
    definition = _definition(pk)
    if definition is None or pk not in filters_of({pk: definition}):
        raise ValuesRefused({"automation": _("Something that this automation names is gone. Look at it first.")})
    return asked


def _read_remove(given: Mapping[str, Any]) -> Asked:
    return _read(REMOVE, gettext_noop("Stopped in bulk: %(automation)s"), _WORKS, given)


def _definition(automation_id: int) -> Definition | None:
    automation = Automation.objects.select_related("current").filter(pk=automation_id).first()
    if automation is None or automation.current is None:
        return None
    try:
        return definition_read(automation.current.definition)
    except DefinitionError:
        return None


def _left_add(values: Values) -> Left:
    pk = values["automation_id"]
    definition = _definition(pk)
    if definition is None:
        return Left("WHEN true THEN 'off'")
    entry = definition.entry
    given: dict[str, Any] = {
        "house": require_business_id(),
        "automation": pk,
        "now": timezone.now(),
        "once": entry.rule == Rule.ONCE,
        "days": entry.days if entry.rule == Rule.AFTER else 0,
    }
    filters = filters_of({pk: definition})
    if pk not in filters:
        return Left("WHEN true THEN 'off'")
    only = filters[pk]
    if only is None:
        return Left(_ON, values=given)
    condition, more = _named(only.on_rows())
    return Left(_ON + _ONLY.replace("{condition}", condition), values={**given, **more})


def _named(found: Sql) -> tuple[str, dict[str, Any]]:
    """A piece with its values by name."""
    values = {f"only_{place}": value for place, value in enumerate(found.values)}
    names = iter(values)
    return re.sub(r"%(%|s)", lambda it: "%%" if it[1] == "%" else f"%({next(names)})s", found.text), values


def _left_remove(values: Values) -> Left:
    return Left(_OPEN, values={"house": require_business_id(), "automation": values["automation_id"]})


def _write_add(values: Values, ids: Sequence[int]) -> None:
    now = timezone.now()
    enter_by_hand(automation_id=values["automation_id"], customer_ids=ids, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            _BEGUN, [change_set_current(), require_business_id(), values["automation_id"], list(ids), now]
        )  # fmt: skip
    _go_on()


def _write_remove(values: Values, ids: Sequence[int]) -> None:
    journeys_stop_of(automation_id=values["automation_id"], customer_ids=ids, act=change_set_current())


def _go_on() -> None:
    """What is due now goes on after the commit; a broker that is away loses nothing."""
    transaction.on_commit(partial(automations_run.delay, require_business_id()), robust=True)


def _automations(states: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    found = Automation.objects.filter(state__in=states)
    named = sorted(found.values_list("pk", "name"), key=lambda each: each[1].casefold())
    return {"automations": [(str(pk), name) for pk, name in named]}


AUTOMATION_ADD: Final = Action(
    key=ADD,
    label=gettext_lazy("Start an automation"),
    capability=Capability.AUTOMATE,
    read=_read_add,
    left=_left_add,
    write=_write_add,
    reasons={
        "off": gettext_lazy("The automation is not on"),
        "deceased": gettext_lazy("Are deceased"),
        "already": gettext_lazy("Are on their way through it, or have been and may not again"),
        "only": gettext_lazy("Do not match the filter of the automation"),
    },
    inputs="automations/_bulk.html",
    context=partial(_automations, (Automation.State.ON,)),
    icon="workflow",
)
AUTOMATION_REMOVE: Final = Action(
    key=REMOVE,
    label=gettext_lazy("Stop an automation"),
    capability=Capability.AUTOMATE,
    read=_read_remove,
    left=_left_remove,
    write=_write_remove,
    reasons={"none": gettext_lazy("Are not on their way through it")},
    inputs="automations/_bulk.html",
    context=partial(_automations, _WORKS),
    icon="square",
)
