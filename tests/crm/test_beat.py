"""What beat asks for: each is a task that a worker knows."""

from django.conf import settings

from crm.celery import app


def test_a_worker_knows_every_task_of_the_schedule() -> None:
    app.autodiscover_tasks(force=True)
    asked = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert len(asked) > 5
    assert asked <= set(app.tasks)
