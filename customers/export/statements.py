"""The statements of an export: who is meant, and the rows of some of them with the columns that were chosen."""

from collections.abc import Sequence
from typing import Final

from customers.export.catalogue import CONSENTS, DATE, Column
from customers.export.models import Kind
from customers.fields.models import CustomField

_CARD: Final = "customers_customer c JOIN customers_customerfacts f ON f.customer_id = c.id"
_OF_GUEST: Final = f"{_CARD} JOIN {{}} b ON b.customer_id = c.id"
_BASE: Final = {
    Kind.GUESTS: (_CARD, ""),
    Kind.STAYS: (
        f"{_OF_GUEST.format('customers_stayparticipant')} JOIN customers_stay s ON s.id = b.stay_id",
        ", s.arrival, s.id",
    ),
    Kind.INVOICES: (_OF_GUEST.format("customers_invoice"), ", b.issued_on, b.id"),
    Kind.PURCHASES: (_OF_GUEST.format("customers_purchase"), ", b.bought_on, b.id"),
    Kind.CONSENTS: (_OF_GUEST.format("customers_consentstate"), ", b.purpose, b.channel"),
}
"""The tables a kind's rows come from, and how the rows of one guest follow each other."""

_EVENT: Final = "JOIN customers_consentevent e ON e.id = b.event_id"
_PARTS: Final = {
    "points": """
        LEFT JOIN (
            SELECT customer_id,
                   string_agg(coalesce(nullif(normalised, ''), value), ' ::: ' ORDER BY is_primary DESC, id)
                       FILTER (WHERE kind = 'email') AS email,
                   string_agg(coalesce(nullif(normalised, ''), value), ' ::: ' ORDER BY is_primary DESC, id)
                       FILTER (WHERE kind = 'phone') AS phone
            FROM customers_contactpoint WHERE customer_id = ANY (%(ids)s) GROUP BY customer_id
        ) p ON p.customer_id = c.id
    """,
    "tags": """
        LEFT JOIN (
            SELECT g.customer_id, string_agg(coalesce(nullif(n.code, ''), n.name), '; ' ORDER BY g.slot) AS tags
            FROM customers_customertag g JOIN customers_tag n ON n.id = g.tag_id
            WHERE g.customer_id = ANY (%(ids)s) GROUP BY g.customer_id
        ) t ON t.customer_id = c.id
    """,
    "stay": "LEFT JOIN customers_stay s ON s.id = b.stay_id",
    "product": "LEFT JOIN customers_product d ON d.id = b.product_id",
    "event": _EVENT,
    "wording": f"{_EVENT} LEFT JOIN customers_consentwording w ON w.id = e.wording_id",
}
_STATES: Final = """
    LEFT JOIN (
        SELECT x.customer_id, {columns}
        FROM customers_consentstate x
        JOIN customers_consentevent e ON e.id = x.event_id
        LEFT JOIN customers_consentwording w ON w.id = e.wording_id
        WHERE x.customer_id = ANY (%(ids)s) GROUP BY x.customer_id
    ) s ON s.customer_id = c.id
"""
_STATE: Final = """
    max(CASE WHEN x.granted THEN 'yes' ELSE 'no' END) {only} AS {key}_state, max(e.at) {only} AS {key}_at,
    max(e.source) {only} AS {key}_source, max(w.texts ->> e.language) {only} AS {key}_wording
"""
"""A guest has one state of a consent at most: the aggregate turns rows into columns and chooses nothing."""
_OWN: Final = """
    LEFT JOIN (
        SELECT v.{owner}, {columns} FROM {table} v WHERE v.{owner} {among} GROUP BY v.{owner}
    ) o ON o.{owner} = {key}
"""
_STAYS_OF: Final = "IN (SELECT q.stay_id FROM customers_stayparticipant q WHERE q.customer_id = ANY (%(ids)s))"
_OWN_COLUMNS: Final = {
    CustomField.Kind.NUMBER: "n{pk}|max(v.number)",
    CustomField.Kind.DATE: "d{pk}|max(v.date)",
    CustomField.Kind.YES_NO: "y{pk}|bool_or(v.flag)",
}


def rows_sql(kind: str, columns: Sequence[Column], *, serial_dates: bool) -> str:
    """The rows of the guests ``%(ids)s``: whether the guest is restricted, their id, then the columns as texts.

    Moments come as they are. ``serial_dates``: days as a workbook counts them, those it cannot count in ISO form.
    """
    base, further = _BASE[Kind(kind)]
    told = ", ".join(_told(column, serial_dates) for column in columns)
    return f"""
        SELECT c.is_restricted, c.id, {told}
        FROM {base} {_joins(kind, columns)}
        WHERE c.id = ANY (%(ids)s)
        ORDER BY f.sort_key, c.id{further}
    """


def _told(column: Column, serial_dates: bool) -> str:
    if column.type != DATE:
        return column.sql
    if not serial_dates:
        return f"{column.sql}::text"
    return (
        f"CASE WHEN {column.sql} >= date '1900-03-01' THEN ({column.sql} - date '1899-12-30')::text"
        f" ELSE {column.sql}::text END"
    )


def _joins(kind: str, columns: Sequence[Column]) -> str:
    parts = dict.fromkeys(column.part for column in columns if column.part)
    if "wording" in parts:
        parts.pop("event", None)
    return " ".join(_join(part, kind, columns) for part in parts)


def _join(part: str, kind: str, columns: Sequence[Column]) -> str:
    if part == "property":
        return f"LEFT JOIN accounts_property h ON h.id = {'s' if kind == Kind.STAYS else 'b'}.property_id"
    if part == "states":
        names = [key for key in CONSENTS if any(column.sql.startswith(f"s.{key}_") for column in columns)]
        return _STATES.format(columns=", ".join(_state(key) for key in names))
    if part == "own":
        return _own(kind, [column.field for column in columns if column.field is not None])
    return _PARTS[part]


def _state(key: str) -> str:
    purpose, channel = CONSENTS[key]
    return _STATE.format(key=key, only=f"FILTER (WHERE x.purpose = '{purpose}' AND x.channel = '{channel}')")


def _own(kind: str, fields: Sequence[CustomField]) -> str:
    told = []
    for field in fields:
        name, value = _OWN_COLUMNS.get(CustomField.Kind(field.kind), "t{pk}|max(v.text)").split("|")
        told.append(f"{value} FILTER (WHERE v.field_id = {field.pk:d}) AS {name.format(pk=field.pk)}")
    if kind == Kind.STAYS:
        given = {"owner": "stay_id", "table": "customers_stayfieldvalue", "among": _STAYS_OF, "key": "s.id"}
    else:
        given = {
            "owner": "customer_id",
            "table": "customers_guestfieldvalue",
            "among": "= ANY (%(ids)s)",
            "key": "c.id",
        }
    return _OWN.format(columns=", ".join(told), **given)
