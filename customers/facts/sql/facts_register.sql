-- What changes because a day has passed: windows that rolled on, and how the values of a register are spread.

-- Guests whose windows moved between two days, of which the first was counted: a booking that is over and was not taken
-- up, and whatever was paid for and came into the last twelve months or left them, or changed years. A day's stays are
-- few, and found by the days of arrival and departure.
CREATE OR REPLACE FUNCTION customers_facts_rolled(since date, today date) RETURNS TABLE (customer_id bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public SET enable_nestloop = off SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    business CONSTANT bigint := customers_facts_business();
    -- The days whose payments change sides, as ranges without their first day.
    entering CONSTANT daterange := daterange(since, today, '(]');
    leaving CONSTANT daterange := daterange((since - interval '12 months')::date, (today - interval '12 months')::date, '(]');
    years CONSTANT daterange := CASE WHEN date_trunc('year', since) < date_trunc('year', today) THEN daterange(
        date_trunc('year', since)::date, (date_trunc('year', today) + interval '1 year')::date) ELSE 'empty' END;
    stay_ids bigint[];
BEGIN
    SELECT array_agg(id) INTO stay_ids FROM (
        SELECT s.id FROM customers_stay s
        WHERE s.business_id = business AND s.status = 'booked'
          AND s.departure >= since AND s.departure < today
        UNION
        SELECT s.id FROM customers_stay s
        WHERE s.business_id = business AND s.arrival >= lower(entering) AND s.arrival < upper(entering)
        UNION
        SELECT s.id FROM customers_stay s
        WHERE s.business_id = business AND s.arrival >= lower(leaving) AND s.arrival < upper(leaving)
        UNION
        SELECT s.id FROM customers_stay s
        WHERE s.business_id = business AND s.arrival >= lower(years) AND s.arrival < upper(years)
    ) moved;
    RETURN QUERY
    SELECT p.customer_id FROM customers_stayparticipant p WHERE p.business_id = business AND p.stay_id = ANY (stay_ids)
    UNION
    SELECT b.customer_id FROM customers_purchase b
    WHERE b.business_id = business
      AND (b.bought_on <@ entering OR b.bought_on <@ leaving OR b.bought_on <@ years)
    ORDER BY 1;
END $$;

-- How the values of the guests of the business in scope are spread, in its own currency, written where it is kept. The
-- best p of a hundred are rounded up: of five guests the best hundredth is one.
CREATE OR REPLACE FUNCTION customers_facts_spread() RETURNS TABLE (currency text, value_percentiles bigint[], guests integer)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    business CONSTANT bigint := customers_facts_business();
    own CONSTANT text := (SELECT b.currency FROM accounts_business b WHERE b.id = business);
    with_value bigint;
BEGIN
    SELECT count(*) INTO with_value FROM customers_customerfacts f
    WHERE f.business_id = business AND f.value_minor > 0 AND f.currency = own;
    RETURN QUERY
    SELECT own,
           coalesce((
               SELECT array_agg(r.value_minor ORDER BY p.percent)
               FROM generate_series(1, 99) p (percent)
               JOIN (
                   SELECT f.value_minor, row_number() OVER (ORDER BY f.value_minor DESC) AS place
                   FROM customers_customerfacts f
                   WHERE f.business_id = business AND f.value_minor > 0 AND f.currency = own
               ) r ON r.place = (p.percent * with_value + 99) / 100
           ), '{}'),
           (SELECT count(*)::integer FROM customers_customerfacts f WHERE f.business_id = business);
END $$;

CREATE OR REPLACE FUNCTION customers_facts_register(day date) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    business CONSTANT bigint := customers_facts_business();
BEGIN
    INSERT INTO customers_registerfacts AS r (business_id, currency, value_percentiles, guests, counted_on)
    SELECT business, s.currency, s.value_percentiles, s.guests, day FROM customers_facts_spread() s
    ON CONFLICT (business_id) DO UPDATE SET
        currency = excluded.currency, value_percentiles = excluded.value_percentiles, guests = excluded.guests,
        counted_on = excluded.counted_on;
END $$;

-- Businesses where a day has passed since their windows were counted, and those whose register has just been filled. Crosses
-- businesses, so it runs as the owner and returns ids only; whoever counts opens the business's scope first.
CREATE OR REPLACE FUNCTION customers_facts_due(most integer) RETURNS TABLE (business_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT b.id FROM public.accounts_business b
    LEFT JOIN public.customers_registerfacts r ON r.business_id = b.id
    WHERE r.counted_on IS NULL OR r.counted_on < (now() AT TIME ZONE b.time_zone)::date
       OR cardinality(r.value_percentiles) = 0 AND EXISTS (
           SELECT FROM public.customers_customerfacts f
           WHERE f.business_id = b.id AND f.value_minor > 0 AND f.currency = b.currency
       )
    ORDER BY r.counted_on NULLS FIRST, b.id
    LIMIT most
$$;
REVOKE ALL ON FUNCTION customers_facts_due(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_facts_due(integer) TO "{app}";
