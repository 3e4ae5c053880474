-- Facts of guests by group of columns: what the card says, the tags, the addresses, the consents, the newest activity, and
-- what the history counts to; texts that are compared without case are held in small letters. Each group is counted by
-- one function and written by another; single edits, an import's batch, undo and the full rebuild all go through them.
-- They run as the caller: everything read and written stays under the policies, and a definer's trigger, which no policy
-- binds, is bound by the business in scope all the same.
--
-- A planner that knows nothing yet of a table, or of a business that is new to it, expects one row and reads the whole
-- business once for every guest. So each table is read once, by its array of ids, and hashed: never quadratic. What is
-- counted comes in the order of the ids, so that two that write the same guests wait for each other instead of dying.
-- What changes nothing writes nothing.

CREATE OR REPLACE FUNCTION customers_facts_business() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT NULLIF(current_setting('innkeeper.business', true), '')::bigint $$;

CREATE OR REPLACE FUNCTION customers_facts_today() RETURNS date LANGUAGE sql STABLE
SET search_path = pg_catalog, public
AS $$ SELECT (now() AT TIME ZONE b.time_zone)::date FROM accounts_business b WHERE b.id = public.customers_facts_business() $$;

-- A word of a closed list, or the code of a language or country, as a number: the first five letters, five bits each. Whole
-- numbers at the beginning of a row are compared in half the time that words further on take. No two words of a list begin
-- alike (customers/filters/catalogue.py, ``code``; a test holds them to it).
CREATE OR REPLACE FUNCTION customers_facts_code(word text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (ascii(substr(word, 1, 1)) & 31) + ((ascii(substr(word, 2, 1)) & 31) << 5)
           + ((ascii(substr(word, 3, 1)) & 31) << 10) + ((ascii(substr(word, 4, 1)) & 31) << 15)
           + ((ascii(substr(word, 5, 1)) & 31) << 20) $$;

-- How questions about these guests are planned, for the rest of the function that asks: for a few, as they were planned
-- before, by their keys, because planning takes longer than the answer; for many, anew.
CREATE OR REPLACE FUNCTION customers_facts_plans(ids bigint[]) RETURNS text LANGUAGE sql
AS $$ SELECT CASE WHEN cardinality(ids) <= 20 THEN
    set_config('enable_seqscan', 'off', true) || set_config('plan_cache_mode', 'force_generic_plan', true) END $$;

-- Tags by their slot.
CREATE OR REPLACE FUNCTION customers_facts_tags_of(ids bigint[]) RETURNS TABLE (customer_id bigint, tags bigint[])
LANGUAGE plpgsql STABLE ROWS 5000
SET search_path = pg_catalog, public SET enable_nestloop = off SET enable_seqscan = on
SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    plans CONSTANT text := customers_facts_plans(ids);
    business CONSTANT bigint := customers_facts_business();
BEGIN
    RETURN QUERY
    SELECT t.customer_id, array_agg(t.tag_id ORDER BY t.slot)
    FROM customers_customertag t
    WHERE t.business_id = business AND t.customer_id = ANY (ids)
    GROUP BY t.customer_id ORDER BY t.customer_id;
END $$;

-- What the newsletter finds: one opted-out address speaks for all of its kind, any usable one is enough, and of the
-- others the primary one's state is told (customers/permission/reasons.py). Placeholders are no address. One that is
-- suppressed (customers/permission/sql/suppression.sql) bounces or has opted out, whatever stands on the card.
CREATE OR REPLACE FUNCTION customers_facts_addresses_of(ids bigint[])
RETURNS TABLE (customer_id bigint, email_state text, phone_state text)
LANGUAGE plpgsql STABLE ROWS 5000
SET search_path = pg_catalog, public SET enable_nestloop = off SET enable_seqscan = on
SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    plans CONSTANT text := customers_facts_plans(ids);
    business CONSTANT bigint := customers_facts_business();
    pads CONSTANT bytea := CASE WHEN EXISTS (SELECT FROM customers_suppression s WHERE s.business_id = business)
                           THEN customers_address_pads() END;
BEGIN
    RETURN QUERY
    SELECT s.customer_id, coalesce(max(s.state) FILTER (WHERE s.kind = 'email'), ''),
           coalesce(max(s.state) FILTER (WHERE s.kind = 'phone'), '')
    FROM (
        SELECT p.customer_id, p.kind,
               CASE WHEN bool_or(p.state = 'opted_out') THEN 'opted_out'
                    WHEN bool_or(p.state = 'ok') THEN 'ok'
                    ELSE coalesce((array_agg(p.state ORDER BY p.is_primary DESC, p.id)
                                   FILTER (WHERE p.state <> 'placeholder'))[1], 'placeholder') END::text AS state
        FROM (
            SELECT p.customer_id, p.kind, p.id, p.is_primary,
                   CASE WHEN x.digest IS NULL OR p.state = 'placeholder' THEN p.state
                        WHEN x.is_opted_out THEN 'opted_out'
                        WHEN p.state IN ('ok', 'relay') THEN 'bounced'
                        ELSE p.state END AS state
            FROM customers_contactpoint p
            LEFT JOIN (
                SELECT s.digest, bool_or(s.reason <> 'bounce') AS is_opted_out FROM customers_suppression s
                WHERE s.business_id = business GROUP BY s.digest
            ) x ON pads IS NOT NULL AND p.normalised <> ''
               AND x.digest = customers_address_digest(pads, p.kind, p.normalised)
            WHERE p.business_id = business AND p.customer_id = ANY (ids)
        ) p
        GROUP BY p.customer_id, p.kind
    ) s
    GROUP BY s.customer_id ORDER BY s.customer_id;
END $$;

-- Two bits a consent, in the order of CONSENTS (customers/consent/models.py): granted, withdrawn.
CREATE OR REPLACE FUNCTION customers_facts_consents_of(ids bigint[]) RETURNS TABLE (customer_id bigint, consents integer)
LANGUAGE plpgsql STABLE ROWS 5000
SET search_path = pg_catalog, public SET enable_nestloop = off SET enable_seqscan = on
SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    plans CONSTANT text := customers_facts_plans(ids);
    business CONSTANT bigint := customers_facts_business();
BEGIN
    RETURN QUERY
    SELECT s.customer_id,
           bit_or((CASE WHEN s.granted THEN 1 ELSE 2 END)
                  << CASE s.purpose || '.' || s.channel WHEN 'newsletter.email' THEN 0 WHEN 'newsletter.sms' THEN 2
                     WHEN 'profiling.' THEN 4 WHEN 'sensitive.' THEN 6 WHEN 'tracking.' THEN 8 END)
    FROM customers_consentstate s
    WHERE s.business_id = business AND s.customer_id = ANY (ids)
    GROUP BY s.customer_id ORDER BY s.customer_id;
END $$;

-- The day of the newest activity, where the business is.
CREATE OR REPLACE FUNCTION customers_facts_activity_of(ids bigint[]) RETURNS TABLE (customer_id bigint, last_activity date)
LANGUAGE plpgsql STABLE ROWS 5000
SET search_path = pg_catalog, public SET enable_nestloop = off SET enable_seqscan = on
SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    plans CONSTANT text := customers_facts_plans(ids);
    business CONSTANT bigint := customers_facts_business();
    zone CONSTANT text := (SELECT b.time_zone FROM accounts_business b WHERE b.id = business);
BEGIN
    RETURN QUERY
    SELECT a.customer_id, (max(a.at) AT TIME ZONE zone)::date
    FROM customers_activity a
    WHERE a.business_id = business AND a.customer_id = ANY (ids)
    GROUP BY a.customer_id ORDER BY a.customer_id;
END $$;

-- Stays and nights count for guests, the value for the payer. It is in the currency most paid stays and purchases are in,
-- of equals the first by name; invoices bill these same things and count nothing. The twelve months end today, and the
-- year is the calendar's; a stay falls on its arrival. Arrivals are those of the stays that count, in any currency,
-- ascending. Who has no history is not among the rows.
CREATE OR REPLACE FUNCTION customers_facts_history_of(ids bigint[])
RETURNS TABLE (customer_id bigint, stays integer, nights integer, value numeric, currency text, first_arrival date,
               last_stay date, next_arrival date, cancelled integer, no_shows integer, value_12_months bigint,
               value_this_year bigint, arrivals date[])
LANGUAGE plpgsql STABLE ROWS 5000
SET search_path = pg_catalog, public SET enable_nestloop = off SET enable_seqscan = on
SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    plans CONSTANT text := customers_facts_plans(ids);
    business CONSTANT bigint := customers_facts_business();
    today CONSTANT date := customers_facts_today();
    year_ago CONSTANT date := today - interval '12 months';
    new_year CONSTANT date := date_trunc('year', today);
    stay_ids bigint[];
BEGIN
    SELECT array_agg(DISTINCT p.stay_id) INTO stay_ids
    FROM customers_stayparticipant p
    WHERE p.business_id = business AND p.customer_id = ANY (ids);
    RETURN QUERY
    WITH part AS MATERIALIZED (
        SELECT p.customer_id, p.is_guest, p.is_payer, s.status, s.arrival, s.departure, s.amount, s.currency,
               s.status IN ('checked_in', 'checked_out') AS took_place
        FROM customers_stayparticipant p
        JOIN customers_stay s ON s.business_id = business AND s.id = p.stay_id
        WHERE p.business_id = business AND p.customer_id = ANY (ids) AND s.id = ANY (stay_ids)
        UNION ALL
        SELECT b.customer_id, false, true, '', b.bought_on, NULL, b.amount, b.currency, true
        FROM customers_purchase b
        WHERE b.business_id = business AND b.customer_id = ANY (ids) AND b.amount IS NOT NULL
    )
    SELECT c.customer_id, sum(c.stays)::integer, sum(c.nights)::integer,
           coalesce((array_agg(c.paid ORDER BY c.payments DESC, c.currency) FILTER (WHERE c.payments > 0))[1], 0),
           coalesce((array_agg(c.currency ORDER BY c.payments DESC, c.currency) FILTER (WHERE c.payments > 0))[1], '')::text,
           min(c.first_arrival), max(c.last_stay), min(c.next_arrival), sum(c.cancelled)::integer, sum(c.no_shows)::integer,
           coalesce((array_agg(c.lately ORDER BY c.payments DESC, c.currency) FILTER (WHERE c.payments > 0))[1], 0),
           coalesce((array_agg(c.this_year ORDER BY c.payments DESC, c.currency) FILTER (WHERE c.payments > 0))[1], 0),
           coalesce(d.arrivals, '{}')
    FROM (
        SELECT part.customer_id, part.currency,
               count(*) FILTER (WHERE part.is_guest AND part.took_place) AS stays,
               coalesce(sum(part.departure - part.arrival) FILTER (WHERE part.is_guest AND part.took_place), 0) AS nights,
               count(part.amount) FILTER (WHERE part.is_payer AND part.took_place) AS payments,
               sum(part.amount) FILTER (WHERE part.is_payer AND part.took_place) AS paid,
               (100 * sum(part.amount) FILTER (WHERE part.is_payer AND part.took_place
                                                 AND part.arrival > year_ago AND part.arrival <= today))::bigint AS lately,
               (100 * sum(part.amount) FILTER (WHERE part.is_payer AND part.took_place
                                                 AND part.arrival >= new_year
                                                 AND part.arrival < new_year + interval '1 year'))::bigint AS this_year,
               min(part.arrival) FILTER (WHERE part.is_guest AND part.took_place) AS first_arrival,
               max(CASE WHEN part.status = 'checked_out' THEN part.departure ELSE part.arrival END)
                   FILTER (WHERE part.is_guest AND part.took_place) AS last_stay,
               min(part.arrival)
                   FILTER (WHERE part.is_guest AND part.status = 'booked' AND part.departure >= today) AS next_arrival,
               count(*) FILTER (WHERE part.is_guest AND part.status = 'cancelled') AS cancelled,
               count(*) FILTER (WHERE part.is_guest AND part.status = 'no_show') AS no_shows
        FROM part
        GROUP BY part.customer_id, part.currency
    ) c
    LEFT JOIN (
        SELECT part.customer_id, array_agg(part.arrival ORDER BY part.arrival) AS arrivals
        FROM part
        WHERE part.is_guest AND part.took_place
        GROUP BY part.customer_id
    ) d ON d.customer_id = c.customer_id
    GROUP BY c.customer_id, d.arrivals ORDER BY c.customer_id;
END $$;

-- Each of the following writes one group for the guests it is given; a guest without rows of the group is one of them.
CREATE OR REPLACE FUNCTION customers_facts_card(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    business CONSTANT bigint := customers_facts_business();
BEGIN
    UPDATE customers_customerfacts f
    SET kind = customers_facts_code(c.kind), language = customers_facts_code(c.language),
        nationality = customers_facts_code(c.nationality), country = customers_facts_code(c.country),
        source = customers_facts_code(c.source), postal_code = lower(c.postal_code), city = lower(c.city),
        first_contact = c.first_contact, birth_date = c.birth_date, sort_key = c.sort_key, is_restricted = c.is_restricted, is_deceased = c.is_deceased,
        do_not_contact = c.do_not_contact
    FROM customers_customer c
    WHERE f.business_id = business AND f.customer_id = ANY (ids)
      AND c.business_id = business AND c.id = ANY (ids) AND c.id = f.customer_id
      AND (f.kind, f.language, f.nationality, f.country, f.postal_code, f.city, f.source, f.first_contact, f.birth_date,
           f.sort_key, f.is_restricted, f.is_deceased, f.do_not_contact)
          IS DISTINCT FROM
          (customers_facts_code(c.kind), customers_facts_code(c.language), customers_facts_code(c.nationality),
           customers_facts_code(c.country), lower(c.postal_code), lower(c.city), customers_facts_code(c.source),
           c.first_contact, c.birth_date, c.sort_key, c.is_restricted, c.is_deceased, c.do_not_contact);
END $$;

CREATE OR REPLACE FUNCTION customers_facts_tags(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    business CONSTANT bigint := customers_facts_business();
BEGIN
    -- The birth date goes to itself: PostgreSQL prepares the generated columns anew for every row of an update that
    -- none of them depends on, at twenty times the cost.
    UPDATE customers_customerfacts f
    SET tags = coalesce(t.tags, '{}'), birth_date = f.birth_date
    FROM (SELECT DISTINCT unnest(ids) AS id) i LEFT JOIN customers_facts_tags_of(ids) t ON t.customer_id = i.id
    WHERE f.business_id = business AND f.customer_id = ANY (ids) AND f.customer_id = i.id
      AND f.tags IS DISTINCT FROM coalesce(t.tags, '{}');
END $$;

CREATE OR REPLACE FUNCTION customers_facts_addresses(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    business CONSTANT bigint := customers_facts_business();
BEGIN
    UPDATE customers_customerfacts f
    SET email_state = coalesce(a.email_state, ''), phone_state = coalesce(a.phone_state, '')
    FROM (SELECT DISTINCT unnest(ids) AS id) i LEFT JOIN customers_facts_addresses_of(ids) a ON a.customer_id = i.id
    WHERE f.business_id = business AND f.customer_id = ANY (ids) AND f.customer_id = i.id
      AND (f.email_state, f.phone_state) IS DISTINCT FROM (coalesce(a.email_state, ''), coalesce(a.phone_state, ''));
END $$;

CREATE OR REPLACE FUNCTION customers_facts_consents(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    business CONSTANT bigint := customers_facts_business();
BEGIN
    UPDATE customers_customerfacts f
    SET consents = coalesce(s.consents, 0)
    FROM (SELECT DISTINCT unnest(ids) AS id) i LEFT JOIN customers_facts_consents_of(ids) s ON s.customer_id = i.id
    WHERE f.business_id = business AND f.customer_id = ANY (ids) AND f.customer_id = i.id
      AND f.consents IS DISTINCT FROM coalesce(s.consents, 0);
END $$;

-- Both reach columns follow from the row itself: they are generated.
CREATE OR REPLACE FUNCTION customers_facts_contact(ids bigint[]) RETURNS void LANGUAGE sql
SET search_path = pg_catalog, public AS $$
    SELECT customers_facts_addresses(ids), customers_facts_consents(ids)
$$;

CREATE OR REPLACE FUNCTION customers_facts_activity(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    business CONSTANT bigint := customers_facts_business();
BEGIN
    -- The birth date, as with tags.
    UPDATE customers_customerfacts f
    SET last_activity = a.last_activity, birth_date = f.birth_date
    FROM (SELECT DISTINCT unnest(ids) AS id) i LEFT JOIN customers_facts_activity_of(ids) a ON a.customer_id = i.id
    WHERE f.business_id = business AND f.customer_id = ANY (ids) AND f.customer_id = i.id
      AND f.last_activity IS DISTINCT FROM a.last_activity;
END $$;

CREATE OR REPLACE FUNCTION customers_facts_history(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    business CONSTANT bigint := customers_facts_business();
    today CONSTANT date := customers_facts_today();
BEGIN
    UPDATE customers_customerfacts f
    SET stays = h.stays, nights = h.nights, value = h.value, currency = h.currency, first_arrival = h.first_arrival,
        last_stay = h.last_stay, next_arrival = h.next_arrival, cancelled = h.cancelled, no_shows = h.no_shows,
        value_12_months = h.value_12_months, value_this_year = h.value_this_year, arrivals = h.arrivals,
        counted_on = today
    FROM (
        SELECT i.id, coalesce(h.stays, 0) AS stays, coalesce(h.nights, 0) AS nights, coalesce(h.value, 0) AS value,
               coalesce(h.currency, '') AS currency, h.first_arrival, h.last_stay, h.next_arrival,
               coalesce(h.cancelled, 0) AS cancelled, coalesce(h.no_shows, 0) AS no_shows,
               coalesce(h.value_12_months, 0) AS value_12_months, coalesce(h.value_this_year, 0) AS value_this_year,
               coalesce(h.arrivals, '{}') AS arrivals
        FROM (SELECT DISTINCT unnest(ids) AS id) i LEFT JOIN customers_facts_history_of(ids) h ON h.customer_id = i.id
    ) h
    WHERE f.business_id = business AND f.customer_id = ANY (ids) AND f.customer_id = h.id
      AND (f.stays, f.nights, f.value, f.currency, f.first_arrival, f.last_stay, f.next_arrival, f.cancelled, f.no_shows,
           f.value_12_months, f.value_this_year, f.arrivals)
          IS DISTINCT FROM
          (h.stays, h.nights, h.value, h.currency, h.first_arrival, h.last_stay, h.next_arrival, h.cancelled, h.no_shows,
           h.value_12_months, h.value_this_year, h.arrivals);
END $$;

-- All groups at once, in one write a guest; a guest without facts gets them. Whoever these are, it is planned alike: cards
-- by their keys, then what the functions above counted, hashed. A forced custom plan would plan the key's check of every
-- single row, too.
CREATE OR REPLACE FUNCTION customers_facts_refresh(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    business CONSTANT bigint := customers_facts_business();
    today CONSTANT date := customers_facts_today();
BEGIN
    INSERT INTO customers_customerfacts AS f (
        business_id, customer_id, kind, language, nationality, country, postal_code, city, source, first_contact,
        birth_date, sort_key, is_restricted, is_deceased, do_not_contact, tags, consents, email_state, phone_state,
        last_activity, stays, nights, value, currency, first_arrival, last_stay, next_arrival, cancelled, no_shows,
        value_12_months, value_this_year, arrivals, counted_on)
    SELECT c.business_id, c.id, customers_facts_code(c.kind), customers_facts_code(c.language),
           customers_facts_code(c.nationality), customers_facts_code(c.country), lower(c.postal_code), lower(c.city),
           customers_facts_code(c.source), c.first_contact, c.birth_date, c.sort_key, c.is_restricted, c.is_deceased, c.do_not_contact,
           coalesce(t.tags, '{}'), coalesce(s.consents, 0), coalesce(a.email_state, ''), coalesce(a.phone_state, ''),
           y.last_activity, coalesce(h.stays, 0), coalesce(h.nights, 0), coalesce(h.value, 0), coalesce(h.currency, ''),
           h.first_arrival, h.last_stay, h.next_arrival, coalesce(h.cancelled, 0), coalesce(h.no_shows, 0),
           coalesce(h.value_12_months, 0), coalesce(h.value_this_year, 0), coalesce(h.arrivals, '{}'), today
    FROM (SELECT DISTINCT unnest(ids)) AS i (id)
    JOIN LATERAL (SELECT * FROM customers_customer WHERE business_id = (SELECT business) AND id = i.id LIMIT 1) c ON true
    LEFT JOIN customers_facts_tags_of(ids) t ON t.customer_id = c.id
    LEFT JOIN customers_facts_addresses_of(ids) a ON a.customer_id = c.id
    LEFT JOIN customers_facts_consents_of(ids) s ON s.customer_id = c.id
    LEFT JOIN customers_facts_activity_of(ids) y ON y.customer_id = c.id
    LEFT JOIN customers_facts_history_of(ids) h ON h.customer_id = c.id
    ORDER BY c.id
    ON CONFLICT (business_id, customer_id) DO UPDATE SET
        kind = excluded.kind, language = excluded.language, nationality = excluded.nationality,
        country = excluded.country, postal_code = excluded.postal_code, city = excluded.city, source = excluded.source,
        first_contact = excluded.first_contact, birth_date = excluded.birth_date, sort_key = excluded.sort_key,
        is_restricted = excluded.is_restricted, is_deceased = excluded.is_deceased,
        do_not_contact = excluded.do_not_contact, tags = excluded.tags, consents = excluded.consents,
        email_state = excluded.email_state, phone_state = excluded.phone_state, last_activity = excluded.last_activity,
        stays = excluded.stays, nights = excluded.nights, value = excluded.value, currency = excluded.currency,
        first_arrival = excluded.first_arrival, last_stay = excluded.last_stay, next_arrival = excluded.next_arrival,
        cancelled = excluded.cancelled, no_shows = excluded.no_shows, value_12_months = excluded.value_12_months,
        value_this_year = excluded.value_this_year, arrivals = excluded.arrivals, counted_on = excluded.counted_on
    WHERE (f.kind, f.language, f.nationality, f.country, f.postal_code, f.city, f.source, f.first_contact, f.birth_date,
           f.sort_key, f.is_restricted, f.is_deceased, f.do_not_contact, f.tags, f.consents, f.email_state, f.phone_state,
           f.last_activity, f.stays, f.nights, f.value, f.currency, f.first_arrival, f.last_stay, f.next_arrival,
           f.cancelled, f.no_shows, f.value_12_months, f.value_this_year, f.arrivals)
          IS DISTINCT FROM
          (excluded.kind, excluded.language, excluded.nationality, excluded.country, excluded.postal_code, excluded.city,
           excluded.source, excluded.first_contact, excluded.birth_date, excluded.sort_key, excluded.is_restricted,
           excluded.is_deceased, excluded.do_not_contact, excluded.tags, excluded.consents, excluded.email_state,
           excluded.phone_state, excluded.last_activity, excluded.stays, excluded.nights, excluded.value,
           excluded.currency, excluded.first_arrival, excluded.last_stay, excluded.next_arrival, excluded.cancelled,
           excluded.no_shows, excluded.value_12_months, excluded.value_this_year, excluded.arrivals);
END $$;

-- The same for guests who have just been made, thousands at once, and have nothing but addresses and tags: nothing else is
-- asked for them, and there are no facts yet that these could meet. EXECUTE plans for the ids at hand.
CREATE OR REPLACE FUNCTION customers_facts_begin(ids bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off AS $$
DECLARE
    business CONSTANT bigint := customers_facts_business();
    today CONSTANT date := customers_facts_today();
BEGIN
    EXECUTE $sql$
    INSERT INTO customers_customerfacts (
        business_id, customer_id, kind, language, nationality, country, postal_code, city, source, first_contact,
        birth_date, sort_key, is_restricted, is_deceased, do_not_contact, tags, email_state, phone_state,
        stays, nights, value, currency, cancelled, no_shows, counted_on)
    SELECT c.business_id, c.id, customers_facts_code(c.kind), customers_facts_code(c.language),
           customers_facts_code(c.nationality), customers_facts_code(c.country), lower(c.postal_code), lower(c.city),
           customers_facts_code(c.source), c.first_contact, c.birth_date, c.sort_key, c.is_restricted, c.is_deceased,
           c.do_not_contact, coalesce(t.tags, '{}'), coalesce(a.email_state, ''), coalesce(a.phone_state, ''),
           0, 0, 0, '', 0, 0, $3
    FROM (SELECT DISTINCT unnest($1)) AS i (id)
    JOIN LATERAL (SELECT * FROM customers_customer WHERE business_id = (SELECT $2) AND id = i.id LIMIT 1) c ON true
    LEFT JOIN customers_facts_tags_of($1) t ON t.customer_id = c.id
    LEFT JOIN customers_facts_addresses_of($1) a ON a.customer_id = c.id
    ORDER BY c.id
    $sql$ USING ids, business, today;
END $$;
