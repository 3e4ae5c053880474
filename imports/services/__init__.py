"""Runs: look a file through, decide, write it in batches as one change set, stop, go on after an interruption.

A run opens its own scopes and transactions, one a batch; `run_check` and `run_work` may not be called inside a long
one. The others belong into the caller's scope.
"""

from imports.services.checking import Tryout, run_check, tryout
from imports.services.deciding import DecisionRefused, rows_decide, run_layout_set, run_policy_set, run_table_set
from imports.services.lives import (
    RunRefused,
    run_begin,
    run_create,
    run_discard,
    run_expire,
    run_start,
    run_stop,
)
from imports.services.sources import Source, source_open
from imports.services.working import run_work

__all__ = [
    "DecisionRefused",
    "RunRefused",
    "Source",
    "Tryout",
    "rows_decide",
    "run_begin",
    "run_check",
    "run_create",
    "run_discard",
    "run_expire",
    "run_layout_set",
    "run_policy_set",
    "run_start",
    "run_stop",
    "run_table_set",
    "run_work",
    "source_open",
    "tryout",
]
