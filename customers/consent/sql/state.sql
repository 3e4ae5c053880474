-- The current consents, derived from the log of events in the same statement that adds them. The newest decision of the
-- guest holds, whichever order events are learned in; of two at one moment the one recorded last.
CREATE OR REPLACE FUNCTION customers_consent_state() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.customers_consentstate AS s (business_id, customer_id, purpose, channel, granted, since, event_id)
    SELECT DISTINCT ON (n.business_id, n.customer_id, n.purpose, n.channel)
           n.business_id, n.customer_id, n.purpose, n.channel, n.act = 'granted', n.at, n.id
    FROM new_rows n
    WHERE EXISTS (SELECT FROM public.customers_customer c WHERE c.business_id = n.business_id AND c.id = n.customer_id)
    ORDER BY n.business_id, n.customer_id, n.purpose, n.channel, n.at DESC, n.id DESC
    ON CONFLICT (business_id, customer_id, purpose, channel) DO UPDATE
        SET granted = excluded.granted, since = excluded.since, event_id = excluded.event_id
        WHERE (excluded.since, excluded.event_id) > (s.since, s.event_id);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION customers_consent_state() FROM PUBLIC;

CREATE OR REPLACE TRIGGER consent_state AFTER INSERT ON customers_consentevent
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_consent_state();

-- A card that an undo brings back lost its states with it, the log did not: what holds is told from the log again. A new
-- card has no events; of however many at once each costs a look into the index by guest, and nothing is joined.
CREATE OR REPLACE FUNCTION customers_consent_state_of_cards() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    business CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
    ids CONSTANT bigint[] := (SELECT array_agg(n.id) FROM new_rows n WHERE n.business_id = business);
BEGIN
    INSERT INTO public.customers_consentstate (business_id, customer_id, purpose, channel, granted, since, event_id)
    SELECT DISTINCT ON (e.customer_id, e.purpose, e.channel)
           e.business_id, e.customer_id, e.purpose, e.channel, e.act = 'granted', e.at, e.id
    FROM public.customers_consentevent e
    WHERE e.business_id = business AND e.customer_id = ANY (ids)
    ORDER BY e.customer_id, e.purpose, e.channel, e.at DESC, e.id DESC
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION customers_consent_state_of_cards() FROM PUBLIC;

CREATE OR REPLACE TRIGGER consent_state_of_cards AFTER INSERT ON customers_customer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_consent_state_of_cards();

-- Nobody but the functions above writes the state.
REVOKE INSERT, UPDATE, DELETE ON customers_consentstate FROM "{app}";
