"""Where one goes on in the queue after a pair was decided on."""

from django.urls import reverse

from dedup.register.selectors import next_after
from dedup.review.state import QueueState


def following(state: QueueState) -> QueueState:
    """The list with the pair beside it that follows the one of ``state``.

    Asked for once that one has been decided on: a merge closes other pairs of its cards, and the next is the next of
    those that are left.
    """
    if state.match is None:
        return state
    minimum, maximum = state.limits
    return state.with_(
        match=next_after(match_id=state.match, minimum=minimum, maximum=maximum, agree=state.agree, state=state.state)
    )


def queue_address(slug: str, state: QueueState) -> str:
    """The page of a list."""
    return reverse("match_list", kwargs={"slug": slug}) + state.query
