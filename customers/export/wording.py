"""What the pages say of an export, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Business
from customers.conditions.names import Names
from customers.conditions.selectors import filter_catalogue
from customers.conditions.words import tree_words
from customers.export import csv_out, xlsx_out
from customers.export.look import DELIMITERS, XLSX
from customers.export.models import ExportRun
from customers.export.selection import chosen_read
from customers.filters import TreeError
from customers.segments.models import Segment


def format_words(run: ExportRun) -> str:
    """The kind of file, short."""
    if run.format == XLSX:
        return _("Excel workbook")
    return _("CSV (%(delimiter)s)") % {"delimiter": DELIMITERS[run.delimiter]}


def media_type(run: ExportRun) -> str:
    """What a browser is told that the file is."""
    if run.format == XLSX:
        return xlsx_out.MEDIA_TYPE
    return "text/csv; charset=windows-1252" if run.encoding == "cp1252" else csv_out.MEDIA_TYPE


def chosen_words(run: ExportRun, *, business: Business) -> str:
    """Which guests, in words."""
    try:
        chosen = chosen_read(run.selection)
    except TreeError:
        return _("A filter that names what is gone")
    if chosen.ids is not None:
        number = len(chosen.ids)
        return ngettext("%(number)d guest that was chosen", "%(number)d guests that were chosen", number) % {
            "number": number
        }
    if chosen.segment is not None:
        segment = Segment.objects.filter(pk=chosen.segment).first()
        return _("The segment “%(name)s”") % {"name": segment.title} if segment else _("A segment that is gone")
    if chosen.is_all:
        return _("All guests")
    words = tree_words(chosen.tree, Names(business=business, catalogue=filter_catalogue()))
    found = _("found by “%(text)s”") % {"text": chosen.text} if chosen.text else ""
    return ", ".join(each for each in (words, found) if each)
