#!/bin/sh
# pgbouncer knows the app role alone: migrations go to PostgreSQL itself.
set -eu
umask 077
printf '"innkeeper_app" "%s"\n' "${INNKEEPER_APP_PASSWORD:?is not set}" > /tmp/userlist.txt
exec pgbouncer "${1:-/etc/innkeeper/pgbouncer.ini}"
