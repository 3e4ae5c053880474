"""Read a definition from JSON: its shape, then what each part must have. Pure.

Whether the tags, templates and segments that it names are there is asked of the register elsewhere.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made_of
from typing import Any, Final

from jsonschema import Draft202012Validator

from accounts.marking import gettext_noop
from automations.definition.model import (
    Aim,
    Definition,
    Do,
    Entry,
    Exit,
    Goal,
    Leave,
    Rule,
    Start,
    Step,
    Trigger,
    Until,
    Wait,
    Who,
)  # fmt: skip
from automations.definition.schema import DEFINITION_SCHEMA, DEPTH_MAX, STEPS_MAX

SHAPE: Final = gettext_noop("This is not complete or holds something that does not belong there: %(what)s.")
MANY_STEPS: Final = gettext_noop("An automation has at most %(most)s steps. Take some away, or make two of it.")
DEEP: Final = gettext_noop("Branches stand at most %(most)s deep in each other.")
SAME_ID: Final = gettext_noop("Two steps have the same id.")
DAY: Final = gettext_noop("“%(value)s” is not a day of the calendar.")
MISSING: Final[Mapping[str, str]] = {
    "tag": gettext_noop("Choose a tag."),
    "segment": gettext_noop("Choose a segment."),
    "template": gettext_noop("Choose a template."),
    "field": gettext_noop("Choose a field."),
    "name": gettext_noop("Say what the event is called."),
    "title": gettext_noop("Say what is to be done."),
    "webhook": gettext_noop("Choose where it goes."),
    "tree": gettext_noop("Choose at least one condition."),
    "wait": gettext_noop("Say how long it waits."),
    "date": gettext_noop("Choose a day."),
    "at": gettext_noop("Choose a time."),
    "weekdays": gettext_noop("Choose at least one weekday."),
    "days": gettext_noop("Say how many days."),
    "purpose": gettext_noop("Choose what the consent is for."),
}
_SHAPE: Final = Draft202012Validator(DEFINITION_SCHEMA)
_TRIGGER_NEEDS: Final = {
    Trigger.TAG_ADDED: "tag",
    Trigger.SEGMENT_ENTERED: "segment",
    Trigger.EVENT: "name",
    Trigger.DATE: "field",
    Trigger.CONSENT_GIVEN: "purpose",
}
_STEP_NEEDS: Final = {
    Do.WAIT: "wait",
    Do.ONLY_IF: "tree",
    Do.BRANCH: "tree",
    Do.EMAIL: "template",
    Do.SMS: "template",
    Do.TAG: "tag",
    Do.UNTAG: "tag",
    Do.FIELD: "field",
    Do.TASK: "title",
    Do.WEBHOOK: "webhook",
}
_WAIT_NEEDS: Final = {Until.DATE: "date", Until.TIME: "at", Until.WEEKDAY: "weekdays"}


@dataclass(frozen=True)
class Problem:
    """What is wrong with one part.

    ``place``: ``trigger``, ``entry``, ``only``, ``goal``, ``exits.0``, the id of a step, or "" for the whole; ``field``
    the part's field. ``message`` is an English sentence marked for translation, to be filled from ``params``.
    """

    place: str
    field: str
    message: str
    params: Mapping[str, str] = made_of(default_factory=dict)


class DefinitionError(Exception):
    """A definition that cannot run; ``problems`` says of every part why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message % problem.params for problem in problems))
        self.problems = list(problems)


def definition_read(data: object, *, whole: bool = True) -> Definition:
    """The definition that JSON data holds. Raises :class:`DefinitionError` naming everything that is wrong.

    ``whole``: also what is merely not chosen yet; without it, a definition that somebody still works on is read.
    """
    problems = list(_shape(data))
    if problems or not isinstance(data, Mapping):
        raise DefinitionError(problems)
    try:
        found = _definition(data)
    except ValueError as error:
        raise DefinitionError([Problem("", "", DAY, {"value": str(error.args[-1])[:40]})]) from error
    problems = list(_built(found))
    if whole:
        problems += _missing(found)
    if problems:
        raise DefinitionError(problems)
    return found


def _shape(data: object) -> Iterator[Problem]:
    for error in sorted(_SHAPE.iter_errors(data), key=lambda each: list(map(str, each.absolute_path))):
        path = [str(part) for part in error.absolute_path]
        yield Problem(_place(data, path), path[-1] if path else "", SHAPE, {"what": error.message[:160]})


