"""What a new business starts with."""

from typing import Any

from customers.card.models import Tag


def tags_of_new_business(sender: Any, **kwargs: Any) -> None:
    """The eight usual tags."""
    Tag.objects.bulk_create(Tag(code=code.value, name=code.name.lower()) for code in Tag.Code)
