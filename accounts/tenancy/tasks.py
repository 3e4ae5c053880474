"""The Celery base class of tasks that work in a business."""

from typing import Any

from celery import Task

from accounts.tenancy.scope import NoBusiness, business_scope


class TenantTask(Task):
    """A task whose first argument is ``business_id``; it runs inside that business's scope.

    ``scoped = False`` leaves opening scopes to the task itself: one that works in several transactions, such as an
    import in batches. A task called without a business fails at once.
    """

    abstract = True
    scoped = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        business_id = kwargs.get("business_id", args[0] if args else None)
        if not isinstance(business_id, int) or isinstance(business_id, bool):
            raise NoBusiness(f"{self.name} was called without a business id as its first argument.")
        if not self.scoped:
            return super().__call__(*args, **kwargs)
        with business_scope(business_id, kwargs.get("member_id")):
            return super().__call__(*args, **kwargs)
