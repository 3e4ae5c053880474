"""Automations: what is done for guests by itself, when its time has come."""

from django.apps import AppConfig


class AutomationsConfig(AppConfig):
    name = "automations"

    def ready(self) -> None:
        from automations.offered import offer
        from automations.tasks import automations_nudge
        from customers.signals import guests_changed

        guests_changed.connect(automations_nudge, dispatch_uid="automations-planner")
        offer()
