"""What is asked about a file before it is looked through."""

from typing import Literal, NamedTuple

Asked = Literal["meaning", "needs", "dates", "years", "decimal", "property"]


class Question(NamedTuple):
    """What has to be told before a file can be read without doubt.

    `meaning`   what `column` means; `options` are meanings that come near.
    `needs`     which column has one of the meanings `options`: without any of them the file cannot be imported.
    `dates`     the order of day and month in `column`; `options` are orders.
    `years`     of which century years of two digits in `column` are; `options` are values of `years_of`.
    `decimal`   which of `options` is the decimal sign of `column`.
    `property`  at which property the stays are; `options` are their names.

    `values` are values of the file that show why it is asked.
    """

    asked: Asked
    column: str
    meaning: str
    values: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
