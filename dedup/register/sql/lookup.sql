-- The cards that share a key with one that is being written, and what a look-up has to know of the business's settings:
-- one question with a plan that is kept, since planning it took longer than answering. Keys of more than `most` cards
-- are left out. One row without a card where there are none; no row where there are no settings yet.
CREATE OR REPLACE FUNCTION dedup_lookup(house bigint, wanted bigint[], most integer)
RETURNS TABLE (
    made_by bigint, models integer, is_seen boolean, propose_from double precision, card bigint, known text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT s.engine::bigint, s.models_made::integer, s.seen_xid IS NOT NULL, s.propose::double precision,
           p.customer_id, p.profile
    FROM dedup_matchsettings s
    LEFT JOIN dedup_cardprofile p ON p.business_id = house AND p.customer_id = ANY (ARRAY(
        SELECT DISTINCT unnest(c.cards)
        FROM unnest(wanted) AS k (key)
        CROSS JOIN LATERAL (SELECT ARRAY(
            SELECT x.customer_id FROM dedup_cardkey x
            WHERE x.business_id = house AND x.key = k.key LIMIT most + 1
        ) AS cards OFFSET 0) c
        WHERE cardinality(c.cards) <= most
    ))
    WHERE s.business_id = house;
END $$;
