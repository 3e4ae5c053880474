-- Businesses with reports that wait for their message, or that are past keeping. Crosses businesses, so it runs as the
-- owner and returns ids only; whoever takes one up opens its business's scope first.
CREATE OR REPLACE FUNCTION messaging_callbacks_due(before timestamptz, most integer)
RETURNS TABLE (business_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT b.id FROM public.accounts_business b
    WHERE EXISTS (SELECT FROM public.messaging_callbackevent e
                  WHERE e.business_id = b.id AND e.state = 'waiting' AND e.due_at <= now())
       OR EXISTS (SELECT FROM public.messaging_callbackevent e WHERE e.business_id = b.id AND e.received_at < before)
    ORDER BY b.id LIMIT most
$$;
REVOKE ALL ON FUNCTION messaging_callbacks_due(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION messaging_callbacks_due(timestamptz, integer) TO "{app}";
