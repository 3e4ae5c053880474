"""One change for many guests at once, as one act that can be undone. docs/bulk.md explains it."""
