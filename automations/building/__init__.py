"""Automations as people make them: from a recipe or from nothing, step by step, checked, and turned on."""
