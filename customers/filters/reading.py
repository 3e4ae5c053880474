"""Read a filter tree from JSON: its shape by the schema, then every condition against the catalogue. Pure.

What is wrong is told condition by condition. Trees of older versions are brought up to date first.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from accounts.marking import gettext_noop
from customers.filters.catalogue import Catalogue, Field
from customers.filters.older import UPGRADES
from customers.filters.period import Period, period_read
from customers.filters.schema import AMOUNT_MAX, TREE_SCHEMA, VALUES_MAX
from customers.filters.tree import EMPTY, VERSION, Condition, Group, Problem, TreeError

ADDRESS_MAX: Final = 20_000
"""Characters of a filter in an address."""

_SHAPE: Final = Draft202012Validator(TREE_SCHEMA)

NOT_JSON: Final = gettext_noop(
    "The filter cannot be read. Open the list anew, or use the address as it was sent to you."
)
NEWER: Final = gettext_noop("The filter was made by a newer version of Innkeeper (%(version)s).")
SHAPE: Final = gettext_noop("The condition is not complete or holds something that does not belong there: %(what)s.")
FIELD: Final = gettext_noop(
    "There is no field called “%(field)s” (any more). Choose another, or take the condition away."
)
OPERATOR: Final = gettext_noop("“%(field)s” cannot be compared by “%(operator)s”.")
VALUE: Final = gettext_noop("“%(value)s” is not a value of “%(field)s”.")
WHERE: Final = gettext_noop("“%(field)s” cannot be narrowed by “%(name)s”: “%(value)s”.")
DAY: Final = gettext_noop("“%(value)s” is not a day of the calendar.")


class _Wrong(Exception):
    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = {name: str(value)[:60] for name, value in params.items()}


def tree_loads(text: str, catalogue: Catalogue) -> Group:
    """The tree an address holds; the empty text is the empty tree. Raises :class:`TreeError`."""
    if not text.strip():
        return EMPTY
    try:
        data = json.loads(text) if len(text) <= ADDRESS_MAX else None
    except (ValueError, RecursionError):
        data = None
    return tree_read(data, catalogue)


def tree_read(data: object, catalogue: Catalogue) -> Group:
    """The tree that JSON data holds. Raises :class:`TreeError` naming every condition that is wrong."""
    if not isinstance(data, Mapping):
        raise TreeError([Problem("", NOT_JSON, {})])
    try:
        json.dumps(data, ensure_ascii=False, default=str).encode()
    except (ValueError, TypeError, RecursionError) as error:  # half a surrogate pair, a key that is no text
        raise TreeError([Problem("", NOT_JSON, {})]) from error
    version = data.get("version")
    while type(version) is int and version in UPGRADES:
        data = UPGRADES[version](data)
        version = data["version"]
    if type(version) is int and version > VERSION:
        raise TreeError([Problem("", NEWER, {"version": str(version)})])
    wrong = sorted(_SHAPE.iter_errors(data), key=lambda error: list(map(str, error.absolute_path)))
    if wrong:
        seen = {_place(error): Problem(_place(error), SHAPE, {"what": _what(error)}) for error in reversed(wrong)}
        raise TreeError([seen[place] for place in sorted(seen)])
    problems: list[Problem] = []
    tree = _read_group(data, catalogue, "", problems)
    if problems:
        raise TreeError(problems)
    return tree


def _place(error: ValidationError) -> str:
    path = list(error.absolute_path)
    numbers = [
        str(path[at + 1] + 1) for at in range(len(path) - 1) if path[at] == "rules" and type(path[at + 1]) is int
    ]
    return ".".join(numbers)


def _what(error: ValidationError) -> str:
    shown = json.dumps(error.instance, ensure_ascii=False, default=str)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def _read_group(data: Mapping[str, Any], catalogue: Catalogue, place: str, problems: list[Problem]) -> Group:
    rules: list[Condition | Group] = []
    for number, rule in enumerate(data["rules"], 1):
        here = f"{place}.{number}" if place else str(number)
        if "rules" in rule:
            rules.append(_read_group(rule, catalogue, here, problems))
            continue
        try:
            rules.append(_read_condition(rule, catalogue))
        except _Wrong as wrong:
            problems.append(Problem(here, wrong.message, wrong.params))
    return Group(data.get("match", "all"), tuple(rules), data.get("not", False))


def _read_condition(data: Mapping[str, Any], catalogue: Catalogue) -> Condition:
    field = catalogue.get(data["field"])
    if field is None:
        raise _Wrong(FIELD, field=data["field"])
    operator = data["operator"]
    if operator not in field.operators:
        raise _Wrong(OPERATOR, field=field.key, operator=operator)
    return Condition(
        field.key,
        operator,
        _read_value(field, operator, data.get("value")),
        data.get("not", False),
        _period(data["period"]) if _is_counted(field, data) else None,
        _where(field, data.get("where", {})),
    )


def _is_counted(field: Field, data: Mapping[str, Any]) -> bool:
    if "period" in data and field.rows is None:
        raise _Wrong(WHERE, field=field.key, name="period", value=json.dumps(data["period"]))
    return "period" in data


def _read_value(field: Field, operator: str, value: Any) -> Any:
    wrong = _Wrong(VALUE, field=field.key, value="–" if value is None else _plain(value))
    if operator in ("empty", "yes"):
        if value is not None:
            raise wrong
        return None
    if operator == "in":
        if not isinstance(value, Mapping):
            raise wrong
        period = _period(value)
        if field.kind == "birthday" and period.way in ("before", "between"):
            raise wrong
        return period
    if operator == "top":
        if type(value) is not int or not 1 <= value <= 99:
            raise wrong
        return value
    if field.kind in ("number", "money"):
        if operator != "between":
            return _number(field, value, wrong)
        if not isinstance(value, list) or len(value) != 2:
            raise wrong
        low, high = (_number(field, each, wrong) for each in value)
        return (min(low, high), max(low, high))
    return _several(field, operator, value, wrong)


def _number(field: Field, value: Any, wrong: _Wrong) -> Decimal:
    if type(value) not in (int, float, Decimal):
        raise wrong
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise wrong from error
    places = 4 if field.own else 2 if field.kind == "money" else 0
    if not number.is_finite() or abs(number) > AMOUNT_MAX or number != round(number, places):
        raise wrong
    return number


def _several(field: Field, operator: str, value: Any, wrong: _Wrong) -> tuple[Any, ...]:
    given = value if isinstance(value, list) else [value]
    if field.kind in ("tags", "segment"):
        fits = all(type(each) is int and each > 0 for each in given)
    elif operator == "month":
        fits = all(type(each) is int and 1 <= each <= 12 for each in given)
    elif field.options is not None:
        fits = all(isinstance(each, str) and each in (field.options or ()) for each in given)
    elif field.pattern is not None:
        form = field.pattern
        fits = all(isinstance(each, str) and (not each or form.fullmatch(each)) for each in given)
    else:
        fits = all(isinstance(each, str) and each.strip() for each in given)
    if not fits or not given or len(given) > VALUES_MAX:
        raise wrong
    return tuple(dict.fromkeys(given))


def _where(field: Field, data: Mapping[str, Any]) -> tuple[tuple[str, tuple[str | int, ...]], ...]:
    read: list[tuple[str, tuple[str | int, ...]]] = []
    for name, values in data.items():
        wrong = _Wrong(WHERE, field=field.key, name=name, value=_plain(values))
        if field.rows is None or name not in field.rows.where:
            raise wrong
        options = field.rows.options.get(name)
        wanted = int if name in field.rows.ids else str
        if not all(type(each) is wanted and (options is None or each in options) for each in values):
            raise wrong
        read.append((name, tuple(dict.fromkeys(values))))
    return tuple(sorted(read))


def _period(data: Mapping[str, Any]) -> Period:
    try:
        return period_read(data)
    except ValueError as error:
        raise _Wrong(DAY, value=" – ".join(str(value) for value in data.values())) from error


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, Mapping) else str(value)
