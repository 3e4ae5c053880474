"""The filter language as people meet it: what it means today for this business, in words, and how it is typed."""
