"""What services and guests' programs tell of messages: what became of them, what was opened, what was answered."""
