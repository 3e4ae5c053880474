-- Whom the desk means first: guests in house, expected, or gone in the last two days (docs/look-up.md).
-- Rows follow stays and participants by trigger; those whose time has passed are taken away by whoever comes by.
--
-- Each table is read by an array of ids and hashed: a planner that knows nothing yet of a table, or of a business that is
-- new to it, expects one row and would otherwise read the whole business once for every stay of an import.
CREATE OR REPLACE FUNCTION customers_presence_refresh(stays bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    house CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
    since CONSTANT date := (SELECT (now() AT TIME ZONE b.time_zone)::date - 2 FROM accounts_business b WHERE b.id = house);
    near bigint[];
    guests bigint[];
BEGIN
    SELECT array_agg(s.id) INTO near FROM customers_stay s
    WHERE s.business_id = house AND s.id = ANY (stays)
      AND (s.status = 'checked_in' OR s.status IN ('booked', 'checked_out') AND s.departure >= since);
    -- None of them, as when old stays are moved to another card: then nobody is present by them.
    IF near IS NULL THEN
        DELETE FROM customers_presence p WHERE p.business_id = house AND p.stay_id = ANY (stays);
    ELSE
        SELECT array_agg(DISTINCT x.customer_id) INTO guests FROM customers_stayparticipant x
        WHERE x.business_id = house AND x.stay_id = ANY (near) AND x.is_guest;
        DELETE FROM customers_presence p
        WHERE p.business_id = house AND p.stay_id = ANY (stays) AND NOT EXISTS (
            SELECT FROM customers_stayparticipant x
            WHERE x.business_id = house AND x.stay_id = ANY (near) AND x.is_guest
              AND x.stay_id = p.stay_id AND x.customer_id = p.customer_id
        );
        INSERT INTO customers_presence AS p (business_id, stay_id, customer_id, in_house, is_booked, arrival, departure, unit, tokens)
        SELECT house, s.id, x.customer_id, s.status = 'checked_in', s.status = 'booked', s.arrival, s.departure,
               CASE WHEN s.status = 'checked_in' THEN upper(btrim(s.unit)) ELSE '' END, ' ' || c.search_tokens || ' '
        FROM customers_stay s
        JOIN customers_stayparticipant x ON x.business_id = house AND x.stay_id = s.id AND x.stay_id = ANY (near)
        JOIN customers_customer c ON c.business_id = house AND c.id = x.customer_id AND c.id = ANY (guests)
        WHERE s.business_id = house AND s.id = ANY (near) AND x.is_guest
        ORDER BY s.id, x.customer_id
        -- Two acts on one stay: the later one sees the earlier one's rows only here.
        ON CONFLICT (business_id, stay_id, customer_id) DO UPDATE SET
            in_house = excluded.in_house, is_booked = excluded.is_booked, arrival = excluded.arrival,
            departure = excluded.departure, unit = excluded.unit, tokens = excluded.tokens
        WHERE (p.in_house, p.is_booked, p.arrival, p.departure, p.unit)
              IS DISTINCT FROM (excluded.in_house, excluded.is_booked, excluded.arrival, excluded.departure, excluded.unit);
    END IF;
    -- A row that a long import holds is left to the next passer-by: the desk waits for nobody.
    DELETE FROM customers_presence p
    WHERE p.business_id = house AND (p.stay_id, p.customer_id) IN (
        SELECT o.stay_id, o.customer_id FROM customers_presence o
        WHERE o.business_id = house AND NOT o.in_house AND o.departure < since
        LIMIT 500 FOR UPDATE SKIP LOCKED
    );
END $$;

CREATE OR REPLACE FUNCTION customers_presence_of_parts() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    stays bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT stay_id) INTO stays FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT stay_id) INTO stays FROM old_rows;
    ELSE
        SELECT array_agg(DISTINCT stay_id) INTO stays
        FROM (SELECT stay_id FROM new_rows UNION ALL SELECT stay_id FROM old_rows) both_rows;
    END IF;
    IF stays IS NOT NULL THEN
        PERFORM customers_presence_refresh(stays);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION customers_presence_of_stays() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    stays bigint[];
BEGIN
    SELECT array_agg(id) INTO stays FROM new_rows;
    IF stays IS NOT NULL THEN
        PERFORM customers_presence_refresh(stays);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER presence_parts_added AFTER INSERT ON customers_stayparticipant
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_presence_of_parts();
CREATE OR REPLACE TRIGGER presence_parts_changed AFTER UPDATE ON customers_stayparticipant
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_presence_of_parts();
CREATE OR REPLACE TRIGGER presence_parts_removed AFTER DELETE ON customers_stayparticipant
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_presence_of_parts();
CREATE OR REPLACE TRIGGER presence_stays_changed AFTER UPDATE ON customers_stay
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_presence_of_stays();
