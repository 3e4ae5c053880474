"""What the desk must know of guests before saying a word, for many at once."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import require_business_id
from customers.card.models import Customer, CustomerTag, Tag
from customers.permission.marks import MARKS, contact_marks

FLAG_TAGS = (Tag.Code.PROBLEM, Tag.Code.NO_SHOW, Tag.Code.VIP)


@dataclass(frozen=True)
class Flag:
    """A badge: its colour (``bad``, ``warn``, ``vip``, ``neutral``) and its word."""

    tone: str
    label: str | Promise


ALLERGY = Flag("warn", _("Allergy"))


def flags_of(ids: Collection[int], *, allergic: Collection[int] = ()) -> dict[int, list[Flag]]:
    """The flags of each guest that has some, gravest first; two queries, however many guests.

    ``allergic`` are those whose allergy the reader may know of.
    """
    flags: dict[int, list[Flag]] = defaultdict(list)
    for pk in allergic:
        flags[pk].append(ALLERGY)
    marked = Q(is_deceased=True) | Q(is_restricted=True) | Q(do_not_contact=True)
    for guest in Customer.objects.filter(marked, pk__in=ids).only("pk", *(name for name, _tone, _label in MARKS)):
        flags[guest.pk] += [Flag(tone, label) for tone, label in contact_marks(guest)]
    tags = CustomerTag.objects.filter(
        customer_id__in=ids, tag__code__in=FLAG_TAGS, tag__business_id=require_business_id()
    ).select_related("tag")
    order = {code: place for place, code in enumerate(FLAG_TAGS)}
    for worn in sorted(tags, key=lambda worn: order[Tag.Code(worn.tag.code)]):
        flags[worn.customer_id].append(Flag(worn.tag.tone, str(worn.tag)))
    return dict(flags)
