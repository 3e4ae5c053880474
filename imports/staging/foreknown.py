"""What the register holds that the rows of a batch may mean, asked beside the preview of the batch before it.

Only what is asked of every row alike; what is wanted beyond that, a preview asks itself. It tells how things stand
while it is made: nothing that is asked a moment earlier makes it another one. An import that writes asks anew.
"""

from dataclasses import replace

from django.db import connection

from imports.mapping import Interpreted
from imports.staging.job import Job
from imports.staging.known import Register
from imports.staging.matches import Foreknown


def foretell(job: Job, batch: Interpreted) -> Foreknown:
    """Ask the register about the guests of a batch, in the scope of the business."""
    with connection.cursor() as cursor:
        register = Register(cursor, replace(job, dry=False))
        if register.is_empty:
            return Foreknown(is_empty=True)
        points = register.points((row.kind, row.normalised) for row in batch.contacts if row.normalised)
        wanted = {key for guest in batch.guests for key in (guest.number, guest.digest) if key}
        numbers = register.numbered(wanted)
        bearers = {card for point in points.values() for card in point.cards} | set(numbers.values())
        met = {guest.line for guest in batch.guests if guest.number in numbers or guest.digest in numbers}
        met |= {row.line for row in batch.contacts if (point := points.get((row.kind, row.normalised))) and point.cards}
        strangers = [guest for guest in batch.guests if guest.line not in met and guest.identity_key]
        return Foreknown(
            is_empty=False,
            points=register.asked_points,
            numbers={key: numbers.get(key) for key in wanted},
            identities=register.identities(bearers),
            strangers={guest.line for guest in strangers},
            namesakes=register.namesakes(strangers),
        )
