"""Triggers, waits, conditions and responses: journeys, their planner and their runner."""
