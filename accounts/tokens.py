"""Tokens that carry a business's public id, so that its scope can be opened before anything of it is read."""

import hashlib
import secrets
import uuid


def token_make(*, public_id: uuid.UUID) -> str:
    """A new token: the business's public id in hex, a dot and 256 random bits."""
    return f"{public_id.hex}.{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    """SHA-256 in hex, which is all that is kept. The token is random: neither salt nor slowness would add anything."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_public_id(token: str) -> uuid.UUID | None:
    """The public id in a token, or ``None`` for something that is no token."""
    public_id, _dot, secret = token.partition(".")
    if not secret:
        return None
    try:
        return uuid.UUID(hex=public_id)
    except ValueError:
        return None
