"""The outbox: one row a message, planned once, claimed in batches, sent outside any transaction. docs/outbox.md"""
