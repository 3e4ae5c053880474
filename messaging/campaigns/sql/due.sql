-- Campaigns whose time has come, and those at work that have not been heard of for a while: their message was lost, their
-- worker killed, or what they planned is still going out. Crosses businesses, so it runs as the owner and returns ids only;
-- whoever takes one up opens its business's scope first.
CREATE OR REPLACE FUNCTION messaging_campaigns_due(silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT c.business_id, c.id FROM public.messaging_campaign c
    WHERE c.state = 'scheduled' AND c.starts_at <= now() OR c.state = 'running' AND c.seen_at < now() - silent
    ORDER BY c.seen_at LIMIT most
$$;
REVOKE ALL ON FUNCTION messaging_campaigns_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION messaging_campaigns_due(interval, integer) TO "{app}";
