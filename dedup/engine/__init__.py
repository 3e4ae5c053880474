"""Finding double registrations: a pure core on numpy and rapidfuzz."""
