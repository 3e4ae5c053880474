-- Where the ids of merged cards lead, through however many merges. Written when a merge or its undo adds or removes rows
-- of customers_mergedcard, in the same statement: every path that passes through one of those cards is walked anew.
CREATE OR REPLACE FUNCTION customers_lineage_walk(touched bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    house CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
    behind bigint[];
BEGIN
    WITH RECURSIVE path (id) AS (
        SELECT unnest(touched)
        UNION SELECT m.absorbed_id FROM path JOIN customers_mergedcard m ON m.business_id = house AND m.survivor_id = path.id
    )
    SELECT array_agg(id) INTO behind FROM path;
    DELETE FROM customers_cardlineage l WHERE l.business_id = house AND l.absorbed_id = ANY (behind);
    INSERT INTO customers_cardlineage (business_id, absorbed_id, survivor_id)
    WITH RECURSIVE path (absorbed_id, at) AS (
        SELECT m.absorbed_id, m.survivor_id FROM customers_mergedcard m
        WHERE m.business_id = house AND m.absorbed_id = ANY (behind)
        UNION ALL
        SELECT path.absorbed_id, m.survivor_id
        FROM path JOIN customers_mergedcard m ON m.business_id = house AND m.absorbed_id = path.at
    )
    SELECT house, path.absorbed_id, path.at FROM path
    WHERE NOT EXISTS (SELECT FROM customers_mergedcard m WHERE m.business_id = house AND m.absorbed_id = path.at)
    ORDER BY path.absorbed_id;
END $$;

CREATE OR REPLACE FUNCTION customers_lineage_follow() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    touched bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(n.absorbed_id) INTO touched FROM new_rows n;
    ELSE
        SELECT array_agg(o.absorbed_id) INTO touched FROM old_rows o;
    END IF;
    IF touched IS NOT NULL THEN
        PERFORM customers_lineage_walk(touched);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER lineage_added AFTER INSERT ON customers_mergedcard
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_lineage_follow();
CREATE OR REPLACE TRIGGER lineage_removed AFTER DELETE ON customers_mergedcard
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_lineage_follow();

-- Merges in sets are written under one act and parted into acts of their own in the same transaction, so that each can be
-- undone by itself. The app role cannot change a change; this can, and only rows of the transaction it runs in. ``cards``
-- are those of all merges with the act (``acts``) each belongs to; ``absorbed`` those that go or return. A row between
-- two cards belongs to the merge that moved its end; in an undo to that of the act that had touched it, for neither end
-- need be a card of the merge that had removed it.
CREATE OR REPLACE FUNCTION customers_changes_part(of_act bigint, cards bigint[], acts bigint[], absorbed bigint[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public SET enable_nestloop = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    house CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
BEGIN
    UPDATE public.customers_change c SET change_set_id = part.act
    FROM (
        SELECT w.id, coalesce(own.act, a.act) AS act
        FROM (
            SELECT r.id, r.record, r.row_id, CASE
                WHEN r.record <> 'relation' THEN r.guest_id
                WHEN r.act = 'U' AND r.data ? 'other_id' AND NOT r.data ? 'customer_id' THEN (r.data #>> '{other_id,1}')::bigint
                WHEN r.act <> 'U' AND NOT ends.one = ANY (absorbed)
                     AND (ends.other = ANY (absorbed) OR NOT ends.one = ANY (cards))
                    THEN ends.other
                ELSE r.guest_id END AS card
            FROM public.customers_change r
            LEFT JOIN public.customers_relation n
              ON r.record = 'relation' AND r.act = 'I' AND n.business_id = house AND n.id = r.row_id
            CROSS JOIN LATERAL (
                SELECT CASE r.act WHEN 'D' THEN (r.data ->> 'customer_id')::bigint ELSE n.customer_id END AS one,
                       CASE r.act WHEN 'D' THEN (r.data ->> 'other_id')::bigint ELSE n.other_id END AS other
            ) ends
            WHERE r.business_id = house AND r.change_set_id = of_act AND r.xid = pg_current_xact_id()::text::bigint
        ) w
        LEFT JOIN unnest(cards, acts) AS a (card, act) ON a.card = w.card
        LEFT JOIN (
            SELECT DISTINCT before.row_id, u.id AS act
            FROM public.customers_changeset u JOIN public.customers_change before
              ON before.business_id = house AND before.change_set_id = u.undoes_id AND before.record = 'relation'
            WHERE u.business_id = house AND u.id = ANY (acts)
        ) own ON w.record = 'relation' AND own.row_id = w.row_id
    ) part
    WHERE c.business_id = house AND c.change_set_id = of_act AND c.id = part.id AND part.act IS NOT NULL;
END $$;
REVOKE ALL ON FUNCTION customers_changes_part(bigint, bigint[], bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_changes_part(bigint, bigint[], bigint[], bigint[]) TO "{app}";
