"""Compile the message catalogues, without the gettext programs that a bare machine lacks."""

import fcntl
import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from crm.up.fingerprints import CHECKOUT, catalogue_fingerprint

_LOCALE = CHECKOUT / "locale"


def compile_catalogues(stamp: Path) -> bool:
    """Compile every catalogue below ``locale/`` unless the file ``stamp`` says it was done. Whether it did anything."""
    sources = sorted(_LOCALE.glob("*/LC_MESSAGES/*.po"))
    if not sources:
        return False
    stamp.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(stamp.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        wanted = catalogue_fingerprint()
        done = stamp.read_text(encoding="utf-8") if stamp.exists() else ""
        if done == wanted and all(source.with_suffix(".mo").exists() for source in sources):
            return False
        for source in sources:
            with source.open("rb") as stream:
                catalogue = read_po(stream, locale=source.parent.parent.name)
            draft = source.with_suffix(".mo.new")
            with draft.open("wb") as stream:
                write_mo(stream, catalogue)
            draft.replace(source.with_suffix(".mo"))
        stamp.write_text(wanted, encoding="utf-8")
    finally:
        os.close(descriptor)
    return True


if __name__ == "__main__":
    compile_catalogues(CHECKOUT / "var" / "catalogues.stamp")
