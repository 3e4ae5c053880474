-- The current consents, derived from the log of events in the same statement that adds them. The newest decision of the
-- guest holds, whichever order events are learned in; of two at one moment the one recorded last. An event that is learned
-- under the id of a card that has been merged meanwhile is the survivor's.
CREATE OR REPLACE FUNCTION customers_consent_state() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.customers_consentstate AS s (business_id, customer_id, purpose, channel, granted, since, event_id)
    SELECT DISTINCT ON (n.business_id, n.card, n.purpose, n.channel)
           n.business_id, n.card, n.purpose, n.channel, n.act = 'granted', n.at, n.id
    FROM (
        SELECT e.*, coalesce(l.survivor_id, e.customer_id) AS card
        FROM new_rows e LEFT JOIN public.customers_cardlineage l
            ON l.business_id = e.business_id AND l.absorbed_id = e.customer_id
    ) n
    WHERE EXISTS (SELECT FROM public.customers_customer c WHERE c.business_id = n.business_id AND c.id = n.card)
    ORDER BY n.business_id, n.card, n.purpose, n.channel, n.at DESC, n.id DESC
    ON CONFLICT (business_id, customer_id, purpose, channel) DO UPDATE
        SET granted = excluded.granted, since = excluded.since, event_id = excluded.event_id
        WHERE (excluded.since, excluded.event_id) > (s.since, s.event_id);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION customers_consent_state() FROM PUBLIC;

CREATE OR REPLACE TRIGGER consent_state AFTER INSERT ON customers_consentevent
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_consent_state();

-- What holds for a card that others were merged into: {"purpose.channel": [granted, since, event, proven]}. Its own log and
-- the merges are gone through in the order the register learned of them. Where two cards disagree the withdrawal holds,
-- unless the grant is later and proven: given by the guest themself, or with a proof that is more than a file's word. What
-- the guest says after the merge is said for the merged card, and the newest holds as ever.
CREATE OR REPLACE FUNCTION customers_consent_held(house bigint, card bigint) RETURNS jsonb LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    held jsonb := '{}';
    step record;
    told record;
    old jsonb;
    is_newer boolean;
BEGIN
    FOR step IN
        SELECT e.recorded_at AS learned_at, NULL::bigint AS absorbed_id, e.id, jsonb_build_object(
                   e.purpose || '.' || e.channel, jsonb_build_array(e.act = 'granted', e.at, e.id,
                   e.by_guest OR e.proof <> '' AND e.source NOT IN ('import', 'system'))) AS said
        FROM public.customers_consentevent e WHERE e.business_id = house AND e.customer_id = card
        UNION ALL
        SELECT m.merged_at, m.absorbed_id, m.id, NULL
        FROM public.customers_mergedcard m WHERE m.business_id = house AND m.survivor_id = card
        ORDER BY learned_at, absorbed_id NULLS FIRST, id
    LOOP
        FOR told IN
            SELECT key, value FROM jsonb_each(coalesce(step.said, public.customers_consent_held(house, step.absorbed_id)))
        LOOP
            old := held -> told.key;
            is_newer := old IS NULL OR ((told.value ->> 1)::timestamptz, (told.value ->> 2)::bigint)
                                     > ((old ->> 1)::timestamptz, (old ->> 2)::bigint);
            IF step.absorbed_id IS NOT NULL AND old -> 0 <> told.value -> 0 THEN
                -- Two cards disagree: the grant holds only where it is the later one and proven.
                is_newer := CASE WHEN (told.value -> 0)::boolean THEN is_newer AND (told.value -> 3)::boolean
                                 ELSE is_newer OR NOT (old -> 3)::boolean END;
            END IF;
            IF is_newer THEN
                held := held || jsonb_build_object(told.key, told.value);
            END IF;
        END LOOP;
    END LOOP;
    RETURN held;
END $$;

-- What holds for these cards of the business in scope, told from the log again: after a merge, and after its undo.
CREATE OR REPLACE FUNCTION customers_consent_derive(ids bigint[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    house CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
    merged CONSTANT bigint[] := ARRAY(
        SELECT DISTINCT m.survivor_id FROM public.customers_mergedcard m
        WHERE m.business_id = house AND m.survivor_id = ANY (ids));
BEGIN
    WITH held AS MATERIALIZED (
        SELECT DISTINCT ON (e.customer_id, e.purpose, e.channel)
               e.customer_id, e.purpose, e.channel, e.act = 'granted' AS granted, e.at AS since, e.id AS event_id
        FROM public.customers_consentevent e
        WHERE e.business_id = house AND e.customer_id = ANY (ids) AND e.customer_id <> ALL (merged)
        ORDER BY e.customer_id, e.purpose, e.channel, e.at DESC, e.id DESC
    ), everything AS MATERIALIZED (
        SELECT * FROM held
        UNION ALL
        SELECT m.card, split_part(h.key, '.', 1), split_part(h.key, '.', 2), (h.value -> 0)::boolean,
               (h.value ->> 1)::timestamptz, (h.value ->> 2)::bigint
        FROM unnest(merged) AS m (card) CROSS JOIN LATERAL jsonb_each(public.customers_consent_held(house, m.card)) h
    ), ended AS (
        DELETE FROM public.customers_consentstate s
        WHERE s.business_id = house AND s.customer_id = ANY (ids) AND NOT EXISTS (
            SELECT FROM everything e
            WHERE e.customer_id = s.customer_id AND e.purpose = s.purpose AND e.channel = s.channel)
    )
    INSERT INTO public.customers_consentstate AS s (business_id, customer_id, purpose, channel, granted, since, event_id)
    SELECT house, e.customer_id, e.purpose, e.channel, e.granted, e.since, e.event_id
    FROM everything e JOIN public.customers_customer c ON c.business_id = house AND c.id = e.customer_id AND c.id = ANY (ids)
    ORDER BY e.customer_id, e.purpose, e.channel
    ON CONFLICT (business_id, customer_id, purpose, channel) DO UPDATE
        SET granted = excluded.granted, since = excluded.since, event_id = excluded.event_id
        WHERE (excluded.granted, excluded.since, excluded.event_id) IS DISTINCT FROM (s.granted, s.since, s.event_id);
END $$;
REVOKE ALL ON FUNCTION customers_consent_derive(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_consent_derive(bigint[]) TO "{app}";

-- A card that an undo brings back lost its states with it, the log did not: what holds is told from the log again. A new
-- card has no events; of however many at once each costs a look into the index by guest, and nothing is joined.
CREATE OR REPLACE FUNCTION customers_consent_state_of_cards() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    business CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
    ids CONSTANT bigint[] := (SELECT array_agg(n.id) FROM new_rows n WHERE n.business_id = business);
BEGIN
    IF EXISTS (SELECT FROM public.customers_consentevent e WHERE e.business_id = business AND e.customer_id = ANY (ids))
       OR EXISTS (SELECT FROM public.customers_mergedcard m WHERE m.business_id = business AND m.survivor_id = ANY (ids)) THEN
        PERFORM public.customers_consent_derive(ids);
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION customers_consent_state_of_cards() FROM PUBLIC;

CREATE OR REPLACE TRIGGER consent_state_of_cards AFTER INSERT ON customers_customer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_consent_state_of_cards();

-- Nobody but the functions above writes the state.
REVOKE INSERT, UPDATE, DELETE ON customers_consentstate FROM "{app}";
