"""The composition root: settings, urls, Celery, checks and the embedded services.

Kept empty: the embedded services start before Django and must not load Celery on the way.
"""
