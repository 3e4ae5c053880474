-- Rows of history are written by the triggers alone, under an act that customers_change_set() has found in the business:
-- the key to the business would be checked for every row of what is known of all of them.
ALTER TABLE customers_change DROP CONSTRAINT IF EXISTS customers_change_business_fk;

-- The change set this transaction works under. A write to a guest table without one fails: nothing escapes history.
CREATE OR REPLACE FUNCTION customers_change_set() RETURNS bigint LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public AS $$
DECLARE
    act bigint;
BEGIN
    -- Of this business and still open: an act that is closed, or of the business around a nested scope, records nothing.
    SELECT a.id INTO act FROM customers_changeset a
    WHERE a.business_id = NULLIF(current_setting('innkeeper.business', true), '')::bigint
      AND a.id = NULLIF(current_setting('innkeeper.change_set', true), '')::bigint AND a.state = 'open';
    IF act IS NULL THEN
        RAISE EXCEPTION 'A guest table was written outside a change set.'
            USING HINT = 'Open customers.changes.services.change_set() around the write.', ERRCODE = 'restrict_violation';
    END IF;
    RETURN act;
END $$;

-- Row versions: an undo removes a created row only while nobody has touched it, and two editors never overwrite each
-- other. A write that changes nothing counts nothing, as it leaves nothing in history.
CREATE OR REPLACE FUNCTION customers_count_version() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    NEW.version := OLD.version;
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END $$;
