-- Facts of guests, counted from their stays. One function serves a single edit, an import's batch and the full rebuild.
-- Runs as the caller: everything it reads and writes stays under the policies.
CREATE OR REPLACE FUNCTION customers_facts_refresh(ids bigint[]) RETURNS void LANGUAGE sql
SET search_path = pg_catalog, public AS $$
    WITH scope AS (
        SELECT b.id AS business_id, (now() AT TIME ZONE b.time_zone)::date AS today
        FROM accounts_business b
        WHERE b.id = NULLIF(current_setting('innkeeper.business', true), '')::bigint
    ), wanted AS (
        SELECT c.id, scope.business_id, scope.today
        FROM scope JOIN customers_customer c ON c.business_id = scope.business_id
        WHERE c.id = ANY (ids)
    ), parts AS (
        SELECT p.customer_id, p.is_guest, p.is_payer, s.status, s.arrival, s.departure, s.amount, s.currency,
               s.status IN ('checked_in', 'checked_out') AS took_place
        FROM customers_stayparticipant p
        JOIN customers_stay s ON s.business_id = p.business_id AND s.id = p.stay_id
        WHERE p.business_id = (SELECT business_id FROM scope) AND p.customer_id = ANY (ids)
    ), counted AS (
        SELECT w.id, w.business_id, w.today,
               count(*) FILTER (WHERE x.is_guest AND x.took_place) AS stays,
               coalesce(sum(x.departure - x.arrival) FILTER (WHERE x.is_guest AND x.took_place), 0) AS nights,
               min(x.arrival) FILTER (WHERE x.is_guest AND x.took_place) AS first_arrival,
               max(CASE WHEN x.status = 'checked_out' THEN x.departure ELSE x.arrival END)
                   FILTER (WHERE x.is_guest AND x.took_place) AS last_stay,
               min(x.arrival) FILTER (WHERE x.is_guest AND x.status = 'booked' AND x.departure >= w.today) AS next_arrival,
               count(*) FILTER (WHERE x.is_guest AND x.status = 'cancelled') AS cancelled,
               count(*) FILTER (WHERE x.is_guest AND x.status = 'no_show') AS no_shows
        FROM wanted w LEFT JOIN parts x ON x.customer_id = w.id
        GROUP BY w.id, w.business_id, w.today
    ), money AS (
        SELECT DISTINCT ON (customer_id) customer_id, currency, sum(amount) AS value
        FROM parts
        WHERE is_payer AND took_place AND amount IS NOT NULL
        GROUP BY customer_id, currency
        ORDER BY customer_id, count(*) DESC, currency
    )
    INSERT INTO customers_customerfacts AS f (business_id, customer_id, stays, nights, value, currency, first_arrival,
                                              last_stay, next_arrival, cancelled, no_shows, counted_on)
    SELECT c.business_id, c.id, c.stays, c.nights, coalesce(m.value, 0), coalesce(m.currency, ''), c.first_arrival,
           c.last_stay, c.next_arrival, c.cancelled, c.no_shows, c.today
    FROM counted c LEFT JOIN money m ON m.customer_id = c.id
    ORDER BY c.id
    ON CONFLICT (business_id, customer_id) DO UPDATE SET
        stays = excluded.stays, nights = excluded.nights, value = excluded.value, currency = excluded.currency,
        first_arrival = excluded.first_arrival, last_stay = excluded.last_stay, next_arrival = excluded.next_arrival,
        cancelled = excluded.cancelled, no_shows = excluded.no_shows, counted_on = excluded.counted_on
$$;

-- A new card has facts from the first moment, so that lists sorted by them need no outer join.
CREATE OR REPLACE FUNCTION customers_facts_of_new_cards() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO customers_customerfacts (business_id, customer_id, stays, nights, value, currency, cancelled, no_shows, counted_on)
    SELECT business_id, id, 0, 0, 0, '', 0, 0, CURRENT_DATE FROM new_rows ORDER BY id;
    RETURN NULL;
END $$;

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
SET search_path = pg_catalog, public AS $$
DECLARE
    ids bigint[];
BEGIN
    SELECT array_agg(DISTINCT p.customer_id) INTO ids
    FROM new_rows n JOIN customers_stayparticipant p ON p.business_id = n.business_id AND p.stay_id = n.id;
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
