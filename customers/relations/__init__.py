"""How cards belong together: works at, household, referred by, agent for."""
