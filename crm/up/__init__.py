"""``./run``: from a fresh checkout to a running Innkeeper, and back to silence.

``environment`` installs packages, ``preparation`` brings database, static files and catalogues up to date, and
``supervisor`` keeps web, worker and beat running. Nothing in here but ``preparation`` loads Django, so that a start
costs no more interpreters than it needs.
"""
