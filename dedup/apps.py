"""Duplicates: found, decided, merged, unmerged."""

from django.apps import AppConfig


class DedupConfig(AppConfig):
    name = "dedup"

    def ready(self) -> None:
        from customers.card.same import judge_plug
        from customers.signals import guests_changed
        from dedup.register.judging import judged
        from dedup.register.tasks import follow_nudge
        from dedup.review.offered import offer

        guests_changed.connect(follow_nudge, dispatch_uid="dedup-follow")
        judge_plug(judged)
        offer()
