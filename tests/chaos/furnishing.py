"""A business with guests and an automation of seven steps that an event of another system begins.

``python -m tests.chaos.furnishing GUESTS PORT``: made in the database of the environment; its mail leaves by the server
on that port. Prints what whoever tells of events and counts afterwards must know, as JSON.
"""

import datetime as dt
import json
import sys
from typing import Any

EVENT = "spa.booked"
CALL = "Call after the spa"
FIELD = "pillow"
STEPS = ("mail", "first", "tag", "field", "call", "second", "again")
"""Five responses and two waits of a minute."""


def furnish(guests: int, port: int) -> dict[str, Any]:
    """Make all of it."""
    from accounts.models import ApiKey, Member, Role, User
    from accounts.services.keys import key_create
    from accounts.tenancy import business_scope
    from benchmarks.outbox import analyse, house_make, template_make
    from customers.card.models import Customer, Tag
    from customers.fields.models import CustomField
    from messaging.gate.services import settings_save

    business = house_make(guests=guests, port=port)
    template = template_make(business)
    user = User.objects.create_user(email="owner@example.com", name="Kari", password=None)
    with business_scope(business.pk):
        settings_save(open_from=dt.time(0), open_until=dt.time(0), cap_day=10, cap_week=50)
        member = Member.objects.create(user=user, role=Role.OWNER)
        key = key_create(business=business, name="Spa", scopes=list(ApiKey.Scope), expires_at=None, by=member)
        tag = Tag.objects.create(name="Given")
        CustomField.objects.create(target="guest", key=FIELD, label="Pillow", kind="text")
    with business_scope(business.pk):
        _automation(template, tag.pk)
        ids = sorted(Customer.objects.values_list("pk", flat=True))
    analyse()
    return {"slug": business.slug, "key": key.secret, "guests": ids, "tag": tag.pk}


def _automation(template: int, tag: int) -> None:
    from automations.building.services import automation_create, automation_turn_on

    minute = {"until": "duration", "minutes": 1}
    given: tuple[dict[str, Any], ...] = (
        {"do": "email", "template": template},
        {"do": "wait", "wait": minute},
        {"do": "tag", "tag": tag},
        {"do": "field", "field": FIELD, "value": "Down"},
        {"do": "task", "title": CALL},
        {"do": "wait", "wait": minute},
        {"do": "email", "template": template},
    )
    steps = [{"id": name, **step} for name, step in zip(STEPS, given, strict=True)]
    definition = {"trigger": {"kind": "event", "name": EVENT}, "steps": steps}
    made = automation_create(name="After the spa", definition=definition)
    automation_turn_on(automation_id=made.pk)


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(furnish(int(sys.argv[1]), int(sys.argv[2]))))
