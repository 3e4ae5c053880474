"""Rows of a batch into the guest tables: COPY into stage, then one INSERT a table, under the row policies."""

import json
from collections.abc import Mapping, Sequence
from io import StringIO

from django.db import connection

from accounts.models import Member, Property
from customers.sample import rows as columns
from customers.sample.rows import Batch, Row, rendered

# COPY goes into tables of this transaction alone, because a table under a row policy refuses it; identity columns of
# the real tables hand out the ids of guests and stays there, so that other rows can name them.
_STAGE = """
CREATE TEMP TABLE sample_customer (n int, kind text, given_name text, family_name text, company_name text,
    organisation_number text, language text, nationality text, birth_date date, street text, postal_code text,
    city text, country text, source text, note text, first_contact date, created_at timestamptz, sort_key text,
    identity_key text, search_tokens text,
    id bigint DEFAULT nextval(pg_get_serial_sequence('customers_customer', 'id')));
CREATE TEMP TABLE sample_contact (customer int, kind text, value text, normalised text, national text, state text,
    is_primary boolean);
CREATE TEMP TABLE sample_tag (customer int, tag text, slot smallint);
CREATE TEMP TABLE sample_stay (n int, property int, status text, arrival date, departure date, unit text,
    unit_type text, adults smallint, children smallint, reference text, channel text, amount numeric, currency text,
    booked_on date, note text, created_at timestamptz,
    id bigint DEFAULT nextval(pg_get_serial_sequence('customers_stay', 'id')));
CREATE TEMP TABLE sample_participant (stay int, customer int, is_guest boolean, is_booker boolean, is_payer boolean,
    is_agent boolean);
CREATE TEMP TABLE sample_activity (customer int, kind text, at timestamptz, text text, member int, is_pinned boolean);
CREATE TEMP TABLE sample_purchase (customer int, stay int, product text, description text, quantity numeric,
    amount numeric, currency text, bought_on date, created_at timestamptz);
CREATE TEMP TABLE sample_invoice (customer int, stay int, number text, issued_on date, due_on date, paid_on date,
    amount numeric, currency text, created_at timestamptz);
CREATE TEMP TABLE sample_task (customer int, title text, due_on date, assignee int, done_at timestamptz, member int,
    created_at timestamptz);
CREATE TEMP TABLE sample_consent (customer int, purpose text, channel text, act text, at timestamptz, source text,
    language text);
CREATE TEMP TABLE sample_guest_value (customer int, field text, text text, number numeric, date date, flag boolean);
CREATE TEMP TABLE sample_stay_value (stay int, field text, text text, number numeric, date date, flag boolean);
CREATE TEMP TABLE sample_relation (customer int, other int, kind text);
"""
_TABLES = (
    "sample_customer", "sample_contact", "sample_tag", "sample_stay", "sample_participant", "sample_activity",
    "sample_purchase", "sample_invoice", "sample_task", "sample_consent", "sample_guest_value", "sample_stay_value",
    "sample_relation",
)  # fmt: skip
_COLUMNS = (
    columns.CUSTOMER, columns.CONTACT, columns.TAG, columns.STAY, columns.PARTICIPANT, columns.ACTIVITY,
    columns.PURCHASE, columns.INVOICE, columns.TASK, columns.CONSENT, columns.GUEST_VALUE, columns.STAY_VALUE,
    columns.RELATION,
)  # fmt: skip
_INSERTS = (
    """
    INSERT INTO customers_customer (business_id, id, version, kind, given_name, family_name, company_name,
        organisation_number, language, nationality, birth_date, street, postal_code, city, country, source, note,
        first_contact, created_at, sort_key, identity_key, search_tokens)
    SELECT %(business)s, id, 1, kind, given_name, family_name, company_name, organisation_number, language, nationality,
        birth_date, street, postal_code, city, country, source, note, first_contact, created_at, sort_key, identity_key,
        search_tokens
    FROM sample_customer
    """,
    """
    INSERT INTO customers_contactpoint (business_id, version, customer_id, kind, value, normalised, national, state,
        is_primary, created_at)
    SELECT %(business)s, 1, c.id, p.kind, p.value, p.normalised, p.national, p.state, p.is_primary, c.created_at
    FROM sample_contact p JOIN sample_customer c ON c.n = p.customer
    """,
    """
    INSERT INTO customers_customertag (business_id, version, customer_id, tag_id, slot, created_at)
    SELECT %(business)s, 1, c.id, (%(tags)s::jsonb ->> t.tag)::bigint, t.slot, c.created_at
    FROM sample_tag t JOIN sample_customer c ON c.n = t.customer
    """,
    """
    INSERT INTO customers_stay (business_id, id, version, property_id, status, arrival, departure, unit, unit_type,
        adults, children, reference, channel, amount, currency, booked_on, note, external_system, external_id,
        created_at)
    SELECT %(business)s, id, 1, (%(properties)s::bigint[])[property + 1], status, arrival, departure, unit, unit_type,
        adults, children, reference, channel, amount, currency, booked_on, note, '', '', created_at
    FROM sample_stay
    """,
    """
    INSERT INTO customers_stayparticipant (business_id, version, stay_id, customer_id, is_guest, is_booker, is_payer,
        is_agent)
    SELECT %(business)s, 1, s.id, c.id, p.is_guest, p.is_booker, p.is_payer, p.is_agent
    FROM sample_participant p JOIN sample_stay s ON s.n = p.stay JOIN sample_customer c ON c.n = p.customer
    """,
    """
    INSERT INTO customers_activity (business_id, version, customer_id, kind, at, text, member_id, actor, created_at,
        is_pinned)
    SELECT %(business)s, 1, c.id, a.kind, a.at, a.text, (%(members)s::bigint[])[a.member + 1],
        coalesce((%(actors)s::text[])[a.member + 1], ''), a.at, a.is_pinned
    FROM sample_activity a JOIN sample_customer c ON c.n = a.customer
    """,
    # Without products of its own, as the sample of a new business, a purchase says in words what it was.
    """
    INSERT INTO customers_purchase (business_id, version, customer_id, stay_id, property_id, product_id, description,
        quantity, amount, currency, bought_on, reference, external_system, external_id, created_at)
    SELECT %(business)s, 1, c.id, s.id, (%(properties)s::bigint[])[s.property + 1],
        (%(products)s::jsonb ->> p.product)::bigint,
        CASE WHEN %(products)s::jsonb ? p.product THEN p.description ELSE p.product END,
        p.quantity, p.amount, p.currency, p.bought_on, '', '', '', p.created_at
    FROM sample_purchase p JOIN sample_customer c ON c.n = p.customer JOIN sample_stay s ON s.n = p.stay
    """,
    """
    INSERT INTO customers_invoice (business_id, version, customer_id, stay_id, number, issued_on, due_on, paid_on,
        amount, currency, note, external_system, external_id, created_at)
    SELECT %(business)s, 1, c.id, s.id, i.number, i.issued_on, i.due_on, i.paid_on, i.amount, i.currency, '', '', '',
        i.created_at
    FROM sample_invoice i JOIN sample_customer c ON c.n = i.customer JOIN sample_stay s ON s.n = i.stay
    """,
    """
    INSERT INTO customers_todo (business_id, version, customer_id, assignee_id, title, note, due_on, done_at, done_by,
        origin, member_id, actor, created_at)
    SELECT %(business)s, 1, c.id, (%(members)s::bigint[])[t.assignee + 1], t.title, '', t.due_on, t.done_at,
        CASE WHEN t.done_at IS NULL THEN '' ELSE coalesce((%(actors)s::text[])[t.member + 1], '') END,
        'member', (%(members)s::bigint[])[t.member + 1], coalesce((%(actors)s::text[])[t.member + 1], ''), t.created_at
    FROM sample_task t JOIN sample_customer c ON c.n = t.customer
    """,
    # Without fields of its own, as the sample of a new business, nothing is known in them.
    """
    INSERT INTO customers_guestfieldvalue (business_id, version, customer_id, field_id, text, number, date, flag)
    SELECT %(business)s, 1, c.id, (%(fields)s::jsonb ->> v.field)::bigint, v.text, v.number, v.date, v.flag
    FROM sample_guest_value v JOIN sample_customer c ON c.n = v.customer WHERE %(fields)s::jsonb ? v.field
    """,
    """
    INSERT INTO customers_stayfieldvalue (business_id, version, stay_id, field_id, text, number, date, flag)
    SELECT %(business)s, 1, s.id, (%(fields)s::jsonb ->> v.field)::bigint, v.text, v.number, v.date, v.flag
    FROM sample_stay_value v JOIN sample_stay s ON s.n = v.stay WHERE %(fields)s::jsonb ? v.field
    """,
    """
    INSERT INTO customers_relation (business_id, version, customer_id, other_id, kind, created_at)
    SELECT %(business)s, 1, c.id, o.id, r.kind, greatest(c.created_at, o.created_at)
    FROM sample_relation r JOIN sample_customer c ON c.n = r.customer JOIN sample_customer o ON o.n = r.other
    """,
)
_CONSENTS = """
    INSERT INTO customers_consentevent (business_id, customer_id, purpose, channel, act, at, recorded_at, language,
        source, by_guest, actor, proof)
    SELECT %(business)s, c.id, e.purpose, e.channel, e.act, e.at, e.at, e.language, e.source, e.source = 'form', '', ''
    FROM sample_consent e JOIN sample_customer c ON c.n = e.customer
    ORDER BY e.at
"""


