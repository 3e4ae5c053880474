"""How many requests a key may make."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class KeyThrottle(SimpleRateThrottle):
    """Counts each key by itself, in the cache. The rate is a setting of Django REST framework, ``key``."""

    scope = "key"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"api-{request.user.key.business_id}-{request.user.key.pk}"
