"""The version of a guest by API: two systems never overwrite what the other has written anywhere on the card."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.tenancy import business_scope
from tests.api.calling import Caller
from tests.api.test_guests import INGRID
from tests.cast import Cast
from tests.factories import CustomFieldFactory

pytestmark = pytest.mark.django_db


def test_what_stands_beside_the_card_counts_in_its_version(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomFieldFactory(key="pillow")
    tag = caller.get("tags/").body["items"][0]["id"]
    guest = caller.post("guests/", INGRID).body
    path = f"guests/{guest['id']}/"
    first = guest["contact_points"][0]["id"]
    acts: list[Callable[[], Any]] = [
        lambda: caller.patch(path, {"emails": ["new@example.com", "ingrid@example.com"]}),
        lambda: caller.patch(path, {"fields": {"pillow": "Soft"}}),
        lambda: caller.patch(path, {"fields": {"pillow": "Hard"}}),
        lambda: caller.patch(path, {"fields": {"pillow": None}}),
        lambda: caller.post(f"{path}contact-points/", {"kind": "email", "value": "third@example.com"}),
        lambda: caller.delete(f"{path}contact-points/{first}/"),
        lambda: caller.put(f"{path}tags/{tag}/"),
        lambda: caller.delete(f"{path}tags/{tag}/"),
        lambda: caller.put("guests/by-external-id/bookings/G-1/", {"phones": []}),
    ]
    for act in acts:
        seen = caller.get(path).body
        assert act().status in (200, 201, 204)
        late = caller.patch(path, {"emails": ["late@example.com"], "version": seen["version"]})
        assert (late.status, late.code) == (409, "changed_meanwhile"), act
        now = caller.get(path).body
        assert late.body["current"] == now and now["version"] == seen["version"] + 1
    assert caller.patch(path, {"emails": []}, if_match=f'"{now["version"]}"').body["contact_points"] == []
