-- The roles and the database. Run once by a superuser; one statement a line, because PostgreSQL's single-user mode, by
-- which the embedded server runs it, takes lines. docker/postgres/roles.sh runs it with psql.
CREATE ROLE innkeeper_owner;
ALTER ROLE innkeeper_owner WITH LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE innkeeper_app;
ALTER ROLE innkeeper_app WITH LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
CREATE DATABASE innkeeper OWNER innkeeper_owner;
REVOKE ALL ON DATABASE innkeeper FROM PUBLIC;
-- TEMPORARY: bulk imports go through a temporary table. Rights on tables are the migrations' business.
GRANT CONNECT, TEMPORARY ON DATABASE innkeeper TO innkeeper_app;
