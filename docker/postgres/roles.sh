#!/bin/sh
# Run by the postgres image when its data folder is new: the two roles and the database, with the passwords of .env.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set owner_password="$INNKEEPER_OWNER_PASSWORD" --set app_password="$INNKEEPER_APP_PASSWORD" \
    --file /innkeeper/roles.sql
