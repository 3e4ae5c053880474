-- Addresses that must not be written to again stand as digests (accounts/digests.py): HMAC-SHA256 of RFC 2104, its first
-- 128 bits. The key comes with the scope of the transaction, as the two pads of the HMAC; without it nothing is answered
-- rather than that nothing is suppressed.
CREATE OR REPLACE FUNCTION customers_address_pads() RETURNS bytea LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public AS $$
DECLARE
    pads CONSTANT text := coalesce(current_setting('innkeeper.address_pads', true), '');
BEGIN
    IF length(pads) <> 256 THEN
        RAISE EXCEPTION 'No key of addresses is in scope. Open business_scope(business_id) around this call.';
    END IF;
    RETURN decode(pads, 'hex');
END $$;

-- Without a search path of its own and no more than stable, as what it calls is, so that it is written into the query that
-- calls it, at a quarter of the cost: every name is a whole one.
CREATE OR REPLACE FUNCTION customers_address_digest(pads bytea, kind text, normalised text) RETURNS uuid LANGUAGE sql
STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.encode(pg_catalog.substr(pg_catalog.sha256(pg_catalog.substr(pads, 65)
        || pg_catalog.sha256(pg_catalog.substr(pads, 1, 64)
                             || pg_catalog.convert_to(kind || ':' || normalised, 'UTF8'))), 1, 16), 'hex')::pg_catalog.uuid
$$;

-- A consent to the newsletter given anew, by the guest or before a member, lifts what an unsubscribing left on the guest's
-- addresses; one that a file or another system tells of never does, and nor does it lift an objection, a bounce or a STOP.
CREATE OR REPLACE FUNCTION customers_suppression_consented() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    cards bigint[];
    addresses text[];
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows WHERE act = 'granted' AND purpose = 'newsletter'
                   AND source NOT IN ('import', 'api', 'system'))
       OR NOT EXISTS (SELECT FROM customers_suppression WHERE reason = 'unsubscribed') THEN
        RETURN NULL;
    END IF;
    WITH given AS (
        SELECT p.normalised, customers_address_digest(customers_address_pads(), p.kind, p.normalised) AS digest, max(e.at) AS at
        FROM new_rows e
        JOIN customers_contactpoint p ON p.normalised <> ''
         AND p.customer_id = coalesce(
             (SELECT l.survivor_id FROM customers_cardlineage l WHERE l.absorbed_id = e.customer_id), e.customer_id)
         AND p.kind = CASE e.channel WHEN 'sms' THEN 'phone' ELSE 'email' END
        WHERE e.act = 'granted' AND e.purpose = 'newsletter' AND e.source NOT IN ('import', 'api', 'system')
        GROUP BY p.normalised, p.kind
    ), lifted AS (
        DELETE FROM customers_suppression s USING given g
        WHERE s.digest = g.digest AND s.reason = 'unsubscribed' AND s.at <= g.at RETURNING g.normalised
    )
    SELECT array_agg(normalised) INTO addresses FROM lifted;
    IF addresses IS NOT NULL THEN
        PERFORM customers_suppression_facts(addresses);
    END IF;
    RETURN NULL;
END $$;

-- The contact points that hold one of these addresses, each address looked up by its key. Runs as the owner, whom no
-- policy binds: below one, a planner that expects one row of a business new to it reads the whole business for each
-- address. Ids only; whoever reads or writes the rows does so under the policies.
CREATE OR REPLACE FUNCTION customers_points_at(addresses text[]) RETURNS TABLE (id bigint, customer_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
SET search_path = pg_catalog, public AS $$
    SELECT p.id, p.customer_id
    FROM (SELECT DISTINCT unnest(addresses)) a (address)
    JOIN LATERAL (
        SELECT p.id, p.customer_id FROM public.customers_contactpoint p
        WHERE p.business_id = (SELECT public.customers_facts_business()) AND p.normalised = a.address
        OFFSET 0
    ) p ON a.address <> ''
$$;
REVOKE ALL ON FUNCTION customers_points_at(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_points_at(text[]) TO "{app}";

-- The facts of everybody who has one of these addresses, after one was suppressed or let go.
CREATE OR REPLACE FUNCTION customers_suppression_facts(addresses text[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
DECLARE
    cards CONSTANT bigint[] := ARRAY(SELECT DISTINCT p.customer_id FROM customers_points_at(addresses) p ORDER BY 1);
BEGIN
    IF cards <> '{}' THEN
        PERFORM customers_facts_addresses(cards);
    END IF;
END $$;

CREATE OR REPLACE TRIGGER suppression_consented AFTER INSERT ON customers_consentevent
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_suppression_consented();
