"""Template tags of the interface; docs/design.md lists them."""
