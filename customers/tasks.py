"""Every task of the app, for Celery to find. Import them from their own rooms."""

from customers.sensitive.tasks import sensitive_erase, sensitive_sweep

__all__ = ["sensitive_erase", "sensitive_sweep"]
