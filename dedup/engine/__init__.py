"""Finding double registrations: a pure core on numpy and rapidfuzz.

``Table`` holds the cards, ``find`` all pairs of a register that may be one guest, ``score`` those of one card,
``explain`` why. ``keys`` (of one card: ``keys_of``) are what a look-up finds its candidates by. Nothing here knows
Django, the clock or the database.
"""

from dedup.engine.explain import BEFORE, OTHERS, Explanation, Part, explain
from dedup.engine.find import Found, find, score
from dedup.engine.keys import keys
from dedup.engine.kinds import GUEST_FIELDS, Field, Kind, columns
from dedup.engine.model import Model
from dedup.engine.pairs import Capped
from dedup.engine.profile import SEPARATOR, Profile
from dedup.engine.single import Weighed
from dedup.engine.single_keys import keys_of
from dedup.engine.table import Table

__all__ = [
    "BEFORE",
    "GUEST_FIELDS",
    "OTHERS",
    "SEPARATOR",
    "Capped",
    "Explanation",
    "Field",
    "Found",
    "Kind",
    "Model",
    "Part",
    "Profile",
    "Table",
    "Weighed",
    "columns",
    "explain",
    "find",
    "keys",
    "keys_of",
    "score",
]
