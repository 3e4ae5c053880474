"""``manage.py collectstatic`` without what no page uses, which took ten times as long to compress as all the rest."""

from typing import Any

from django.contrib.staticfiles.management.commands import collectstatic

UNUSED = [
    "django_htmx",  # its bundled scripts; ours is pinned in static/vendor
    "rest_framework",  # the browsable API needs inline scripts, which the content security policy forbids
]


class Command(collectstatic.Command):
    """As Django's, with more patterns to ignore."""

    def set_options(self, **options: Any) -> None:
        """Add our patterns to those of the command line."""
        super().set_options(**options)
        self.ignore_patterns = [*self.ignore_patterns, *UNUSED]
