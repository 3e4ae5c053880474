-- The look-up's words: postings, vocabulary and misspellings, kept true by the card's own triggers in the same
-- statement, whoever writes the card (a form, an import, an undo). Everything works on whole statements' rows.

-- Derived rows without foreign keys: the triggers below are their only writers, and a check per row would cost an
-- import more than the rows do.
ALTER TABLE customers_posting DROP CONSTRAINT IF EXISTS customers_posting_business_fk;
ALTER TABLE customers_misspelling DROP CONSTRAINT IF EXISTS customers_misspelling_business_fk;
ALTER TABLE customers_presence DROP CONSTRAINT IF EXISTS customers_presence_business_fk;

-- Words met for the first time go into the vocabulary. The shared lock keeps out only the sweep that takes unused
-- words away; two writers never wait for one another, and may both add the same new word. With each word go its forms
-- with one letter left out: customers.normalise.names.deletions is the same in Python.
CREATE OR REPLACE FUNCTION customers_vocabulary_learn(house bigint, words text[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('innkeeper.vocabulary', house));
    WITH fresh AS (
        INSERT INTO customers_vocabulary (business_id, token)
        SELECT house, w.word FROM unnest(words) AS w (word)
        WHERE NOT EXISTS (SELECT FROM customers_vocabulary v WHERE v.business_id = house AND v.token = w.word)
        ORDER BY w.word
        RETURNING token
    )
    INSERT INTO customers_misspelling (business_id, form, token)
    SELECT house, form, f.token
    FROM fresh f CROSS JOIN LATERAL (
        SELECT DISTINCT left(f.token, place - 1) || substr(f.token, place + 1) AS form
        FROM generate_series(1, length(f.token)) AS place
        WHERE length(f.token) BETWEEN 3 AND 32
    ) d
    ORDER BY form, f.token;
END $$;

CREATE OR REPLACE FUNCTION customers_postings_added() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    house bigint;
    words text[];
BEGIN
    INSERT INTO customers_posting (business_id, token, customer_id)
    SELECT DISTINCT n.business_id, t.token, n.id
    FROM new_rows n CROSS JOIN LATERAL unnest(string_to_array(n.search_tokens, ' ')) AS t (token)
    WHERE t.token <> ''
    ORDER BY 1, 2, 3;
    FOR house, words IN
        SELECT n.business_id, array_agg(DISTINCT t.token)
        FROM new_rows n CROSS JOIN LATERAL unnest(string_to_array(n.search_tokens, ' ')) AS t (token)
        WHERE t.token <> ''
        GROUP BY n.business_id
    LOOP
        PERFORM customers_vocabulary_learn(house, words);
    END LOOP;
    RETURN NULL;
END $$;

-- Old and new rows meet in a function of its own, by hash: a session plans such a join once, for the number of rows it
-- met first, and after an edit of one card would go through a hundred thousand row by row.
CREATE OR REPLACE FUNCTION customers_postings_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off AS $$
DECLARE
    houses bigint[];
    ids bigint[];
    olds text[];
    news text[];
BEGIN
    SELECT array_agg(n.business_id), array_agg(n.id), array_agg(o.search_tokens), array_agg(n.search_tokens)
    INTO houses, ids, olds, news
    FROM new_rows n JOIN old_rows o ON o.business_id = n.business_id AND o.id = n.id
    WHERE o.search_tokens <> n.search_tokens;
    IF ids IS NOT NULL THEN
        PERFORM customers_postings_move(houses, ids, olds, news);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION customers_postings_move(houses bigint[], ids bigint[], olds text[], news text[])
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = on AS $$
DECLARE
    house bigint;
    words text[];
BEGIN
    DELETE FROM customers_posting p
    USING unnest(houses, ids, olds, news) AS w (business_id, id, old, new)
    CROSS JOIN LATERAL unnest(string_to_array(w.old, ' ')) AS t (token)
    WHERE t.token <> ALL (string_to_array(w.new, ' '))
      AND p.business_id = w.business_id AND p.token = t.token AND p.customer_id = w.id;
    INSERT INTO customers_posting (business_id, token, customer_id)
    SELECT DISTINCT w.business_id, t.token, w.id
    FROM unnest(houses, ids, olds, news) AS w (business_id, id, old, new)
    CROSS JOIN LATERAL unnest(string_to_array(w.new, ' ')) AS t (token)
    WHERE t.token <> '' AND t.token <> ALL (string_to_array(w.old, ' '))
    ORDER BY 1, 2, 3;
    FOR house, words IN
        SELECT w.business_id, array_agg(DISTINCT t.token)
        FROM unnest(houses, ids, olds, news) AS w (business_id, id, old, new)
        CROSS JOIN LATERAL unnest(string_to_array(w.new, ' ')) AS t (token)
        WHERE t.token <> ''
        GROUP BY w.business_id
    LOOP
        PERFORM customers_vocabulary_learn(house, words);
    END LOOP;
    UPDATE customers_presence p SET tokens = ' ' || w.new || ' '
    FROM unnest(houses, ids, olds, news) AS w (business_id, id, old, new)
    WHERE p.business_id = w.business_id AND p.customer_id = w.id;
END $$;

CREATE OR REPLACE FUNCTION customers_postings_removed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    houses bigint[];
    ids bigint[];
    olds text[];
BEGIN
    SELECT array_agg(o.business_id), array_agg(o.id), array_agg(o.search_tokens) INTO houses, ids, olds FROM old_rows o;
    IF ids IS NOT NULL THEN
        PERFORM customers_postings_move(houses, ids, olds, array_fill(''::text, ARRAY[cardinality(ids)]));
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER postings_added AFTER INSERT ON customers_customer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_postings_added();
CREATE OR REPLACE TRIGGER postings_changed AFTER UPDATE ON customers_customer
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_postings_changed();
CREATE OR REPLACE TRIGGER postings_removed AFTER DELETE ON customers_customer
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_postings_removed();
