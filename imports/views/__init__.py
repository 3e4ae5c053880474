"""Pages of imports: choose a file, tell its columns, see what it would do, decide, let it in, see what came of it."""