def batch_write(
    batch: Batch,
    *,
    properties: Sequence[Property],
    staff: Sequence[Member],
    tags: Mapping[str, int],
    products: Mapping[str, int],
    fields: Mapping[str, int],
    with_consents: bool = False,
) -> None:
    """Write a batch in the scope and change set that are open.

    ``properties`` are the profile's places in its order, ``tags`` the ids of the tags' codes and names, ``products``
    those of the products by name, ``fields`` those of own fields by target and key. Consents can be added and never
    taken away: only a register that stays has them.
    """
    values = {
        "business": properties[0].business_id,
        "properties": [place.pk for place in properties],
        "tags": json.dumps(dict(tags)),
        "products": json.dumps(dict(products)),
        "fields": json.dumps(dict(fields)),
        "members": [member.pk for member in staff],
        "actors": [str(member) for member in staff],
    }
    parts: list[list[Row]] = [
        batch.customers, batch.contacts, batch.tags, batch.stays, batch.participants, batch.activities,
        batch.purchases, batch.invoices, batch.tasks, batch.consents, batch.guest_values, batch.stay_values,
        batch.relations,
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        for table, names, part in zip(_TABLES, _COLUMNS, parts, strict=True):
            cursor.copy_expert(f"COPY {table} ({', '.join(names)}) FROM STDIN", StringIO(rendered(part)))
        for statement in _INSERTS:
            cursor.execute(statement, values)
        if with_consents:
            cursor.execute(_CONSENTS, values)
        cursor.execute(f"DROP TABLE {', '.join(_TABLES)}")


def sample_lock(*, business_id: int) -> None:
    """Let one transaction at a time add sample guests to a business."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('innkeeper.sample', %s))", [business_id])


def connection_close() -> None:
    """Give this thread's connection back; the thread may be a pool's, which no request ends."""
    connection.close()
