-- Dry runs that wait or are at work and have not been heard of for a while, as their message was lost or their worker
-- killed, and those made longer ago than they are kept. Crosses businesses, so it runs as the owner and returns ids only;
-- whoever takes one up opens its business's scope first.
CREATE OR REPLACE FUNCTION automations_dry_runs_due(kept interval, silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT d.business_id, d.id FROM public.automations_dryrun d
    WHERE d.state IN ('waiting', 'running') AND d.seen_at < now() - silent OR d.created_at < now() - kept
    ORDER BY d.seen_at LIMIT most
$$;
REVOKE ALL ON FUNCTION automations_dry_runs_due(interval, interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION automations_dry_runs_due(interval, interval, integer) TO "{app}";
