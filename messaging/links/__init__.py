"""The addresses that stand in messages: to unsubscribe, to choose, and links that tell whether they were opened."""
