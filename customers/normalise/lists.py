"""Lists of words and addresses, kept as data beside the code that reads them."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any


def listed(file: str, section: str, key: str) -> frozenset[str]:
    """The words under `key` in a section of `<file>.toml`: an array, or a text of words."""
    words = _read(file)[section][key]
    return frozenset(words.split() if isinstance(words, str) else words)


def table(file: str, section: str) -> dict[str, Any]:
    """All that stands in a section of `<file>.toml`."""
    return dict(_read(file)[section])


@cache
def _read(file: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("customers.normalise").joinpath(f"{file}.toml").read_text("utf-8"))
