#!/bin/sh
# Run once by the database's container: the role of daily work, which owns nothing (docs/decisions/0012).
set -eu
psql --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=password="$(cat /run/secrets/database_daily_password)" <<'SQL'
CREATE ROLE yizhan LOGIN PASSWORD :'password';
SQL
