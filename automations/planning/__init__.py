"""Who enters an automation, and when: read in sets from what the database holds and records."""
