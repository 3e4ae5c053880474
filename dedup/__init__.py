"""Finding and merging duplicates: blocking, comparisons, scoring, clusters, decisions, merge and its undo."""
