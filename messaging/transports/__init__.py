"""How messages leave: what a business sends through, the sending itself, the local inbox, the sender domain's check."""
