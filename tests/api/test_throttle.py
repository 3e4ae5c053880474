"""How many requests a key may make."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from accounts.api.throttling import KeyThrottle
from tests.api.calling import caller_make
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _three_a_minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cache.clear()
    monkeypatch.setitem(KeyThrottle.THROTTLE_RATES, "key", "3/min")
    yield
    cache.clear()


def test_the_fourth_is_told_when_to_come_back(cast: Cast) -> None:
    caller, other = caller_make(cast.fjordstuen), caller_make(cast.fjordstuen)
    assert [caller.get("tags/").status for _each in range(4)] == [200, 200, 200, 429]
    refused = caller.post("tags/", {"name": "Late"})
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert other.get("tags/").status == 200, "each key is counted by itself"
