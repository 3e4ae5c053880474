"""The keeper: waits for the last user of the embedded services to go, then stops them.

Started by :func:`crm.embedded.ensure`, one per home. It does nothing but wait for a lock, so that services never
outlive their users, however those ended.
"""

import fcntl
import os
import sys
import time
from pathlib import Path

from crm.embedded.home import Home, ServiceError, open_lock, try_lock
from crm.embedded.services import stop_unused

GRACE_SECONDS = 15.0
"""Services stay this long after their last user, so that a row of short commands starts them once."""


def keep(path: Path, grace: float = GRACE_SECONDS) -> None:
    """Stop the services of the home at ``path`` once nobody uses them; at once back if another keeper is there."""
    home = Home(path)
    if not home.users_file.exists():
        return
    with home.lock():
        keeper = open_lock(home.keeper_file)
        if not try_lock(keeper):
            return
        os.ftruncate(keeper, 0)
        os.pwrite(keeper, f"{os.getpid()}\n".encode(), 0)
    while home.users_file.exists():
        users = open_lock(home.users_file)
        fcntl.flock(users, fcntl.LOCK_EX)
        os.close(users)
        time.sleep(grace)
        if not home.users_file.exists() or stop_unused(home, keeper):
            return


if __name__ == "__main__":
    try:
        keep(Path(sys.argv[1]))
    except ServiceError as error:
        sys.exit(str(error))
