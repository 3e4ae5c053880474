-- Facts follow what they are counted from, in the same statement (facts.sql).

-- A batch that writes the same guests by many statements has them counted once, at its end (services.facts_once): while
-- the transaction says so, guests are only noted, in a setting of its own. A table would take longer to make and to plan
-- for than most acts take to be counted.
CREATE OR REPLACE FUNCTION customers_facts_once() RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    -- The end of an inner batch would forget whom the outer one has noted.
    IF current_setting('innkeeper.facts', true) = 'once' THEN
        RAISE 'A batch whose facts are counted once has begun already: end it first.';
    END IF;
    PERFORM set_config('innkeeper.facts', 'once', true), set_config('innkeeper.facts_waiting', '', true);
END $$;

CREATE OR REPLACE FUNCTION customers_facts_wait(ids bigint[]) RETURNS boolean LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    IF coalesce(current_setting('innkeeper.facts', true), '') <> 'once' THEN
        RETURN false;
    END IF;
    PERFORM set_config(
        'innkeeper.facts_waiting',
        concat_ws(',', NULLIF(current_setting('innkeeper.facts_waiting', true), ''), array_to_string(ids, ',')), true
    );
    RETURN true;
END $$;

-- Those who wait, each once; none is NULL.
CREATE OR REPLACE FUNCTION customers_facts_waiting() RETURNS bigint[] LANGUAGE sql STABLE
SET search_path = pg_catalog, public AS $$
    SELECT array_agg(DISTINCT w.id) FROM unnest(
        string_to_array(NULLIF(current_setting('innkeeper.facts_waiting', true), ''), ',')::bigint[]) w (id)
$$;

-- A new card has facts from the first moment, so that lists need no outer join.
CREATE OR REPLACE FUNCTION customers_facts_of_new_cards() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    IF customers_facts_wait((SELECT array_agg(id) FROM new_rows)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO customers_customerfacts (
        business_id, customer_id, stays, nights, value, currency, cancelled, no_shows, counted_on, kind, language,
        nationality, country, postal_code, city, source, first_contact, birth_date, sort_key, is_restricted, is_deceased,
        do_not_contact)
    SELECT n.business_id, n.id, 0, 0, 0, '', 0, 0, (now() AT TIME ZONE b.time_zone)::date,
           customers_facts_code(n.kind), customers_facts_code(n.language), customers_facts_code(n.nationality),
           customers_facts_code(n.country), lower(n.postal_code), lower(n.city), customers_facts_code(n.source),
           n.first_contact, n.birth_date, n.sort_key, n.is_restricted, n.is_deceased, n.do_not_contact
    FROM new_rows n JOIN accounts_business b ON b.id = n.business_id
    ORDER BY n.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION customers_facts_of_cards() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    ids CONSTANT bigint[] := (SELECT array_agg(id) FROM new_rows);
BEGIN
    IF ids IS NOT NULL AND NOT customers_facts_wait(ids) THEN
        PERFORM customers_facts_card(ids);
    END IF;
    RETURN NULL;
END $$;

-- Whatever names the guest it counts for; the argument is the group of columns to count anew.
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
    IF ids IS NULL OR customers_facts_wait(ids) THEN
        RETURN NULL;
    END IF;
    CASE TG_ARGV[0]
        WHEN 'tags' THEN PERFORM customers_facts_tags(ids);
        WHEN 'addresses' THEN PERFORM customers_facts_addresses(ids);
        WHEN 'consents' THEN PERFORM customers_facts_consents(ids);
        WHEN 'activity' THEN PERFORM customers_facts_activity(ids);
        WHEN 'history' THEN PERFORM customers_facts_history(ids);
    END CASE;
    RETURN NULL;
END $$;

-- A stay counts for everybody who has a part in it; a new one has no parts yet.
CREATE OR REPLACE FUNCTION customers_facts_of_stays() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    business CONSTANT bigint := customers_facts_business();
    stay_ids CONSTANT bigint[] := (SELECT array_agg(id) FROM new_rows);
    ids bigint[];
BEGIN
    SELECT array_agg(DISTINCT p.customer_id) INTO ids
    FROM customers_stayparticipant p
    WHERE p.business_id = business AND p.stay_id = ANY (stay_ids);
    IF ids IS NOT NULL AND NOT customers_facts_wait(ids) THEN
        PERFORM customers_facts_history(ids);
    END IF;
    RETURN NULL;
END $$;

-- Triggers fire in the order of their names, and this one must come first: those after it find the row.
DROP TRIGGER IF EXISTS facts_new_cards ON customers_customer;
CREATE OR REPLACE TRIGGER a_facts_new_cards AFTER INSERT ON customers_customer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_new_cards();
CREATE OR REPLACE TRIGGER facts_cards_changed AFTER UPDATE ON customers_customer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_cards();
CREATE OR REPLACE TRIGGER facts_stays_changed AFTER UPDATE ON customers_stay
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_stays();

DO $$
DECLARE
    part record;
BEGIN
    FOR part IN SELECT * FROM (VALUES
        ('customers_customertag', 'tags', 'tags'), ('customers_contactpoint', 'addresses', 'addresses'),
        ('customers_consentstate', 'consents', 'consents'), ('customers_activity', 'activities', 'activity'),
        ('customers_stayparticipant', 'parts', 'history'), ('customers_purchase', 'purchases', 'history')
    ) parts (table_name, name, columns) LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER facts_%s_added AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows'
            ' FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_parts(%L)', part.name, part.table_name, part.columns);
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER facts_%s_changed AFTER UPDATE ON %I REFERENCING OLD TABLE AS old_rows NEW TABLE AS'
            ' new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_parts(%L)',
            part.name, part.table_name, part.columns);
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER facts_%s_removed AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows'
            ' FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_parts(%L)', part.name, part.table_name, part.columns);
    END LOOP;
END $$;
