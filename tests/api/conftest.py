"""Fixtures of the API's tests."""

import pytest

from tests.api.calling import Caller, caller_make
from tests.cast import Cast


@pytest.fixture
def caller(cast: Cast) -> Caller:
    """A system that may do everything at Fjordstuen."""
    return caller_make(cast.fjordstuen)
