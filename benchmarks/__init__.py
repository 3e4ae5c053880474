"""Measures against peers and limits. Each module is a program that prints one JSON object.

docs/benchmarks.md has the commands and what they gave. They use databases of their own beside the installation's.
"""
