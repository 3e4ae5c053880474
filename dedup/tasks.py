"""Every task of the app, for Celery to find. Import them from their own rooms."""

from dedup.register.tasks import match_run_work, matches_follow, matches_sweep

__all__ = ["match_run_work", "matches_follow", "matches_sweep"]
