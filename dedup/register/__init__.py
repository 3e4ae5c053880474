"""Finding a business's double registrations: in the whole register, in what has just changed, and for one card being
typed. docs/duplicates.md explains it."""
