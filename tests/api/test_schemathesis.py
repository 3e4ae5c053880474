"""Every operation called with what its description allows and with what it does not: the answers keep to the
description, and nothing is ever a mistake of ours."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from crm.api import api_schema
from tests.api.calling import caller_make
from tests.cast import Cast
from tests.furniture import furnish

pytestmark = pytest.mark.django_db

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("INNKEEPER_API_EXAMPLES", "4"))
"""Bodies and parameters tried for each operation: the suite must stay short. More of them, by hand, find more."""
BOUNDARIES = "INNKEEPER_API_EXAMPLES" in os.environ
"""Also each boundary of each field by itself, ten thousand cases and more: when more is asked for."""

schema = schemathesis.openapi.from_dict(
    api_schema(), config=schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": BOUNDARIES}}})
)
schema.app = get_wsgi_application()


@pytest.fixture
def home(cast: Cast) -> Iterator[dict[str, Any]]:
    """The house, its key, and an id of everything. Requests keep the test's connection, as with Django's own client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield {**furnish(cast.fjordstuen, "Fjellrype"), "secret": caller_make(cast.fjordstuen).secret}
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_keep_to_the_description(case: schemathesis.Case, home: dict[str, Any]) -> None:
    case.path_parameters = {name: home[name] for name in case.path_parameters}
    case.headers["Authorization"] = f"Bearer {home['secret']}"
    case.headers["Accept-Encoding"] = "identity"
    with transaction.atomic():
        answer = case.call()
        transaction.set_rollback(True)
    case.validate_response(answer, checks=CHECKS)
