"""Why a row of a file becomes what it becomes. Sentences are marked here and translated where they are shown."""

from typing import Final

from accounts.marking import gettext_noop

FOUND: Final[dict[str, str]] = {
    "": gettext_noop("Nobody in the register is like this"),
    "stay": gettext_noop("The booking is known by its number"),
    "invoice": gettext_noop("The invoice is known by its number"),
    "purchase": gettext_noop("The purchase is known by its number"),
    "number": gettext_noop("The card has the same number"),
    "row": gettext_noop("The same row was imported before"),
    "email": gettext_noop("Same name and e-mail address"),
    "phone": gettext_noop("Same name and phone number"),
    "address": gettext_noop("The card has this e-mail address or phone number"),
    "file": gettext_noop("The same guest as on an earlier line of the file"),
    "decided": gettext_noop("As you decided"),
    "earlier": gettext_noop("As somebody decided in an earlier file"),
}
"""How the guest of a row was found."""
REVIEW: Final[dict[str, str]] = {
    "same_email": gettext_noop("The e-mail address is on the card of somebody with another name"),
    "same_phone": gettext_noop("The phone number is on the card of somebody with another name"),
    "same_name": gettext_noop("Somebody with the same name has the same postal code or date of birth"),
    "alike": gettext_noop("A card is much alike"),
    "several": gettext_noop("More than one card fits"),
}
"""Why somebody should look before the row goes in. Nobody does: `several` means the oldest card, the others a new one.
"""
CAUSES: Final = FOUND | REVIEW
"""Every cause but those of rows that cannot be imported, which are the reasons of `imports.problems`."""
