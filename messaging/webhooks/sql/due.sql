-- Businesses with webhooks that are due, whose worker is gone, that are to be given up, or that are past keeping. Crosses
-- businesses, so it runs as the owner and returns ids only; whoever takes one up opens its business's scope first.
CREATE OR REPLACE FUNCTION messaging_webhooks_due(kept interval, most integer)
RETURNS TABLE (business_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT b.id FROM public.accounts_business b
    LEFT JOIN LATERAL (
        SELECT min(first.due_at) AS due_at
        FROM public.messaging_webhookendpoint e
        JOIN LATERAL (
            SELECT d.due_at FROM public.messaging_webhookdelivery d
            WHERE d.business_id = b.id AND d.endpoint_id = e.id AND d.state = 'planned' AND d.due_at <= now()
            ORDER BY d.due_at LIMIT 1
        ) first ON true
        WHERE e.business_id = b.id AND e.is_on AND (e.rests_until IS NULL OR e.rests_until <= now())
    ) planned ON true
    LEFT JOIN LATERAL (
        SELECT d.claimed_until FROM public.messaging_webhookdelivery d
        WHERE d.business_id = b.id AND d.state = 'claimed' AND d.claimed_until <= now()
        ORDER BY d.claimed_until LIMIT 1
    ) left_over ON true
    LEFT JOIN LATERAL (
        SELECT d.expires_at FROM public.messaging_webhookdelivery d
        WHERE d.business_id = b.id AND d.state = 'planned' AND d.expires_at <= now() ORDER BY d.expires_at LIMIT 1
    ) late ON true
    LEFT JOIN LATERAL (
        SELECT d.settled_at FROM public.messaging_webhookdelivery d
        WHERE d.business_id = b.id AND d.state IN ('sent', 'failed', 'unknown') AND d.settled_at < now() - kept
        ORDER BY d.settled_at LIMIT 1
    ) old ON true
    WHERE coalesce(planned.due_at, left_over.claimed_until, late.expires_at, old.settled_at) IS NOT NULL
    ORDER BY least(planned.due_at, left_over.claimed_until, late.expires_at, old.settled_at), b.id
    LIMIT most
$$;
REVOKE ALL ON FUNCTION messaging_webhooks_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION messaging_webhooks_due(interval, integer) TO "{app}";
