"""Every task of the app, for Celery to find. Import them from their own rooms."""

from customers.bulk.tasks import bulk_run_work, bulk_sweep
from customers.export.tasks import export_run_work, exports_sweep
from customers.facts.tasks import facts_sweep
from customers.segments.tasks import segments_count, segments_sweep
from customers.sensitive.tasks import sensitive_erase, sensitive_sweep

__all__ = [
    "bulk_run_work",
    "bulk_sweep",
    "export_run_work",
    "exports_sweep",
    "facts_sweep",
    "segments_count",
    "segments_sweep",
    "sensitive_erase",
    "sensitive_sweep",
]
