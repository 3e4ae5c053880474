"""Sensitive details: encrypted, kept only while the guest consents, each viewing logged."""
