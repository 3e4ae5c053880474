"""Marks sentences of the pure cores for translation, without Django."""


def gettext_noop(message: str) -> str:
    """Mark a sentence for the translation catalogues; it is translated where it is shown."""
    return message
