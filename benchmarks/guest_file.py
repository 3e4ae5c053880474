"""A guest list of any length as another system would export it, of the demo generator's guests: 8 in 100 are doubles.

``python -m benchmarks.guest_file ROWS FILE``: a semicolon file in the columns of Innkeeper's own list. The same rows
every time.
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

COLUMNS = (
    "id", "kind", "given_name", "family_name", "company", "organisation_number", "email", "phone", "language",
    "nationality", "street", "postal_code", "city", "country", "birth_date", "source", "first_contact", "tags", "note",
)  # fmt: skip
_SEED = "guest file"
_TODAY = date(2026, 11, 1)
_FROM_CARD = {"company": "company_name"}


def guest_rows(count: int) -> Iterator[list[str]]:
    """The rows below the header."""
    from customers.sample.generator import batch_sizes, generate
    from customers.sample.profiles import profile_for
    from customers.sample.rows import CUSTOMER, NULL

    profile = profile_for(country="NO", currency="NOK", kinds=["hotel"])
    places = {
        name: CUSTOMER.index(_FROM_CARD.get(name, name)) for name in COLUMNS if _FROM_CARD.get(name, name) in CUSTOMER
    }
    written = 0
    for number, size in enumerate(batch_sizes(count)):
        batch = generate(profile, seed=_SEED, today=_TODAY, number=number, size=size)
        points: dict[str, dict[str, str]] = defaultdict(dict)
        for customer, kind, value, *_rest in batch.contacts:
            points[customer].setdefault(kind, value)
        tags: dict[str, list[str]] = defaultdict(list)
        for customer, tag, _slot in batch.tags:
            tags[customer].append(tag)
        for card in batch.customers:
            written += 1
            row = {name: card[place] for name, place in places.items()}
            row |= {"id": f"G{written}", "tags": ", ".join(tags[card[0]])}
            row |= {name: points[card[0]].get(name, "") for name in ("email", "phone")}
            yield ["" if row[name] == NULL else row[name] for name in COLUMNS]


def guests_write(path: Path, count: int) -> None:
    """Write the file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(COLUMNS)
        writer.writerows(guest_rows(count))


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    django.setup()
    guests_write(Path(sys.argv[2]), int(sys.argv[1]))
