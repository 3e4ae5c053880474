# Sets PYTHON to a Python 3.11 or newer, or says what to install. Sourced by ./run and ./test.
PYTHON=
for candidate in ${INNKEEPER_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        PYTHON=$candidate
        break
    fi
done
if [ -z "$PYTHON" ]; then
    echo "Innkeeper needs Python 3.11 or newer, and none was found." >&2
    echo "On Debian 12, Ubuntu 24.04 and newer:  sudo apt-get install python3 python3-venv" >&2
    echo "Another Python can be named:  INNKEEPER_PYTHON=/path/to/python3 $0" >&2
    exit 1
fi
