-- Rows on their way out: what a large undo is about to remove is out of everybody's sight from the moment the undo
-- begins, whatever reads it. Each policy asks the first function once a statement and only while something leaves the
-- second once a row. "IS NOT NULL" is how a planner is told that nearly every row passes.

-- True while nothing of the business in scope leaves, or the transaction is the one that takes it away; NULL otherwise.
CREATE OR REPLACE FUNCTION customers_nothing_leaves() RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public AS $$
BEGIN
    IF current_setting('innkeeper.leaving', true) = 'seen' THEN
        RETURN true;
    END IF;
    RETURN NULLIF(NOT EXISTS (
        SELECT FROM public.customers_leaving l
        WHERE l.business_id = NULLIF(current_setting('innkeeper.business', true), '')::bigint), false);
END $$;

CREATE OR REPLACE FUNCTION customers_stays_here(what text, id bigint) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
COST 1 SET search_path = pg_catalog, public AS $$
BEGIN
    -- Ranges of ids never overlap: the one that begins last before the row holds it, or none does.
    RETURN coalesce((
        SELECT l.last_id < id FROM public.customers_leaving l
        WHERE l.business_id = NULLIF(current_setting('innkeeper.business', true), '')::bigint
          AND l.record = what AND l.first_id <= id
        ORDER BY l.first_id DESC LIMIT 1), true);
END $$;

-- Guests that an undo had put out of sight and left after all: their words are found again.
CREATE OR REPLACE FUNCTION customers_postings_return(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    house CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
    words text[];
BEGIN
    INSERT INTO customers_posting (business_id, token, customer_id)
    SELECT DISTINCT c.business_id, t.token, c.id
    FROM customers_customer c CROSS JOIN LATERAL unnest(string_to_array(c.search_tokens, ' ')) AS t (token)
    WHERE c.business_id = house AND c.id = ANY (ids) AND t.token <> ''
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING;
    SELECT array_agg(DISTINCT t.token) INTO words
    FROM customers_customer c CROSS JOIN LATERAL unnest(string_to_array(c.search_tokens, ' ')) AS t (token)
    WHERE c.business_id = house AND c.id = ANY (ids) AND t.token <> '';
    PERFORM customers_vocabulary_learn(house, coalesce(words, '{}'));
END $$;
