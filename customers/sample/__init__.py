"""Sample guests: a pure generator of believable registers, and the services that write them.

``names`` and ``data/*.toml`` know how people of six languages are called, ``profiles`` what a business is like,
``doubles`` how one guest is registered twice, ``generator`` makes batches of rows; none of them knows Django or the
clock. ``services`` writes the rows, ``businesses`` holds the three demo businesses.
"""
