"""Templates: what the business says again and again, in the languages its guests read."""
