"""The planner: who enters an automation, and when."""
