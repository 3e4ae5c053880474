"""What the tables of ``imports`` know of a guest."""

from customers.declarations import Erase, GuestTable, Merge

_WITH_THE_RUN = "belongs to a file, not to a card; goes with the run"

GUEST_TABLES = (
    GuestTable(
        "imports.ImportProblem",
        "",
        Merge.LINEAGE,
        Erase.REMOVE,
        untold=dict.fromkeys(("run", "line", "column", "value", "reason"), _WITH_THE_RUN),
    ),
    GuestTable(
        "imports.ImportSeen",
        "",
        Merge.LINEAGE,
        Erase.REMOVE,
        untold=dict.fromkeys(("run", "what", "row_id", "changed"), "which rows a file spoke of"),
    ),
    GuestTable(
        "imports.ImportRow",
        "",
        Merge.LINEAGE,
        Erase.REMOVE,
        untold=dict.fromkeys(
            ("run", "line", "outcome", "cause", "customer_id", "label", "decision", "same_as"), _WITH_THE_RUN
        ),
    ),
)

IMPERSONAL = {
    "imports.ImportRun": "files that were read",
    "imports.ImportMapping": "what columns mean",
    "imports.ImportFeed": "where files are fetched from",
    "imports.ImportFetch": "when files were fetched",
}
