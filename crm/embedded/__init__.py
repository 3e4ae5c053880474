"""The embedded services: a PostgreSQL and a Valkey of this checkout's own, for those who have no server.

``DATABASE_URL``, ``DATABASE_OWNER_URL`` and ``REDIS_URL`` win: nothing is started for what they name.
``INNKEEPER_EMBEDDED=0`` switches the whole package off, as production images do.

**Who stops them.** Every process that uses the services holds a shared lock on ``var/users.lock`` for as long as it
lives; the kernel lets go of it however the process ends. ``./run`` and ``./test`` stop the services when they end and
nobody else holds the lock. Whoever else started them, a small keeper process waits for the last user to go and stops
them some seconds later. So they are never taken from under another process, and never outlive their users for long.
"""

from crm.embedded.home import ServiceError
from crm.embedded.services import configure, ensure, status, stop

__all__ = ["ServiceError", "configure", "ensure", "status", "stop"]
