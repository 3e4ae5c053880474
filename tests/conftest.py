"""Fixtures that every test may ask for."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from accounts.tenancy import business_scope, current_business_id
from tests.cast import Cast, House, cast_assemble


@pytest.fixture(autouse=True)
def _nowhere() -> Iterator[None]:
    """No test begins or ends in the scope of a business."""
    assert current_business_id() is None
    # A request in another language leaves it to the thread.
    with translation.override("en"):
        yield
    assert current_business_id() is None


@pytest.fixture
def cast(db: None) -> Cast:
    """Fjordstuen and Duinzicht with four roles each, and a stranger."""
    return cast_assemble()


@pytest.fixture
def transactional_cast(transactional_db: None) -> Cast:
    """The same for a test that commits."""
    return cast_assemble()


@pytest.fixture
def fjordstuen(cast: Cast) -> Iterator[House]:
    """Fjordstuen, with its scope open for the whole test."""
    with business_scope(cast.fjordstuen.pk):
        yield cast.fjordstuen
