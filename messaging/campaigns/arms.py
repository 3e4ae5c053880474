"""Who is held out of a campaign. Pure: a guest of a campaign falls the same way, whoever asks and when."""

from hashlib import blake2b

_PARTS = 10_000


def is_held_out(*, campaign_id: int, customer_id: int, percent: int) -> bool:
    """Whether this guest gets nothing, as ``percent`` of all do, drawn by a hash of both ids.

    >>> sum(is_held_out(campaign_id=1, customer_id=guest, percent=10) for guest in range(10_000))
    966
    """
    digest = blake2b(f"{campaign_id}:{customer_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _PARTS < percent * _PARTS // 100
