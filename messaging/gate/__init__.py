"""The gate: whether, when and to which address a message may go; asked when it is planned and again when it is sent."""
