"""Pages of accounts. Each view says who may call it (accounts.access) and only translates."""
