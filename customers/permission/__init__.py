"""Whom the business may contact, for what and how; and whose data may not be processed."""
