"""A definition as one walks through it: what follows each step. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from automations.definition.model import Definition, Do, Step

END: Final = ""
"""Where nothing follows."""


@dataclass(frozen=True)
class Program:
    """``first`` is the step a journey begins with; ``next`` what follows each; ``yes`` and ``no`` where a branch leads.

    Ids of steps; :data:`END` where the journey ends.
    """

    first: str
    steps: Mapping[str, Step]
    next: Mapping[str, str]
    yes: Mapping[str, str]
    no: Mapping[str, str]

    def after(self, pk: str, *, answer: bool | None = None) -> str:
        """The step after one; of a branch, the one that ``answer`` leads to; of a condition not met, the end."""
        step = self.steps[pk]
        if step.do == Do.STOP or (step.do == Do.ONLY_IF and answer is False):
            return END
        if step.do == Do.BRANCH:
            return self.yes[pk] if answer else self.no[pk]
        return self.next[pk]


def program_of(definition: Definition) -> Program:
    """The program of a definition."""
    steps: dict[str, Step] = {}
    follows: dict[str, str] = {}
    yes: dict[str, str] = {}
    no: dict[str, str] = {}

    def lay(row: tuple[Step, ...], after: str) -> str:
        for step in reversed(row):
            steps[step.id], follows[step.id] = step, after
            if step.do == Do.BRANCH:
                yes[step.id], no[step.id] = lay(step.yes, after), lay(step.no, after)
            after = step.id
        return after

    first = lay(definition.steps, END)
    return Program(first, steps, follows, yes, no)
