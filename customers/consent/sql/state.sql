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

-- Nobody but the function above writes the state.
REVOKE INSERT, UPDATE, DELETE ON customers_consentstate FROM "{app}";
