-- Runs in one of the given states that have not been heard of for a while: at work once, and silent since a lost message
-- or a killed worker; or waiting for somebody to tell their columns or to start them. Crosses businesses, so it runs as
-- the owner and returns ids only; whoever takes one up opens its business's scope first.
DROP FUNCTION IF EXISTS imports_due(interval, integer);
CREATE OR REPLACE FUNCTION imports_due(states text[], silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT r.business_id, r.id FROM public.imports_importrun r
    WHERE r.state = ANY (states) AND r.state IN ('mapping', 'checking', 'ready', 'running') AND r.seen_at < now() - silent
    ORDER BY r.seen_at LIMIT most
$$;
REVOKE ALL ON FUNCTION imports_due(text[], interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION imports_due(text[], interval, integer) TO "{app}";
