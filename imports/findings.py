"""Problems of a run as they are counted and kept."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from imports.problems import Problem

PROBLEMS_KEPT = 1_000
"""Of each kind of problem so many are kept by line and value; all are counted."""


@dataclass(slots=True)
class Findings:
    """Problems met so far: all counted, the first of each kind kept."""

    groups: Counter[tuple[str, str]] = field(default_factory=Counter)
    kept: list[Problem] = field(default_factory=list)

    def add(self, problems: list[Problem]) -> None:
        """Take in a batch's."""
        for problem in problems:
            kind = (problem.column, problem.reason)
            self.groups[kind] += 1
            if self.groups[kind] <= PROBLEMS_KEPT:
                self.kept.append(problem)

    def as_groups(self) -> list[list[Any]]:
        """[column, reason, count], the most frequent first."""
        return [[column, reason, count] for (column, reason), count in self.groups.most_common()]

    @classmethod
    def of(cls, groups: list[list[Any]]) -> "Findings":
        """Go on from what is stored."""
        return cls(Counter({(column, reason): count for column, reason, count in groups}))
