"""Texts a business can begin its wordings with, in the four languages. Pure."""

import tomllib
from functools import cache
from pathlib import Path


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("ready.toml").read_text(encoding="utf-8"))


def ready_text(*, key: str, language: str, business: str) -> str:
    """The proposal for a consent (``newsletter-email``) in a language; empty where there is none."""
    return _texts()[key].get(language, "").replace("{business}", business)
