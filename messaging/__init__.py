"""Everything the business says to a guest: templates, the gate, the outbox, transports, campaigns."""
