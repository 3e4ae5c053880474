"""The API of a guest's history."""
