"""Changes of a definition while it is JSON: steps added, moved, taken away, set. What was given is never changed. Pure.

A row of steps is named by where it stands: "" the automation itself, ``s3.yes`` and ``s3.no`` the arms of a branch.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from automations.definition import Do

Data = dict[str, Any]
ARMS: Final = ("yes", "no")
_KEPT: Final = ("id", "do", *ARMS)


@dataclass(frozen=True)
class Line:
    """A step as it stands in the list: in which row, at which place of it, how deep."""

    step: Mapping[str, Any]
    row: str
    place: int
    depth: int
    is_first: bool
    is_last: bool

    @property
    def pk(self) -> str:
        """The step's id."""
        return str(self.step["id"])


def lines_of(data: Mapping[str, Any]) -> list[Line]:
    """Every step with its place, those of arms behind their branch."""
    return list(_lines(data.get("steps", ()), "", 0))


def _lines(steps: Any, row: str, depth: int) -> Iterator[Line]:
    for place, step in enumerate(steps):
        yield Line(step, row, place, depth, not row and place == 0, not row and place == len(steps) - 1)
        for arm in ARMS:
            yield from _lines(step.get(arm, ()), f"{step['id']}.{arm}", depth + 1)


def step_found(data: Mapping[str, Any], pk: str) -> Mapping[str, Any] | None:
    """The step of an id."""
    return next((line.step for line in lines_of(data) if line.pk == pk), None)


def step_added(data: Mapping[str, Any], do: Do, row: str = "") -> tuple[Data, str]:
    """With one more step at the end of a row, and its id; unchanged and "" where there is no such row."""
    changed = copy.deepcopy(dict(data))
    steps = _row(changed, row)
    if steps is None:
        return changed, ""
    pk = free_id(data)
    steps.append({"id": pk, "do": do.value, **({"wait": {"until": "duration", "days": 1}} if do == Do.WAIT else {})})
    return changed, pk


def free_id(data: Mapping[str, Any]) -> str:
    """An id that no step has."""
    taken = {line.pk for line in lines_of(data)}
    number = 1
    while f"s{number}" in taken:
        number += 1
    return f"s{number}"


def step_removed(data: Mapping[str, Any], pk: str) -> tuple[Data, str]:
    """Without a step and what stands in its arms; and the id of the one that follows, or of the one before."""
    changed = copy.deepcopy(dict(data))
    line = _line(data, pk)
    if line is None:
        return changed, ""
    steps = _row(changed, line.row)
    assert steps is not None  # noqa: S101 - the step stands in it
    del steps[line.place]
    if steps:
        return changed, str(steps[min(line.place, len(steps) - 1)]["id"])
    return changed, line.row.partition(".")[0]


def step_moved(data: Mapping[str, Any], pk: str, by: int) -> Data:
    """A step one place on, ``by`` being 1 or -1: past another, into the arms of a branch that stands there and out."""
    changed = copy.deepcopy(dict(data))
    line = _line(data, pk)
    if line is None:
        return changed
    steps = _row(changed, line.row)
    assert steps is not None  # noqa: S101 - the step stands in it
    to = line.place + by
    if 0 <= to < len(steps):
        step = steps.pop(line.place)
        other = steps[line.place if by > 0 else to]
        if other["do"] == Do.BRANCH:
            arm = other.setdefault(ARMS[0] if by > 0 else ARMS[1], [])
            arm.insert(0 if by > 0 else len(arm), step)
        else:
            steps.insert(to, step)
        return changed
    if not line.row:
        return changed
    step = steps.pop(line.place)
    _put_out(changed, line.row, step, by)
    return changed


def _put_out(changed: Data, row: str, step: Data, by: int) -> None:
    """Where a step goes that leaves an arm at its end: into the other arm, or out of the branch."""
    parent, _dot, arm = row.partition(".")
    branch = step_found(changed, parent)
    assert isinstance(branch, dict)  # noqa: S101 - the row is one of its arms
    if (arm == "yes") == (by > 0):
        other = branch.setdefault("no" if arm == "yes" else "yes", [])
        other.insert(0 if by > 0 else len(other), step)
        return
    above = _line(changed, parent)
    assert above is not None  # noqa: S101 - it was found just now
    outer = _row(changed, above.row)
    assert outer is not None  # noqa: S101 - the branch stands in it
    outer.insert(above.place + (by > 0), step)


def step_set(data: Mapping[str, Any], pk: str, values: Mapping[str, Any]) -> Data:
    """With a step saying something else; its id, what it does and its arms stay."""
    changed = copy.deepcopy(dict(data))
    step = step_found(changed, pk)
    if isinstance(step, dict):
        kept = {name: step[name] for name in _KEPT if name in step}
        step.clear()
        step.update({**kept, **{name: value for name, value in values.items() if value is not None}})
    return changed


def part_set(data: Mapping[str, Any], part: str, value: Any) -> Data:
    """With another trigger, entry rule, filter, goal, or rule of leaving (``exits.1``); without it where ``value`` is
    ``None``. A rule beyond the last is added."""
    changed = copy.deepcopy(dict(data))
    name, dot, number = part.partition(".")
    if not dot:
        changed.pop(name, None)
        if value is not None:
            changed[name] = value
        return changed
    listed = changed.setdefault(name, [])
    place = int(number)
    if value is None:
        del listed[place : place + 1]
    elif place < len(listed):
        listed[place] = value
    else:
        listed.append(value)
    if not listed:
        del changed[name]
    return changed


def _line(data: Mapping[str, Any], pk: str) -> Line | None:
    return next((line for line in lines_of(data) if line.pk == pk), None)


def _row(data: Data, row: str) -> list[Data] | None:
    if not row:
        return data.setdefault("steps", [])
    parent, _dot, arm = row.partition(".")
    branch = step_found(data, parent)
    if not isinstance(branch, dict) or branch["do"] != Do.BRANCH or arm not in ARMS:
        return None
    return branch.setdefault(arm, [])
