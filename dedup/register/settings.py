"""A business's settings, without its models, which are large."""

from dedup.register.models import MatchSettings

_MODELS = ("model", "taught")


def settings_get() -> MatchSettings:
    """The business's settings; as they are to begin with where nothing was set."""
    return MatchSettings.objects.defer(*_MODELS).first() or MatchSettings()


def settings_locked() -> MatchSettings:
    """The business's row, made where there is none yet, locked until the transaction ends."""
    MatchSettings.objects.bulk_create([MatchSettings()], ignore_conflicts=True)
    return MatchSettings.objects.defer(*_MODELS).select_for_update().get()