def _place(data: object, path: list[str]) -> str:
    """The part that a path of JSON leads into."""
    if not path or path[0] != "steps":
        return ".".join(path[:2]) if path[:1] == ["exits"] else (path[0] if path else "")
    found, place = data, ""
    for part in path:
        try:
            found = found[int(part)] if isinstance(found, list) else found[part]  # type: ignore[index]
        except (LookupError, TypeError, ValueError):
            break
        if isinstance(found, Mapping) and isinstance(found.get("id"), str):
            place = found["id"]
    return place


def _built(found: Definition) -> Iterator[Problem]:
    steps = list(found.walk())
    if len(steps) > STEPS_MAX:
        yield Problem("", "steps", MANY_STEPS, {"most": str(STEPS_MAX)})
    if _depth(found.steps) > DEPTH_MAX:
        yield Problem("", "steps", DEEP, {"most": str(DEPTH_MAX)})
    ids = [step.id for step in steps]
    for pk in sorted({each for each in ids if ids.count(each) > 1}):
        yield Problem(pk, "id", SAME_ID)


def _depth(steps: Sequence[Step]) -> int:
    return max((1 + max(_depth(step.yes), _depth(step.no)) for step in steps if step.do == Do.BRANCH), default=0)


def _missing(found: Definition) -> Iterator[Problem]:
    needed = _TRIGGER_NEEDS.get(found.trigger.kind)
    if needed and not getattr(found.trigger, needed):
        yield Problem("trigger", needed, MISSING[needed])
    if found.entry.rule == Rule.AFTER and not found.entry.days:
        yield Problem("entry", "days", MISSING["days"])
    for number, each in enumerate(found.exits):
        if each.kind in (Leave.TAG_ADDED, Leave.TAG_REMOVED) and each.tag is None:
            yield Problem(f"exits.{number}", "tag", MISSING["tag"])
        if each.kind == Leave.MATCHES and not (each.tree and each.tree.get("rules")):
            yield Problem(f"exits.{number}", "tree", MISSING["tree"])
    if found.goal is not None and found.goal.kind == Aim.TAGGED and found.goal.tag is None:
        yield Problem("goal", "tag", MISSING["tag"])
    for step in found.walk():
        yield from _step_missing(step)


def _step_missing(step: Step) -> Iterator[Problem]:
    needed = _STEP_NEEDS.get(step.do)
    given: Any = getattr(step, needed) if needed else True
    if needed == "tree":
        given = step.tree and step.tree.get("rules")
    if needed and not given:
        yield Problem(step.id, needed, MISSING[needed])
    if step.wait is not None:
        wants = _WAIT_NEEDS.get(step.wait.until)
        if wants and getattr(step.wait, wants) in (None, ()):
            yield Problem(step.id, wants, MISSING[wants])
        if step.wait.until == Until.DURATION and not (step.wait.days > 0 or step.wait.hours or step.wait.minutes):
            yield Problem(step.id, "days", MISSING["days"])


def _definition(data: Mapping[str, Any]) -> Definition:
    entry, goal = data.get("entry"), data.get("goal")
    return Definition(
        trigger=_start(data["trigger"]),
        steps=_steps(data.get("steps", ())),
        only=data.get("only") or None,
        entry=Entry(Rule(entry["rule"]), entry.get("days", 0)) if entry else Entry(),
        exits=tuple(
            Exit(Leave(each["kind"]), each.get("tag"), each.get("tree") or None) for each in data.get("exits", ())
        ),
        goal=Goal(Aim(goal["kind"]), goal.get("product"), goal.get("tag")) if goal else None,
    )


def _start(data: Mapping[str, Any]) -> Start:
    values = dict(data)
    values["kind"] = Trigger(values["kind"])
    if "at" in values:
        values["at"] = dt.time.fromisoformat(values["at"])
    if "who" in values:
        values["who"] = Who(values["who"])
    values["properties"] = tuple(values.get("properties", ()))
    return Start(**values)


def _steps(data: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    found = []
    for each in data:
        values = dict(each)
        values["do"] = Do(values["do"])
        values["wait"] = _wait(values["wait"]) if values.get("wait") else None
        values["tree"] = values.get("tree") or None
        values["yes"], values["no"] = _steps(values.get("yes", ())), _steps(values.get("no", ()))
        found.append(Step(**values))
    return tuple(found)


def _wait(data: Mapping[str, Any]) -> Wait:
    values = dict(data)
    values["until"] = Until(values["until"])
    if "date" in values:
        values["date"] = dt.date.fromisoformat(values["date"])
    if "at" in values:
        values["at"] = dt.time.fromisoformat(values["at"])
    values["weekdays"] = tuple(sorted(values.get("weekdays", ())))
    return Wait(**values)
