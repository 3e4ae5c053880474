"""What people see and do of duplicates: the queue of pairs, the merge, the settings, and the same for machines."""
