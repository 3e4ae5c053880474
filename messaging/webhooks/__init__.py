"""Webhooks: what automations tell other systems, signed as Standard Webhooks, at least once. docs/webhooks.md"""
