"""What guests see: forms, their own profile, preferences, unsubscribing."""
