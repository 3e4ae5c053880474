-- Exports that should be at work and have not been heard of for a while: their message was lost, or their worker killed.
-- Crosses businesses, so it runs as the owner and returns ids only; whoever takes one up opens its business's scope
-- first.
CREATE OR REPLACE FUNCTION customers_exports_due(silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT r.business_id, r.id FROM public.customers_exportrun r
    WHERE r.state IN ('waiting', 'running') AND r.seen_at < now() - silent
    ORDER BY r.seen_at LIMIT most
$$;
REVOKE ALL ON FUNCTION customers_exports_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_exports_due(interval, integer) TO "{app}";
