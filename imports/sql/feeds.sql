-- What is due over all businesses: nightly imports whose hour has come, or whose worker died on the way; what was fetched
-- and waits for its next step; sealed files whose time is over. Each crosses businesses, so it runs as the owner and
-- returns ids only; whoever takes one up opens its business's scope first.
CREATE OR REPLACE FUNCTION import_feeds_due(silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT f.business_id, f.id FROM public.imports_importfeed f
    WHERE (f.next_at <= now() AND f.state <> 'fetching')
       OR (f.state = 'fetching' AND f.last_at < now() - silent AND NOT EXISTS (
              SELECT FROM public.imports_importfetch e
              WHERE e.business_id = f.business_id AND e.feed_id = f.id AND e.state = 'fetching'
                AND e.run_id IS NOT NULL))
    ORDER BY f.next_at LIMIT most
$$;
REVOKE ALL ON FUNCTION import_feeds_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION import_feeds_due(interval, integer) TO "{app}";

CREATE OR REPLACE FUNCTION import_fetches_due(silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT f.business_id, f.id FROM public.imports_importfetch f
    JOIN public.imports_importrun r ON r.business_id = f.business_id AND r.id = f.run_id
    WHERE f.state = 'fetching' AND r.state NOT IN ('checking', 'running') AND f.begun_at < now() - silent
    ORDER BY f.begun_at LIMIT most
$$;
REVOKE ALL ON FUNCTION import_fetches_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION import_fetches_due(interval, integer) TO "{app}";

CREATE OR REPLACE FUNCTION import_files_due(silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT r.business_id, r.id FROM public.imports_importrun r
    -- A day later than any business's today: whoever takes one up asks for the date there.
    WHERE r.kept_until < (now() - silent)::date + 1 AND r.upload <> '' ORDER BY r.kept_until LIMIT most
$$;
REVOKE ALL ON FUNCTION import_files_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION import_files_due(interval, integer) TO "{app}";
