"""Facts of guests: the one narrow table that lists, filters and segments read, and how it is kept true."""
