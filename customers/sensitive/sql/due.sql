-- Businesses that keep a sensitive detail whose guest does not consent (any more), or has withdrawn since it was written,
-- under whichever of their cards' ids.
-- Crosses businesses, so it runs as the owner and returns ids only; whoever erases opens the business's scope first.
CREATE OR REPLACE FUNCTION customers_sensitive_due(most integer) RETURNS TABLE (business_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT DISTINCT d.business_id FROM public.customers_sensitivedetail d
    WHERE NOT EXISTS (
        SELECT FROM public.customers_consentstate s
        WHERE s.business_id = d.business_id AND s.customer_id = d.customer_id
          AND s.purpose = 'sensitive' AND s.channel = '' AND s.granted
    ) OR EXISTS (
        SELECT FROM public.customers_consentevent e
        WHERE e.business_id = d.business_id AND e.customer_id IN (
            SELECT d.customer_id
            UNION ALL SELECT l.absorbed_id FROM public.customers_cardlineage l
            WHERE l.business_id = d.business_id AND l.survivor_id = d.customer_id
          ) AND e.purpose = 'sensitive' AND e.channel = '' AND e.act = 'withdrawn' AND e.at > d.changed_at
    )
    LIMIT most;
END $$;
REVOKE ALL ON FUNCTION customers_sensitive_due(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_sensitive_due(integer) TO "{app}";
