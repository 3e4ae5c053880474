-- Profiles and keys are made from cards, and matches name cards: when a card goes, whoever removes it, they go with it in
-- the same statement. No foreign keys: a check a row would cost an import more than the rows do.
ALTER TABLE dedup_cardprofile DROP CONSTRAINT IF EXISTS dedup_cardprofile_business_fk;
ALTER TABLE dedup_cardkey DROP CONSTRAINT IF EXISTS dedup_cardkey_business_fk;

-- Whoever removes a card waits for nobody here: what another transaction is just writing is skipped. It is taken away
-- when that transaction's pass, or the next, finds the card gone (dedup.register.follow). Through the keys row by row:
-- the tables are large, and what goes is a small part of them.
CREATE OR REPLACE FUNCTION dedup_cards_removed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    house bigint;
    ids bigint[];
    cards bigint[];
    keyed bigint[];
BEGIN
    FOR house, ids IN SELECT o.business_id, array_agg(o.id ORDER BY o.id) FROM old_rows o GROUP BY o.business_id LOOP
        WITH held AS MATERIALIZED (
            SELECT p.customer_id, p.keys FROM dedup_cardprofile p
            WHERE p.business_id = house AND p.customer_id = ANY (ids)
            ORDER BY p.customer_id FOR UPDATE SKIP LOCKED
        )
        SELECT array_agg(u.key), array_agg(h.customer_id) INTO keyed, cards
        FROM held h CROSS JOIN LATERAL unnest(h.keys || ARRAY[NULL::bigint]) AS u (key);
        DELETE FROM dedup_cardkey k USING unnest(keyed, cards) AS d (key, customer_id)
        WHERE k.business_id = house AND k.key = d.key AND k.customer_id = d.customer_id;
        DELETE FROM dedup_cardprofile p WHERE p.business_id = house AND p.customer_id = ANY (cards);
        UPDATE dedup_match SET state = 'gone' WHERE business_id = house AND id = ANY (ARRAY (
            SELECT m.id FROM dedup_match m
            WHERE m.business_id = house AND m.left_id = ANY (ids) AND m.state IN ('open', 'later')
            FOR UPDATE SKIP LOCKED));
        UPDATE dedup_match SET state = 'gone' WHERE business_id = house AND id = ANY (ARRAY (
            SELECT m.id FROM dedup_match m
            WHERE m.business_id = house AND m.right_id = ANY (ids) AND m.state IN ('open', 'later')
            FOR UPDATE SKIP LOCKED));
    END LOOP;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER dedup_cards_removed AFTER DELETE ON customers_customer
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dedup_cards_removed();
