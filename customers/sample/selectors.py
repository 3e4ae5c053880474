"""Reads of sample guests."""

from customers.changes.models import ChangeSet

REGISTER = "seed"
"""The key in a change set's result that marks a whole demo register, not the sample of a new business."""


def sample_current() -> ChangeSet | None:
    """The change set that added sample guests to the business in scope; ``None`` without any, or once undone.

    The register of a demo business is not its sample: such a business opens as one in use does.
    """
    acts = ChangeSet.objects.filter(kind=ChangeSet.Kind.SAMPLE).exclude(result__has_key=REGISTER)
    return acts.exclude(state=ChangeSet.State.UNDONE).order_by("-id").first()


def register_act() -> ChangeSet | None:
    """The change set the demo register of the business in scope was written under, undone or not."""
    acts = ChangeSet.objects.filter(kind=ChangeSet.Kind.SAMPLE, result__has_key=REGISTER)
    return acts.order_by("-id").first()
