"""The export's one statement: every column of every guest that a condition lets through, in the order of names.

Before the columns stands whether the guest is restricted.
"""

from typing import Final

GUESTS: Final = """
    SELECT c.is_restricted, c.id, c.kind, c.given_name, c.family_name, c.company_name, c.organisation_number,
           (SELECT string_agg(coalesce(nullif(p.normalised, ''), p.value), ' ::: ' ORDER BY p.is_primary DESC, p.id)
            FROM customers_contactpoint p
            WHERE p.business_id = c.business_id AND p.customer_id = c.id AND p.kind = 'email'),
           (SELECT string_agg(coalesce(nullif(p.normalised, ''), p.value), ' ::: ' ORDER BY p.is_primary DESC, p.id)
            FROM customers_contactpoint p
            WHERE p.business_id = c.business_id AND p.customer_id = c.id AND p.kind = 'phone'),
           c.language, c.nationality, c.street, c.postal_code, c.city, c.country, c.birth_date, c.source,
           c.first_contact,
           (SELECT string_agg(coalesce(nullif(t.code, ''), t.name), '; ' ORDER BY g.slot)
            FROM customers_customertag g
            JOIN customers_tag t ON t.business_id = g.business_id AND t.id = g.tag_id
            WHERE g.business_id = c.business_id AND g.customer_id = c.id),
           c.note, c.why_us, c.thanked, c.deal_breakers, CASE WHEN c.do_not_contact THEN 'yes' END,
           CASE WHEN c.is_deceased THEN 'yes' END, f.stays, f.nights, f.value, f.currency, f.last_stay, {own}
    FROM customers_customer c
    JOIN customers_customerfacts f ON f.business_id = c.business_id AND f.customer_id = c.id
    WHERE {condition}
    ORDER BY f.sort_key, f.customer_id
"""
"""``{condition}`` speaks of the card as ``c`` and its facts as ``f``, as customers.filters.conditions writes it;
``{own}`` is :data:`OWN`, or :data:`NO_OWN` where the business has no field of its own."""

OWN: Final = """
    (SELECT json_agg(json_build_array(v.field_id, v.text, v.number::text, v.date, v.flag))
     FROM customers_guestfieldvalue v WHERE v.business_id = c.business_id AND v.customer_id = c.id)
"""
NO_OWN: Final = "NULL"
