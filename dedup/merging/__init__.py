"""Cards that are one guest become one card, and come apart again. docs/merging.md explains it."""
