"""What tests of campaigns share."""

import pytest
from django.test import Client

from tests.cast import House
from tests.messaging.campaigns.houses import open_all_day, signed_in


@pytest.fixture
def marketer(fjordstuen: House) -> Client:
    open_all_day()
    return signed_in(fjordstuen.marketing)
