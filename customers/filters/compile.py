"""A filter tree as SQL over the facts of guests. Pure: texts and parameters.

Every condition is true or not of a guest, never unknown: a negation turns exactly the others up. Conditions on the
facts are answered by one look at a row, the number of stays in a free window too; what the facts do not hold (other
aggregates, fields of the business's own) is asked of its own table, in one of two ways: of the whole register at once,
or row by row where only a part of it is looked at.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from accounts.marking import gettext_noop
from customers.filters.catalogue import INVOICE_STATE, Catalogue, Field, code
from customers.filters.period import Period, Span, birthday_ranges, shifted
from customers.filters.tree import Condition, Group, Problem, TreeError

SEGMENT_GONE: Final = gettext_noop(
    "The segment it refers to has been removed. Choose another, or take the condition away."
)
SEGMENT_CIRCLE: Final = gettext_noop(
    "The segment “%(segment)s” refers back to itself. Take the condition away in one of them."
)


class Sql(NamedTuple):
    """A condition and its parameters."""

    text: str
    values: list[Any]


class Referred(NamedTuple):
    """A segment that a filter may refer to."""

    name: str
    tree: Group


@dataclass(frozen=True)
class Context:
    """What a filter's meaning depends on beside itself.

    ``today`` and ``zone`` are the business's. Amounts are in ``currency``; ``ranks[p]`` is what the
    top p percent of guests have spent, in hundredths. ``segments`` by id; one that cannot be read is left out.
    """

    today: dt.date
    zone: dt.tzinfo = dt.UTC
    currency: str = ""
    ranks: Mapping[int, int] = field(default_factory=dict)
    segments: Mapping[int, Referred] = field(default_factory=dict)


def compile_tree(tree: Group, catalogue: Catalogue, context: Context, *, by_row: bool = False) -> Sql:
    """The tree as a condition on the facts ``f``; the empty tree is ``true``.

    ``by_row``: asked of a part of the register, guest by guest. Raises :class:`TreeError` for a segment that is gone or
    refers back to itself.
    """
    return _Compiler(catalogue, context, by_row).tree(tree)


def is_narrow(tree: Group, catalogue: Catalogue, context: Context) -> bool:
    """Whether the facts alone answer the tree, segments that it refers to included."""
    return all(
        all(
            value in context.segments and is_narrow(context.segments[value].tree, catalogue, context)
            for value in c.value
        )
        if c.field == "segment"
        else catalogue[c.field].is_narrow(c.where)
        for c in tree.conditions()
    )


class _Compiler:
    def __init__(self, catalogue: Catalogue, context: Context, by_row: bool) -> None:
        self.catalogue, self.context, self.by_row = catalogue, context, by_row
        self.within: list[int] = []

    def tree(self, tree: Group) -> Sql:
        return self._group(tree, "")

    def _group(self, group: Group, place: str) -> Sql:
        parts = []
        for number, rule in enumerate(group.rules, 1):
            here = f"{place}.{number}" if place else str(number)
            parts.append(self._group(rule, here) if isinstance(rule, Group) else self._condition(rule, here))
        if not parts:
            return Sql("false" if group.negated else "true", [])
        joined = _joined(" AND " if group.match == "all" else " OR ", parts)
        return Sql(f"({joined.text}) IS NOT TRUE", joined.values) if group.negated else joined

    def _condition(self, condition: Condition, place: str) -> Sql:
        found = self.catalogue[condition.field]
        if found.rows is not None:
            sql = self._aggregate(found, condition)
        elif found.own is not None:
            sql = self._own(found, condition)
        elif found.kind == "segment":
            sql = self._segments(condition, place)
        else:
            sql = self._value(found, condition, found.column)
        return Sql(f"({sql.text}) IS NOT TRUE", sql.values) if condition.negated else Sql(f"({sql.text})", sql.values)

    def _value(self, found: Field, condition: Condition, column: str) -> Sql:
        operator, value = condition.operator, condition.value
        if operator == "empty":
            return Sql(_EMPTY.get(found.kind, "{} IS NULL").format(column), [])
        if found.key == "age":
            return _between(column, *self._born(operator, value))
        if found.key.startswith("consent."):
            return _consent(int(column), value)
        return _BY_KIND[found.kind](self, found, column, operator, value)

    def _text(self, found: Field, column: str, operator: str, value: Any) -> Sql:
        text = column if found.is_lower else f"lower({column})"
        one = {"is": f"{text} = lower(%s)", "contains": f"strpos({text}, lower(%s)) > 0",
               "starts_with": f"starts_with({text}, lower(%s))"}[operator]  # fmt: skip
        return Sql(" OR ".join([one] * len(value)), list(value))

    def _choice(self, found: Field, column: str, operator: str, value: Any) -> Sql:
        if found.codes is not None:
            return Sql(f"{column} = ANY (%s::smallint[])", [[found.codes[each] for each in value]])
        if found.is_coded:
            # One number is compared quicker than a list of one.
            told = [code(each) for each in value]
            return Sql(f"{column} = %s", told) if len(told) == 1 else Sql(f"{column} = ANY (%s::integer[])", [told])
        stored = ["" if each == "none" and found.key.endswith("_state") else each for each in value]
        return Sql(f"{column} = ANY (%s::text[])", [stored])

    def _tags(self, found: Field, column: str, operator: str, value: Any) -> Sql:
        if not self.by_row:
            # Few guests have a tag, and an index names them; a planner takes it or leaves it.
            with_one = "f.customer_id IN (SELECT t.customer_id FROM customers_customertag t WHERE t.tag_id = ANY (%s))"
            each = [list(value)] if operator == "any_of" else [[tag] for tag in value]
            return Sql(" AND ".join([with_one] * len(each)), each)
        return Sql(f"{column} {'&&' if operator == 'any_of' else '@>'} %s::bigint[]", [list(value)])

    def _number(self, found: Field, column: str, operator: str, value: Any) -> Sql:
        return _between(column, *_ends(operator, value), cast=_CAST[found.kind])

    def _money(self, found: Field, column: str, operator: str, value: Any) -> Sql:
        low, high = (None if end is None else int(end * 100) for end in _ends(operator, value))
        bounded = _between(f"(CASE WHEN f.currency = %s THEN {column} ELSE 0 END)", low, high)
        return Sql(bounded.text, [each for end in bounded.values for each in (self.context.currency, end)])

    def _date(self, found: Field, column: str, operator: str, value: Any) -> Sql:
        span: Span = value.span(self.context.today)
        bounded = _between(column, *span, cast="::date")
        return Sql(
            f"{bounded.text} AND {column} IS NOT NULL" if bounded.values else f"{column} IS NOT NULL", bounded.values
        )

    def _birthday(self, found: Field, column: str, operator: str, value: Any) -> Sql:
        if operator == "month":
            return Sql(f"{column} / 100 = ANY (%s::int[])", [list(value)])
        ranges = birthday_ranges(value.span(self.context.today))
        return _joined(" OR ", [_between(column, low, high) for low, high in ranges])

    def _flag(self, found: Field, column: str, operator: str, value: Any) -> Sql:
        return Sql(column, [])

    def _rank(self, found: Field, column: str, operator: str, value: Any) -> Sql:
        threshold = self.context.ranks.get(value)
        if threshold is None:
            return Sql("false", [])
        return Sql(f"f.currency = %s AND {column} >= %s AND {column} > 0", [self.context.currency, threshold])

    def _born(self, operator: str, value: Any) -> tuple[dt.date | None, dt.date | None]:
        """Birth dates of an age in whole years: who is ``n`` was born on the day n years ago or in the year before."""
        youngest, oldest = _ends(operator, value)
        today = self.context.today
        last = None if youngest is None else shifted(today, "year", -max(0, int(youngest)))
        first = None if oldest is None else shifted(today, "year", -max(-1, int(oldest)) - 1) + dt.timedelta(days=1)
        return first, last

    def _segments(self, condition: Condition, place: str) -> Sql:
        parts = []
        for number in condition.value:
            referred = self.context.segments.get(number)
            if referred is None:
                raise TreeError([Problem(place, SEGMENT_GONE, {})])
            if number in self.within:
                raise TreeError([Problem(place, SEGMENT_CIRCLE, {"segment": referred.name})])
            self.within.append(number)
            try:
                parts.append(self._group(referred.tree, ""))
            except TreeError as error:
                # The condition of the filter at hand is what its reader can change.
                raise TreeError([Problem(place, each.message, each.params) for each in error.problems]) from error
            self.within.pop()
        return _joined(" OR ", parts)

    def _own(self, found: Field, condition: Condition) -> Sql:
        assert found.own is not None  # noqa: S101 - the caller has looked
        if condition.operator == "empty":
            held = Sql("true", [])
        elif found.own.kind == "number":
            ends = [None if end is None else int(end * _SCALE) for end in _ends(condition.operator, condition.value)]
            held = _between("v.number_scaled", *ends)
        else:
            column = {"date": "v.date", "yes_no": "v.flag"}.get(found.own.kind, "v.text")
            held = self._value(found, condition, column)
        source, guest = _OWN_OF_STAY if found.of_stay else _OWN_OF_GUEST
        rows = Sql(f"{source} AND v.field_id = %s AND ({held.text})", [found.own.id, *held.values])
        inside = self._member(rows, guest)
        return Sql(f"NOT {inside.text}", inside.values) if condition.operator == "empty" else inside

    def _member(self, rows: Sql, guest: str) -> Sql:
        """Whether the guest has any of these rows. Row by row it is a scalar query, which stays a probe, whatever the
        planner believes of it."""
        if self.by_row:
            found = f"(SELECT true FROM {rows.text} AND {guest} = f.customer_id LIMIT 1)"
            return Sql(f"({found} IS TRUE)", rows.values)
        return Sql(f"(f.customer_id IN (SELECT {guest} FROM {rows.text}))", rows.values)

    def _aggregate(self, found: Field, condition: Condition) -> Sql:
        if found.is_narrow(condition.where):
            return self._days(found, condition)
        rows = self._rows(found, condition)
        low, high = _ends(condition.operator, condition.value)
        if self.by_row:
            total = f"(SELECT coalesce({found.sum}, 0) FROM {rows.text} AND {found.rows.guest} = f.customer_id)"  # type: ignore[union-attr]
            bounded = _between("{}", low, high, cast="::numeric")
            times = len(bounded.values)
            return Sql(
                bounded.text.format(*[total] * times), [v for end in bounded.values for v in (*rows.values, end)]
            )
        # Guests without a row are in no group: where nothing fits, those outside the bounds are left out instead.
        with_none = (low is None or low <= 0) and (high is None or high >= 0)
        if found.rows.within:  # type: ignore[union-attr]
            fitting = self._within(found, condition, outside=with_none)
            # Not joined but hashed by itself: a planner that cannot see into the function would probe for each guest.
            return Sql(f"(f.customer_id IN ({fitting.text})) IS {'NOT ' if with_none else ''}TRUE", fitting.values)
        bounded = _between(f"coalesce({found.sum}, 0)", low, high, cast="::numeric")
        having = f"NOT ({bounded.text})" if with_none else bounded.text
        guest = found.rows.guest  # type: ignore[union-attr]
        group = f"SELECT {guest} FROM {rows.text} GROUP BY {guest} HAVING {having}"
        return Sql(f"f.customer_id {'NOT ' if with_none else ''}IN ({group})", [*rows.values, *bounded.values])

    def _days(self, found: Field, condition: Condition) -> Sql:
        """A count over the days that the facts hold: those up to the last day less those before the first."""
        span = Span(None, None) if condition.period is None else condition.period.span(self.context.today)
        counted, days = f"cardinality({found.days})", []
        if span.last is not None:
            counted, days = f"width_bucket(%s::date, {found.days})", [span.last]
        if span.first is not None:
            # The day before is reckoned in the database, whose calendar has one before the first of ours.
            counted, days = f"({counted} - width_bucket(%s::date - 1, {found.days}))", [*days, span.first]
        bounded = _between("{}", *_ends(condition.operator, condition.value), cast=_CAST[found.kind])
        text = bounded.text.format(*[counted] * len(bounded.values))
        return Sql(text, [value for end in bounded.values for value in (*days, end)])

    def _within(self, found: Field, condition: Condition, *, outside: bool) -> Sql:
        """The guests whose total is within the bounds, or of those with rows the others."""
        rows = found.rows
        assert rows is not None  # noqa: S101 - the caller has looked
        named = dict(condition.where)
        span = (None, None) if condition.period is None else condition.period.span(self.context.today)
        given: list[tuple[str, Any]] = [("text", found.key.rpartition(".")[2]), *(("date", day) for day in span)]
        given += [
            (f"{'bigint' if name in rows.ids else 'text'}[]", list(named[name]) if name in named else None)
            for name in rows.where
        ]
        given.append(("text", self.context.currency if found.currency else None))
        given += [("numeric", end) for end in _ends(condition.operator, condition.value)]
        given.append(("boolean", outside))
        return Sql(
            f"SELECT {rows.within}({', '.join(f'%s::{kind}' for kind, _value in given)})", [v for _kind, v in given]
        )

    def _rows(self, found: Field, condition: Condition) -> Sql:
        """The rows that an aggregate counts, from ``FROM`` on."""
        rows = found.rows
        assert rows is not None  # noqa: S101 - the caller has looked
        parts: list[str] = [rows.source]
        values: list[Any] = []
        named = dict(condition.where)
        if rows.unless not in named:
            parts.append(rows.holds)
        for name, wanted in named.items():
            if rows.where[name] is INVOICE_STATE:
                values.append(self.context.today)
            parts.append(f"{rows.where[name]} = ANY (%s::{'bigint' if name in rows.ids else 'text'}[])")
            values.append(list(wanted))
        if found.currency:
            parts.append(f"{found.currency} = %s")
            values.append(self.context.currency)
        if condition.period is not None:
            bounded = self._when(rows.when, condition.period, is_moment=rows.is_moment)
            parts.append(bounded.text)
            values += bounded.values
        return Sql(" AND ".join(parts), values)

    def _when(self, column: str, period: Period, *, is_moment: bool) -> Sql:
        span = period.span(self.context.today)
        if not is_moment:
            return _between(column, *span, cast="::date")
        first = None if span.first is None else self._midnight(span.first)
        after = (
            None if span.last is None or span.last == dt.date.max else self._midnight(span.last + dt.timedelta(days=1))
        )
        ends = [(">=", first), ("<", after)]
        given = [(sign, end) for sign, end in ends if end is not None]
        text = " AND ".join(f"{column} {sign} %s::timestamptz" for sign, _end in given)
        return Sql(text or "true", [end for _sign, end in given])

    def _midnight(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(), self.context.zone)


_SCALE: Final = 10_000
_EMPTY: Final[Mapping[str, str]] = {"text": "{} = ''", "tags": "{} = '{{}}'"}
_CAST: Final[Mapping[str, str]] = {"number": "::bigint"}
_OWN_OF_GUEST: Final = ("customers_guestfieldvalue v WHERE true", "v.customer_id")
_OWN_OF_STAY: Final = (
    "customers_stayfieldvalue v JOIN customers_stayparticipant p ON p.stay_id = v.stay_id WHERE p.is_guest",
    "p.customer_id",
)
_BY_KIND: Final[Mapping[str, Callable[..., Sql]]] = {
    "text": _Compiler._text,
    "choice": _Compiler._choice,
    "tags": _Compiler._tags,
    "number": _Compiler._number,
    "money": _Compiler._money,
    "date": _Compiler._date,
    "birthday": _Compiler._birthday,
    "flag": _Compiler._flag,
    "rank": _Compiler._rank,
}


def _ends(operator: str, value: Any) -> tuple[Decimal | None, Decimal | None]:
    low, high = {
        "at_least": (value, None),
        "at_most": (None, value),
        "equals": (value, value),
        "between": value,
    }[operator]
    return low, high


def _between(column: str, low: Any, high: Any, *, cast: str = "") -> Sql:
    given = [(sign, end) for sign, end in ((">=", low), ("<=", high)) if end is not None]
    text = " AND ".join(f"{column} {sign} %s{cast}" for sign, _end in given)
    return Sql(text or "true", [end for _sign, end in given])


def _consent(place: int, states: Sequence[str]) -> Sql:
    """States of a consent: the bits at twice its place say granted and withdrawn."""
    wanted = {"unknown": 0, "granted": 1, "withdrawn": 2}
    return Sql(f"(f.consents >> {2 * place} & 3) = ANY (%s::int[])", [[wanted[state] for state in states]])


def _joined(sign: str, parts: Sequence[Sql]) -> Sql:
    return Sql(sign.join(f"({part.text})" for part in parts), [value for part in parts for value in part.values])
