"""How many requests a key may make."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import ApiKey


class KeyThrottle(SimpleRateThrottle):
    """Counts each key by itself, in the cache. The rate is a setting of Django REST framework, ``key``."""

    scope = "key"

    def get_cache_key(self, request: Request, view: Any) -> str:
        key: ApiKey = request._request.caller.key  # type: ignore[attr-defined]
        return f"api-{key.business_id}-{key.pk}"
