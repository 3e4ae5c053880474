"""One message to one segment, once: whom it goes to, how it is sent, what came of it."""
