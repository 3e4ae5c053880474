"""Semicolon files as tests ask what is suggested for them, and read them so."""

import datetime as dt
from typing import Any

from imports.mapping import (
    Context,
    Interpreted,
    Suggestion,
    interpret,
    lay,
    suggest,
)
from imports.readers import Batch

CONTEXT = Context(country="NO", language="nb", today=dt.date(2026, 6, 1), home_currency="NOK", property="Fjordstuen")


def told(header: str, *rows: str, **known: Any) -> Suggestion:
    """What is suggested for a semicolon file."""
    return suggest(header.split(";"), [row.split(";") for row in rows], **known)


def meant(found: Suggestion) -> dict[str, list[str]]:
    """Meaning → columns."""
    return {reading["meaning"]: reading["from"] for reading in found.layout["readings"]}


def read(header: str, *rows: str, **known: Any) -> Interpreted:
    """What a semicolon file becomes as it is suggested."""
    cells = [row.split(";") for row in rows]
    found = suggest(header.split(";"), cells, **known)
    laid = lay(found.layout, header.split(";"), sample=cells)
    return interpret(laid, Batch(list(range(2, len(cells) + 2)), cells), CONTEXT)
