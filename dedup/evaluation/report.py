"""A page about an evaluation: the measures, and the pairs that were most wrong."""

from html import escape

import numpy as np

from dedup.engine import explain
from dedup.evaluation.evaluating import Evaluation
from dedup.evaluation.measuring import numbered
from dedup.evaluation.reading import Labelled

SHOWN = 40
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1d2433;background:#fff}
table{border-collapse:collapse;margin:1rem 0;width:100%}th,td{text-align:left;padding:.25rem .6rem;vertical-align:top;
border-bottom:1px solid #d9dee8;overflow-wrap:anywhere}th{font-weight:600}td.n{text-align:right;
font-variant-numeric:tabular-nums}.for{color:#11653c}.against{color:#a2231d}h2{margin-top:2.5rem}
section{margin:1.5rem 0}@media(prefers-color-scheme:dark){body{background:#12161f;color:#e6e9f0}
th,td{border-color:#333b4d}.for{color:#6fd19c}.against{color:#ff9a92}}
"""


def report(labelled: Labelled, evaluation: Evaluation, name: str) -> str:
    """A whole HTML page."""
    measures = evaluation.measures
    found = evaluation.found
    truth = numbered(labelled.truth)
    right = truth[found.left] == truth[found.right]
    proposed = found.probability >= found.model.propose
    wrong = np.flatnonzero(~right & proposed)[:SHOWN]
    missed = np.flatnonzero(right & ~proposed)[::-1][:SHOWN]
    rows = "".join(
        f"<tr><th>{label}<td class=n>{p:.4f}<td class=n>{r:.4f}<td class=n>{f:.4f}</tr>"
        for label, p, r, f in (
            ("Pairs", measures.precision, measures.recall, measures.f1),
            ("Groups", measures.cluster_precision, measures.cluster_recall, measures.cluster_f1),
        )
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Matching: {escape(name)}</title><style>{_STYLE}</style><h1>Matching: {escape(name)}</h1>"
        f"<p>{measures.rows:,} rows, {measures.true_pairs:,} true pairs. Best F1 of pairs {measures.best_f1:.4f} at a "
        f"probability of {measures.best_threshold:.2f}. {measures.certain_pairs:,} pairs are certain; of these "
        f"{measures.certain_precision:.2%} are right.</p>"
        f"<table><tr><th><th>Precision<th>Recall<th>F1</tr>{rows}</table>"
        f"<h2>Proposed and wrong</h2>{_pairs(labelled, evaluation, wrong)}"
        f"<h2>The same and not proposed</h2>{_pairs(labelled, evaluation, missed)}"
        f"<h2>Never compared</h2>{_unseen(labelled, evaluation, truth)}</html>"
    )


def _pairs(labelled: Labelled, evaluation: Evaluation, where: np.ndarray) -> str:
    found = evaluation.found
    told = []
    for at in where.tolist():
        left, right = int(found.left[at]), int(found.right[at])
        why = explain(found.model, evaluation.table, left, evaluation.table, right, weight=float(found.weight[at]))
        cells = "".join(
            f"<tr><td>{escape(part.field)}<td>{escape(part.left)}<td>{escape(part.right)}<td>{part.level}"
            f"<td class='n {'for' if part.weight > 0 else 'against'}'>{part.weight:+.1f}</tr>"
            for part in why.parts
            if part.weight or part.left or part.right
        )
        told.append(
            f"<section><h3>{escape(labelled.ids[left])} and {escape(labelled.ids[right])}: "
            f"{why.probability:.1%}</h3><table>{cells}</table></section>"
        )
    return "".join(told) or "<p>None.</p>"


def _unseen(labelled: Labelled, evaluation: Evaluation, truth: np.ndarray) -> str:
    """True pairs that share no key, some of them."""
    found, size = evaluation.found, labelled.rows
    seen = set((found.left * size + found.right).tolist())
    names = [field.name for field in evaluation.fields]
    order = np.argsort(truth, kind="stable")
    told = []
    for group in np.split(order, np.flatnonzero(np.diff(truth[order])) + 1):
        for at, left in enumerate(group.tolist()):
            for right in group.tolist()[at + 1 :]:
                linked = labelled.sources is None or labelled.sources[left] != labelled.sources[right]
                if linked and left * size + right not in seen and right * size + left not in seen:
                    cells = "".join(
                        f"<tr><td>{escape(name)}<td>{escape(labelled.columns[name][left])}"
                        f"<td>{escape(labelled.columns[name][right])}</tr>"
                        for name in names
                    )
                    told.append(
                        f"<section><h3>{escape(labelled.ids[left])} and {escape(labelled.ids[right])}</h3>"
                        f"<table>{cells}</table></section>"
                    )
                    if len(told) >= SHOWN:
                        return "".join(told)
    return "".join(told) or "<p>None.</p>"
