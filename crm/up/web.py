"""gunicorn's settings, for ``./run`` and for containers (``gunicorn -c python:crm.up.web crm.wsgi:application``).

``INNKEEPER_WEB_WORKERS`` and ``INNKEEPER_WEB_THREADS`` say how many requests are answered at once.
"""

import os
from pathlib import Path
from typing import Any

_cores = os.cpu_count() or 1

bind = [f"fd://{os.environ['INNKEEPER_LISTEN_FD']}" if "INNKEEPER_LISTEN_FD" in os.environ else "0.0.0.0:8000"]
worker_class = "gthread"
workers = int(os.environ.get("INNKEEPER_WEB_WORKERS") or min(2 * _cores, 4))
threads = int(os.environ.get("INNKEEPER_WEB_THREADS") or 4)
# Loaded once, then forked: quicker to start and smaller.
preload_app = True
timeout = 60
graceful_timeout = 8
keepalive = 5
# The workers' heartbeat is a file; on a slow disk it would stop the server.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
loglevel = "warning"


def when_ready(server: Any) -> None:
    """Before the workers are forked: load what the first request would, once for all of them."""
    from django.db import connections
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    # A connection opened on the way must not be shared by the forks.
    connections.close_all()
