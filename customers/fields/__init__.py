"""Fields of the business's own, on guests and stays."""
