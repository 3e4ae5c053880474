-- Guests by what is counted of their stays in a window: how many (count), their nights, or what was paid (amount, in one
-- currency). A filter asks it of the whole register at once: row by row the policies of two tables of millions took
-- longer than the join. So it runs as the owner, carries the business's condition itself and returns ids only; without
-- a business in scope it returns nothing.
--
-- Days of arrival and both bounds hold their ends. NULL stands for any, for statuses for those of stays that took place.
-- ``outside`` turns the bounds around: guests with such stays whose total is not within them.
--
-- A large register is read in its own order, by several processes; a small one by bitmaps of its index.
CREATE OR REPLACE FUNCTION customers_stays_within(
    measure text, first date, last date, properties bigint[], unit_types text[], channels text[], statuses text[],
    currency text, low numeric, high numeric, outside boolean)
RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED COST 1000000 ROWS 100000
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan SET enable_indexscan = off
SET work_mem = '128MB' SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0.001 AS $$
DECLARE
    house CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
    counted CONSTANT text[] := coalesce(statuses, ARRAY['checked_in', 'checked_out']);
BEGIN
    CASE measure
    WHEN 'count' THEN
        RETURN QUERY
        SELECT p.customer_id
        FROM public.customers_stayparticipant p
        JOIN public.customers_stay s ON s.business_id = p.business_id AND s.id = p.stay_id
        WHERE p.business_id = house AND s.business_id = house AND p.is_guest
          AND (first IS NULL OR s.arrival >= first) AND (last IS NULL OR s.arrival <= last)
          AND s.status = ANY (counted)
          AND (properties IS NULL OR s.property_id = ANY (properties))
          AND (unit_types IS NULL OR s.unit_type = ANY (unit_types))
          AND (channels IS NULL OR s.channel = ANY (channels))
        GROUP BY p.customer_id
        HAVING (
            (low IS NULL OR count(*) >= low) AND (high IS NULL OR count(*) <= high)
        ) <> outside;
    WHEN 'nights' THEN
        RETURN QUERY
        SELECT p.customer_id
        FROM public.customers_stayparticipant p
        JOIN public.customers_stay s ON s.business_id = p.business_id AND s.id = p.stay_id
        WHERE p.business_id = house AND s.business_id = house AND p.is_guest
          AND (first IS NULL OR s.arrival >= first) AND (last IS NULL OR s.arrival <= last)
          AND s.status = ANY (counted)
          AND (properties IS NULL OR s.property_id = ANY (properties))
          AND (unit_types IS NULL OR s.unit_type = ANY (unit_types))
          AND (channels IS NULL OR s.channel = ANY (channels))
        GROUP BY p.customer_id
        HAVING (
            (low IS NULL OR sum(s.departure - s.arrival) >= low) AND (high IS NULL OR sum(s.departure - s.arrival) <= high)
        ) <> outside;
    WHEN 'amount' THEN
        RETURN QUERY
        SELECT p.customer_id
        FROM public.customers_stayparticipant p
        JOIN public.customers_stay s ON s.business_id = p.business_id AND s.id = p.stay_id
        WHERE p.business_id = house AND s.business_id = house AND p.is_payer
          AND (first IS NULL OR s.arrival >= first) AND (last IS NULL OR s.arrival <= last)
          AND s.status = ANY (counted)
          AND s.amount IS NOT NULL AND s.currency = customers_stays_within.currency
          AND (properties IS NULL OR s.property_id = ANY (properties))
          AND (unit_types IS NULL OR s.unit_type = ANY (unit_types))
          AND (channels IS NULL OR s.channel = ANY (channels))
        GROUP BY p.customer_id
        HAVING (
            -- In hundredths: whole numbers are added quicker, and their sums take a third of the room.
            (low IS NULL OR sum((s.amount * 100)::bigint) >= low * 100)
            AND (high IS NULL OR sum((s.amount * 100)::bigint) <= high * 100)
        ) <> outside;
    END CASE;
END $$;
REVOKE ALL ON FUNCTION customers_stays_within FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_stays_within TO "{app}";
