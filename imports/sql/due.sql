-- Runs that should be at work and have not been heard of since: a lost message, a killed worker. Crosses businesses, so
-- it runs as the owner and returns ids only; whoever takes one up opens its business's scope first.
CREATE OR REPLACE FUNCTION imports_due(silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT r.business_id, r.id FROM public.imports_importrun r
    WHERE r.state IN ('checking', 'running') AND r.seen_at < now() - silent
    ORDER BY r.seen_at LIMIT most
$$;
REVOKE ALL ON FUNCTION imports_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION imports_due(interval, integer) TO "{app}";
