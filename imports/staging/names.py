"""Properties, products and tags by the names a file calls them; missing ones are made."""

from collections.abc import Collection

from django.db.backends.utils import CursorWrapper
from django.utils.translation import override

from customers.card.models import Tag
from imports.staging.job import Job

_LANGUAGES = ("en", "nb", "da", "nl")


def property_ids(cursor: CursorWrapper, job: Job, names: Collection[str]) -> dict[str, int]:
    """Each name's property, compared without case. A try-out gives missing ones numbers below 0."""
    cursor.execute("SELECT lower(name), id FROM accounts_property WHERE business_id = %(business)s", job.values())
    known = dict(cursor.fetchall())
    for number, name in enumerate(sorted(names), start=1):
        if name.lower() in known:
            continue
        if job.dry:
            known[name.lower()] = -number
            continue
        cursor.execute(
            """
            INSERT INTO accounts_property (business_id, name, kind, time_zone, created_at)
            VALUES (%(business)s, %(name)s, 'hotel', '', now()) RETURNING id
            """,
            job.values() | {"name": name},
        )
        known[name.lower()] = cursor.fetchone()[0]
    return {name: known[name.lower()] for name in names}


def product_ids(cursor: CursorWrapper, job: Job, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Each (code, name)'s product, by its code, else by its name without case. A try-out makes none."""
    if not names:
        return {}
    cursor.execute(
        "SELECT id, code, lower(name) FROM customers_product WHERE business_id = %(business)s ORDER BY id DESC",
        job.values(),
    )
    rows = cursor.fetchall()
    by_code = {code: product for product, code, _name in rows if code}
    by_name = {name: product for product, _code, name in rows}
    found: dict[tuple[str, str], int] = {}
    for number, (code, name) in enumerate(sorted(names), start=1):
        product = by_code.get(code) or by_name.get((name or code).lower())
        if product is None and job.dry:
            product = -number
        elif product is None:
            cursor.execute(
                """
                INSERT INTO customers_product (business_id, name, code, is_archived, created_at)
                VALUES (%(business)s, %(name)s, %(code)s, false, now()) RETURNING id
                """,
                job.values() | {"name": name or code, "code": code},
            )
            product = cursor.fetchone()[0]
        if code:
            by_code[code] = product
        by_name.setdefault((name or code).lower(), product)
        found[code, name] = product
    return found


def tag_ids(cursor: CursorWrapper, job: Job, names: Collection[str]) -> dict[str, int]:
    """Each name's tag, compared without case; the ready-made ones by code and by name in every language."""
    if not names:
        return {}
    cursor.execute("SELECT id, code, name FROM customers_tag WHERE business_id = %(business)s", job.values())
    known: dict[str, int] = {}
    for tag, code, name in cursor.fetchall():
        known[name.casefold()] = tag
        if code:
            known[code] = tag
            for language in _LANGUAGES:
                with override(language):
                    known.setdefault(str(Tag.Code(code).label).casefold(), tag)
    for number, name in enumerate(sorted(names), start=1):
        if name.casefold() in known:
            continue
        if job.dry:
            known[name.casefold()] = -number
            continue
        cursor.execute(
            """
            INSERT INTO customers_tag (business_id, code, name, created_at)
            VALUES (%(business)s, '', %(name)s, now()) RETURNING id
            """,
            job.values() | {"name": name},
        )
        known[name.casefold()] = cursor.fetchone()[0]
    return {name: known[name.casefold()] for name in names}
