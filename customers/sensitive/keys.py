"""The installation's keys, as the environment names them."""

from functools import lru_cache

from django.conf import settings

from customers.sensitive.sealing import Keyring


def keyring() -> Keyring:
    """The keys of ``INNKEEPER_SENSITIVE_KEYS``: the first seals, all open."""
    return _keyring(tuple(settings.INNKEEPER_SENSITIVE_KEYS))


@lru_cache(maxsize=4)
def _keyring(keys: tuple[tuple[str, bytes], ...]) -> Keyring:
    return Keyring(keys)
