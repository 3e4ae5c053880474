"""Cards that were merged: where their ids lead, and what was written under them."""
