"""Writes on saved views. Who may change a shared one, the edges ask."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Member, User
from accounts.services.refusals import Refused
from customers.filters import Group, tree_write
from customers.segments.members_sql import segments_lock
from customers.segments.models import DefaultView, SavedView
from customers.segments.selectors import view_get
from customers.segments.services.checking import tree_checked

NAME_MAX, TEXT_MAX, COLUMNS_MAX, VIEWS_MAX = 60, 200, 40, 50
_SORT = re.compile(r"-?[a-z][a-z0-9_.]{0,38}", re.ASCII)
_COLUMN = re.compile(r"[a-z][a-z0-9_.]{0,59}", re.ASCII)
CHANGEABLE = ("name", "tree", "text", "sort", "columns", "density")


class ViewChanged(Exception):
    """Somebody changed the view since it was read; nothing was written. ``current`` is how it stands now."""

    def __init__(self, current: SavedView) -> None:
        super().__init__(_("Somebody changed this view meanwhile. Look at it again, then save."))
        self.current = current


def view_create(
    *,
    name: str,
    tree: Group | Mapping[str, Any],
    text: str = "",
    sort: str = "",
    columns: Sequence[str] = (),
    density: str = "",
    member: Member | None = None,
) -> SavedView:
    """Keep how the list looks under a name: for ``member`` alone, or for everybody where there is none.

    Raises :class:`Refused` for a name or a look, and :class:`~customers.filters.TreeError` for conditions, that cannot
    be.
    """
    with transaction.atomic():
        segments_lock()
        others = SavedView.objects.filter(member=member)
        if others.count() >= VIEWS_MAX:
            raise Refused(_("There are %(limit)d views already. Remove some first.") % {"limit": VIEWS_MAX})
        view = SavedView(member=member, position=(others.aggregate(last=Max("position"))["last"] or 0) + 1)
        _fill(view, {"name": name, "tree": tree, "text": text, "sort": sort, "columns": columns, "density": density})
        _save(view, force_insert=True)
    return view


def view_update(
    *, view_id: int, values: Mapping[str, Any], member: Member | None = None, version: int | None = None
) -> SavedView:
    """Change what ``values`` hold (:data:`CHANGEABLE`) of a view that the member may open.

    Raises ``SavedView.DoesNotExist``, :class:`ViewChanged`, :class:`Refused` and
    :class:`~customers.filters.TreeError`; then nothing is written.
    """
    with transaction.atomic():
        segments_lock()
        view = _locked(view_id, member, version)
        before = {name: getattr(view, name) for name in CHANGEABLE}
        _fill(view, values)
        if before == {name: getattr(view, name) for name in CHANGEABLE}:
            return view
        view.version += 1
        view.updated_at = timezone.now()
        _save(view, update_fields=[*CHANGEABLE, "version", "updated_at"])
    return view


def view_share(*, view_id: int, member: Member, shared: bool) -> SavedView:
    """Give a view of the member's own to everybody, or make a shared one theirs.

    Raises ``SavedView.DoesNotExist``, and :class:`Refused` where there is one of that name already.
    """
    with transaction.atomic():
        segments_lock()
        view = _locked(view_id, member, None)
        if view.is_shared == shared:
            return view
        view.member = None if shared else member
        view.version += 1
        view.updated_at = timezone.now()
        _save(view, update_fields=["member", "version", "updated_at"])
        if not shared:
            DefaultView.objects.filter(view=view).exclude(member=member).delete()
    return view


def view_remove(*, view_id: int, member: Member | None = None, version: int | None = None) -> None:
    """Remove a view that the member may open; whose list opened with it, opens as it does for anybody.

    Raises ``SavedView.DoesNotExist`` and :class:`ViewChanged`.
    """
    with transaction.atomic():
        _locked(view_id, member, version).delete()


def view_move(*, view_id: int, to: int, member: Member | None = None) -> None:
    """Put a view in the place ``to`` (0: first) among the shared ones, or among the member's own.

    Raises ``SavedView.DoesNotExist``.
    """
    with transaction.atomic():
        segments_lock()
        view = _locked(view_id, member, None)
        others = list(_beside(view).exclude(pk=view.pk).order_by("position", "id"))
        others.insert(max(0, min(to, len(others))), view)
        for position, each in enumerate(others, 1):
            each.position = position
        SavedView.objects.bulk_update(others, ["position"])


def view_default_set(*, member: Member, view_id: int | None) -> None:
    """Let the member's list open with a view of theirs or a shared one; ``None``: as it does for anybody.

    Raises ``SavedView.DoesNotExist``.
    """
    if view_id is None:
        DefaultView.objects.filter(member=member).delete()
        return
    view = view_get(view_id=view_id, member=member)
    DefaultView.objects.bulk_create(
        [DefaultView(member=member, view=view)],
        update_conflicts=True,
        unique_fields=["business", "member"],
        update_fields=["view"],
    )


def _locked(view_id: int, member: Member | None, version: int | None) -> SavedView:
    view = view_get(view_id=view_id, member=member)
    view = SavedView.objects.select_for_update(no_key=True).get(pk=view.pk)
    if version is not None and version != view.version:
        raise ViewChanged(view)
    return view


def _beside(view: SavedView) -> QuerySet[SavedView]:
    return SavedView.objects.filter(member=view.member_id)


def _fill(view: SavedView, values: Mapping[str, Any]) -> None:
    if "name" in values:
        view.name = " ".join(values["name"].split())
        if not view.name:
            raise Refused(_("Give the view a name."), field="name")
        if len(view.name) > NAME_MAX:
            raise Refused(_("Write at most %(limit)d characters.") % {"limit": NAME_MAX}, field="name")
    if "tree" in values:
        view.tree = tree_write(tree_checked(values["tree"]))
    if "text" in values:
        view.text = values["text"].strip()
        if len(view.text) > TEXT_MAX:
            raise Refused(_("Write at most %(limit)d characters.") % {"limit": TEXT_MAX}, field="text")
    if "sort" in values:
        view.sort = values["sort"]
        if view.sort and not _SORT.fullmatch(view.sort):
            raise Refused(_("The list cannot be sorted by “%(sort)s”.") % {"sort": view.sort[:40]}, field="sort")
    if "columns" in values:
        view.columns = list(dict.fromkeys(values["columns"]))
        strange = [each for each in view.columns if not isinstance(each, str) or not _COLUMN.fullmatch(each)]
        if strange or len(view.columns) > COLUMNS_MAX:
            raise Refused(_("The list has no such columns."), field="columns")
    if "density" in values:
        view.density = values["density"]
        if view.density and view.density not in User.Density.values:
            raise Refused(_("Rows are comfortable or compact."), field="density")


def _save(view: SavedView, **how: Any) -> None:
    try:
        with transaction.atomic():
            view.save(**how)
    except IntegrityError as error:
        raise Refused(_("There is a view called “%(name)s” already.") % {"name": view.name}, field="name") from error
