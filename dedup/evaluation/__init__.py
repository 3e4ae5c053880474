"""How well the engine does on a labelled file: reading it, measures, and a report."""
