"""Typed readers of the process environment.

A missing or malformed value stops the start with a sentence that says what to set.
"""

import base64
import binascii
import ipaddress
import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_KEY_BYTES = 32
_KEY_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,15}")


def text(name: str, default: str | None = None) -> str:
    """The value of ``name``; without one, ``default``; without either, ``ImproperlyConfigured``."""
    value = os.environ.get(name)
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. Set it in the environment; docs/operations.md says to what.")
    return default


def flag(name: str, default: bool) -> bool:
    """A yes/no value: 1, true, yes, on or 0, false, no, off."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    if raw.strip().lower() in _TRUE:
        return True
    if raw.strip().lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {raw!r}; write 1 or 0.")


def number(name: str, default: int) -> int:
    """A whole number."""
    raw = os.environ.get(name)
    if not raw:
        return default
    try:
        return int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {raw!r}; write a whole number.") from error


def one_of(name: str, default: str, choices: tuple[str, ...]) -> str:
    """One of ``choices``."""
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; write {', '.join(choices[:-1])} or {choices[-1]}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks removed."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def numbers(name: str, default: str) -> tuple[int, ...]:
    """Whole numbers, with commas between them."""
    try:
        return tuple(int(part) for part in words(name, default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be whole numbers with commas between them.") from error


def networks(name: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Networks such as ``10.1.2.0/24``, with commas between them."""
    try:
        return tuple(ipaddress.ip_network(part) for part in words(name))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be networks such as 10.1.2.0/24: {error}.") from error


def sealing_keys(name: str) -> tuple[tuple[str, bytes], ...]:
    """``name:base64key[,older:base64key]`` as (name, 32 bytes), in that order. The value itself is never repeated."""
    keys: dict[str, bytes] = {}
    for place, part in enumerate(text(name).split(","), start=1):
        key_name, _, encoded = part.strip().partition(":")
        if not _KEY_NAME.fullmatch(key_name):
            raise ImproperlyConfigured(
                f"Key {place} of {name} has no proper name. Write name:key, the name in at most 16 small letters, "
                "digits, hyphens or underscores."
            )
        if key_name in keys:
            raise ImproperlyConfigured(f"{name} has two keys called {key_name}. Give each a name of its own.")
        try:
            keys[key_name] = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ImproperlyConfigured(f"The key {key_name} of {name} is not base64.") from error
        if len(keys[key_name]) != _KEY_BYTES:
            raise ImproperlyConfigured(
                f"The key {key_name} of {name} has {len(keys[key_name])} bytes, not {_KEY_BYTES}. "
                "Make one with: openssl rand -base64 32"
            )
    return tuple(keys.items())


def key(name: str) -> bytes:
    """32 bytes in base64. The value itself is never repeated."""
    try:
        value = base64.b64decode(text(name), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured(f"{name} is not base64.") from error
    if len(value) != _KEY_BYTES:
        raise ImproperlyConfigured(
            f"{name} has {len(value)} bytes, not {_KEY_BYTES}. Make one with: openssl rand -base64 32"
        )
    return value


def file(name: str) -> str:
    """The path of a file that is there; empty when none is named."""
    path = os.environ.get(name, "")
    if path and not Path(path).is_file():
        raise ImproperlyConfigured(f"{name} is {path!r}; there is no such file.")
    return path


def folder(name: str, default: Path) -> Path:
    """An absolute folder path; created when absent."""
    path = Path(os.environ.get(name) or default).resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path
