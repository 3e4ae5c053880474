-- Facts of guests, counted from their stays and purchases. One function serves a single edit, an import's batch and the full rebuild.
-- Runs as the caller: everything it reads and writes stays under the policies.
--
-- A planner that knows nothing yet of a table, or of a business that is new to it, expects one row and reads the whole
-- business once for every guest. So each table is read once, by its array of ids, and hashed: never quadratic.
CREATE OR REPLACE FUNCTION customers_facts_refresh(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    business CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
    today CONSTANT date := (SELECT (now() AT TIME ZONE b.time_zone)::date FROM accounts_business b WHERE b.id = business);
    stay_ids bigint[];
BEGIN
    SELECT array_agg(DISTINCT p.stay_id) INTO stay_ids
    FROM customers_stayparticipant p
    WHERE p.business_id = business AND p.customer_id = ANY (ids);
    INSERT INTO customers_customerfacts AS f (business_id, customer_id, stays, nights, value, currency, first_arrival,
                                              last_stay, next_arrival, cancelled, no_shows, counted_on)
    SELECT business, id, sum(stays), sum(nights),
           -- The currency most paid stays and purchases are in; of equals the first by name. Invoices bill these same
           -- things and count nothing.
           coalesce((array_agg(paid ORDER BY payments DESC, currency) FILTER (WHERE payments > 0))[1], 0),
           coalesce((array_agg(currency ORDER BY payments DESC, currency) FILTER (WHERE payments > 0))[1], ''),
           min(first_arrival), max(last_stay), min(next_arrival), sum(cancelled), sum(no_shows), today
    FROM (
        SELECT wanted.id, part.currency,
               count(*) FILTER (WHERE part.is_guest AND part.took_place) AS stays,
               coalesce(sum(part.departure - part.arrival) FILTER (WHERE part.is_guest AND part.took_place), 0) AS nights,
               count(part.amount) FILTER (WHERE part.is_payer AND part.took_place) AS payments,
               sum(part.amount) FILTER (WHERE part.is_payer AND part.took_place) AS paid,
               min(part.arrival) FILTER (WHERE part.is_guest AND part.took_place) AS first_arrival,
               max(CASE WHEN part.status = 'checked_out' THEN part.departure ELSE part.arrival END)
                   FILTER (WHERE part.is_guest AND part.took_place) AS last_stay,
               min(part.arrival)
                   FILTER (WHERE part.is_guest AND part.status = 'booked' AND part.departure >= today) AS next_arrival,
               count(*) FILTER (WHERE part.is_guest AND part.status = 'cancelled') AS cancelled,
               count(*) FILTER (WHERE part.is_guest AND part.status = 'no_show') AS no_shows
        FROM (SELECT DISTINCT unnest(ids) AS id) wanted
        LEFT JOIN (
            SELECT p.customer_id, p.is_guest, p.is_payer, s.status, s.arrival, s.departure, s.amount, s.currency,
                   s.status IN ('checked_in', 'checked_out') AS took_place
            FROM customers_stayparticipant p
            JOIN customers_stay s ON s.business_id = business AND s.id = p.stay_id
            WHERE p.business_id = business AND p.customer_id = ANY (ids) AND s.id = ANY (stay_ids)
            UNION ALL
            SELECT b.customer_id, false, true, '', NULL, NULL, b.amount, b.currency, true
            FROM customers_purchase b
            WHERE b.business_id = business AND b.customer_id = ANY (ids) AND b.amount IS NOT NULL
        ) part ON part.customer_id = wanted.id
        GROUP BY wanted.id, part.currency
    ) by_currency
    GROUP BY id
    ORDER BY id
    ON CONFLICT (business_id, customer_id) DO UPDATE SET
        stays = excluded.stays, nights = excluded.nights, value = excluded.value, currency = excluded.currency,
        first_arrival = excluded.first_arrival, last_stay = excluded.last_stay, next_arrival = excluded.next_arrival,
        cancelled = excluded.cancelled, no_shows = excluded.no_shows, counted_on = excluded.counted_on;
END $$;

-- A new card has facts from the first moment, so that lists sorted by them need no outer join.
CREATE OR REPLACE FUNCTION customers_facts_of_new_cards() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO customers_customerfacts (business_id, customer_id, stays, nights, value, currency, cancelled, no_shows, counted_on)
    SELECT n.business_id, n.id, 0, 0, 0, '', 0, 0, (now() AT TIME ZONE b.time_zone)::date
    FROM new_rows n JOIN accounts_business b ON b.id = n.business_id
    ORDER BY n.id;
    RETURN NULL;
END $$;

-- Participants and purchases alike name the guest they count for.
CREATE OR REPLACE FUNCTION customers_facts_of_parts() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    ids bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT customer_id) INTO ids FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT customer_id) INTO ids FROM old_rows;
    ELSE
        SELECT array_agg(DISTINCT customer_id) INTO ids
        FROM (SELECT customer_id FROM new_rows UNION ALL SELECT customer_id FROM old_rows) both_rows;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM customers_facts_refresh(ids);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION customers_facts_of_stays() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    stay_ids CONSTANT bigint[] := (SELECT array_agg(id) FROM new_rows);
    ids bigint[];
BEGIN
    SELECT array_agg(DISTINCT p.customer_id) INTO ids
    FROM customers_stayparticipant p
    WHERE p.business_id = NULLIF(current_setting('innkeeper.business', true), '')::bigint AND p.stay_id = ANY (stay_ids);
    IF ids IS NOT NULL THEN
        PERFORM customers_facts_refresh(ids);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER facts_new_cards AFTER INSERT ON customers_customer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_new_cards();
CREATE OR REPLACE TRIGGER facts_parts_added AFTER INSERT ON customers_stayparticipant
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_parts();
CREATE OR REPLACE TRIGGER facts_parts_changed AFTER UPDATE ON customers_stayparticipant
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_parts();
CREATE OR REPLACE TRIGGER facts_parts_removed AFTER DELETE ON customers_stayparticipant
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_parts();
CREATE OR REPLACE TRIGGER facts_stays_changed AFTER UPDATE ON customers_stay
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_stays();
