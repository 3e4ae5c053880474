"""What other systems tell of guests: written once each, read by the planner, dropped after ninety days."""
