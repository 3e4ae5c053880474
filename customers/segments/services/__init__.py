"""Writes on segments, their members and saved views."""

from customers.segments.members_sql import Refreshed
from customers.segments.services.checking import tree_checked
from customers.segments.services.counting import OLD_AFTER, segment_refresh, segments_refresh
from customers.segments.services.segments import (
    SegmentChanged,
    SegmentInUse,
    segment_create,
    segment_remove,
    segment_update,
)
from customers.segments.services.views import (
    ViewChanged,
    view_create,
    view_default_set,
    view_move,
    view_remove,
    view_share,
    view_update,
)
from customers.segments.starters import starter_segments

__all__ = [
    "OLD_AFTER",
    "Refreshed",
    "SegmentChanged",
    "SegmentInUse",
    "ViewChanged",
    "segment_create",
    "segment_refresh",
    "segment_remove",
    "segment_update",
    "segments_refresh",
    "starter_segments",
    "tree_checked",
    "view_create",
    "view_default_set",
    "view_move",
    "view_remove",
    "view_share",
    "view_update",
]
