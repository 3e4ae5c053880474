"""What an automation says: trigger, rules of entry and exit, goal, steps. Read from JSON, walked step by step. Pure."""

from automations.definition.model import (
    ANCHORS,
    DATES,
    EVENTS,
    EXPIRES_HOURS,
    MESSAGES,
    NOBODY_YET,
    RESPONSES,
    STAYS,
    Aim,
    Definition,
    Do,
    Entry,
    Exit,
    Goal,
    Leave,
    Rule,
    Start,
    Step,
    Trigger,
    Until,
    Wait,
    Who,
)  # fmt: skip
from automations.definition.program import END, Program, program_of
from automations.definition.reading import DefinitionError, Problem, definition_read
from automations.definition.timing import anchored_at, moment_at, wait_until

__all__ = [
    "ANCHORS", "DATES", "END", "EVENTS", "EXPIRES_HOURS", "MESSAGES", "NOBODY_YET", "RESPONSES", "STAYS", "Aim",
    "Definition", "DefinitionError", "Do", "Entry", "Exit", "Goal", "Leave", "Problem", "Program", "Rule", "Start",
    "Step", "Trigger", "Until", "Wait", "Who", "anchored_at", "definition_read", "moment_at", "program_of",
    "wait_until",
]  # fmt: skip
