"""Calling the API as another system does: with a key, in JSON."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from accounts.models import ApiKey
from accounts.services.keys import key_create
from accounts.tenancy import business_scope
from tests.cast import House

EVERYTHING = tuple(scope.value for scope in ApiKey.Scope)


@dataclass
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Any
    text: str

    @property
    def code(self) -> str:
        """The code of a problem."""
        return str(self.body["code"])

    @property
    def errors(self) -> dict[str, str]:
        """What a problem says against which field."""
        return {each["field"]: each["detail"] for each in self.body["errors"]}


@dataclass
class Caller:
    """A system with a key of a house."""

    house: House
    secret: str
    key: ApiKey | None
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """``path`` is below the house's own address, or begins with a slash. ``body`` is sent as JSON, a text as is."""
        address = path if path.startswith("/") else f"/api/v1/b/{self.house.slug}/{path}"
        data = body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else ""
        kind = headers.pop("content_type", "application/json")
        sent = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if self.secret:
            sent.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.secret}")
        sent.setdefault("HTTP_ACCEPT_LANGUAGE", "en")
        answer = self.client.generic(method.upper(), address, data, content_type=kind, **sent)  # type: ignore[arg-type]
        is_json = answer.headers.get("Content-Type", "").endswith("json")
        return Answer(
            answer.status_code,
            json.loads(answer.content) if is_json and answer.content else None,
            answer.headers,
            answer.content.decode(errors="replace"),
        )

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.call("DELETE", path, **headers)


def caller_make(house: House, scopes: Collection[str] = EVERYTHING, name: str = "Booking system") -> Caller:
    """A key of the house and its holder."""
    with business_scope(house.pk, house.owner.pk):
        made = key_create(business=house.business, name=name, scopes=scopes, expires_at=None, by=house.owner)
    return Caller(house, made.secret, made.key)
