-- Businesses with a segment that waits to be counted: never counted, changed since, or counted longer than `older` ago.
-- Those who have waited longest come first. Crosses businesses, so it runs as the owner and returns ids only; whoever
-- counts opens the business's scope first.
CREATE OR REPLACE FUNCTION customers_segments_due(older interval, most integer) RETURNS TABLE (business_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT s.business_id FROM public.customers_segment s
    WHERE s.counted_at IS NULL OR s.counted_at < now() - older OR s.counted_definition IS DISTINCT FROM s.definition
    GROUP BY s.business_id
    ORDER BY min(s.counted_at) NULLS FIRST, s.business_id
    LIMIT most
$$;
REVOKE ALL ON FUNCTION customers_segments_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_segments_due(interval, integer) TO "{app}";
