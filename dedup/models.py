"""Every model of the app, for Django to find. Import them from their own rooms."""

from dedup.register.models import CardKey, CardProfile, Decision, Match, MatchRun, MatchSettings

__all__ = ["CardKey", "CardProfile", "Decision", "Match", "MatchRun", "MatchSettings"]
