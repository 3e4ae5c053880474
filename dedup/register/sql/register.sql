-- Profiles and keys are made from cards, and matches name cards: when a card goes, whoever removes it, they go with it in
-- the same statement. No foreign keys: a check a row would cost an import more than the rows do.
ALTER TABLE dedup_cardprofile DROP CONSTRAINT IF EXISTS dedup_cardprofile_business_fk;
ALTER TABLE dedup_cardkey DROP CONSTRAINT IF EXISTS dedup_cardkey_business_fk;

-- Row by row through the keys, however many cards: the tables are large, and what goes is a small part of them.
CREATE OR REPLACE FUNCTION dedup_cards_removed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    house bigint;
    ids bigint[];
BEGIN
    FOR house, ids IN SELECT o.business_id, array_agg(o.id ORDER BY o.id) FROM old_rows o GROUP BY o.business_id LOOP
        DELETE FROM dedup_cardkey k
        USING (
            SELECT DISTINCT p.customer_id, u.key
            FROM dedup_cardprofile p CROSS JOIN LATERAL unnest(p.keys) AS u (key)
            WHERE p.business_id = house AND p.customer_id = ANY (ids)
        ) d
        WHERE k.business_id = house AND k.key = d.key AND k.customer_id = d.customer_id;
        DELETE FROM dedup_cardprofile p WHERE p.business_id = house AND p.customer_id = ANY (ids);
        UPDATE dedup_match m SET state = 'gone'
        WHERE m.business_id = house AND m.left_id = ANY (ids) AND m.state IN ('open', 'later');
        UPDATE dedup_match m SET state = 'gone'
        WHERE m.business_id = house AND m.right_id = ANY (ids) AND m.state IN ('open', 'later');
    END LOOP;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER dedup_cards_removed AFTER DELETE ON customers_customer
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dedup_cards_removed();
