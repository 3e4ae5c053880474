"""Nightly imports: files fetched from an https address or taken from a watched folder, let in by a saved mapping."""
