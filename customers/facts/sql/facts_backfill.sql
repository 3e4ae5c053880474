-- Every guest of every business has all facts, and every register its spread: for rows older than the columns. Runs as the
-- owner, whom no policy binds; the functions work in the business of the scope, which is set for one after another.
DO $$
DECLARE
    scope CONSTANT text := coalesce(current_setting('innkeeper.business', true), '');
    one record;
    chunk record;
BEGIN
    FOR one IN SELECT b.id, (now() AT TIME ZONE b.time_zone)::date AS today FROM accounts_business b ORDER BY b.id LOOP
        PERFORM set_config('innkeeper.business', one.id::text, true);
        FOR chunk IN
            SELECT array_agg(c.id) AS ids
            FROM (SELECT c.id, (row_number() OVER (ORDER BY c.id) - 1) / 50000 AS batch
                  FROM customers_customer c WHERE c.business_id = one.id) c
            GROUP BY c.batch ORDER BY c.batch
        LOOP
            PERFORM customers_facts_refresh(chunk.ids);
        END LOOP;
        PERFORM customers_facts_register(one.today);
    END LOOP;
    PERFORM set_config('innkeeper.business', scope, true);
END $$;
