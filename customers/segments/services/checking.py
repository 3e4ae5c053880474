"""Whether the tree of a segment or a view can be kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from accounts.models import Business
from accounts.tenancy import require_business_id
from customers.conditions.selectors import filter_catalogue, filter_context
from customers.filters import Group, Referred, compile_tree, tree_read, tree_write
from customers.segments.models import Segment


def tree_checked(tree: Group | Mapping[str, Any], *, segment: Segment | None = None) -> Group:
    """The tree, read against the business's fields, brought up to date when it is of an older version.

    ``segment`` is the one it is to be the tree of. Raises :class:`~customers.filters.TreeError`, which names every
    condition that cannot be read, names a segment that is not there, or leads back to ``segment``.
    """
    catalogue = filter_catalogue()
    read = tree_read(tree_write(tree) if isinstance(tree, Group) else tree, catalogue)
    business = Business.objects.get(pk=require_business_id())
    context = filter_context(business=business, catalogue=catalogue, every_segment=True)
    if segment is not None:
        context = replace(context, segments={**context.segments, segment.pk: Referred(segment.title, read)})
    compile_tree(read, catalogue, context)
    return read
