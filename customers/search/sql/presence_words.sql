-- The words of guests present, so that even a query with 100,000 hits meets the few at the desk by an index.
-- Follows customers_presence, its only writer; without foreign keys, like the postings.
ALTER TABLE customers_presenceword DROP CONSTRAINT IF EXISTS customers_presenceword_business_fk;

CREATE OR REPLACE FUNCTION customers_presence_words_added() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO customers_presenceword (business_id, stay_id, customer_id, token, in_house, day)
    SELECT DISTINCT n.business_id, n.stay_id, n.customer_id, t.token, n.in_house,
           CASE WHEN n.is_booked THEN n.arrival ELSE n.departure END
    FROM new_rows n CROSS JOIN LATERAL unnest(string_to_array(btrim(n.tokens), ' ')) AS t (token)
    WHERE t.token <> '';
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION customers_presence_words_removed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    DELETE FROM customers_presenceword w USING old_rows o
    WHERE w.business_id = o.business_id AND w.stay_id = o.stay_id AND w.customer_id = o.customer_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION customers_presence_words_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    DELETE FROM customers_presenceword w USING old_rows o
    WHERE w.business_id = o.business_id AND w.stay_id = o.stay_id AND w.customer_id = o.customer_id;
    INSERT INTO customers_presenceword (business_id, stay_id, customer_id, token, in_house, day)
    SELECT DISTINCT n.business_id, n.stay_id, n.customer_id, t.token, n.in_house,
           CASE WHEN n.is_booked THEN n.arrival ELSE n.departure END
    FROM new_rows n CROSS JOIN LATERAL unnest(string_to_array(btrim(n.tokens), ' ')) AS t (token)
    WHERE t.token <> '';
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER presence_words_added AFTER INSERT ON customers_presence
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_presence_words_added();
CREATE OR REPLACE TRIGGER presence_words_changed AFTER UPDATE ON customers_presence
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION customers_presence_words_changed();
CREATE OR REPLACE TRIGGER presence_words_removed AFTER DELETE ON customers_presence
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_presence_words_removed();

-- Guests who were present before this table was.
INSERT INTO customers_presenceword (business_id, stay_id, customer_id, token, in_house, day)
SELECT DISTINCT n.business_id, n.stay_id, n.customer_id, t.token, n.in_house,
       CASE WHEN n.is_booked THEN n.arrival ELSE n.departure END
FROM customers_presence n CROSS JOIN LATERAL unnest(string_to_array(btrim(n.tokens), ' ')) AS t (token)
WHERE t.token <> ''
ON CONFLICT DO NOTHING;
