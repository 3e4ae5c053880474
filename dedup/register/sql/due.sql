-- What waits to be done, of any business. These cross businesses, so they run as the owner and return ids only; whoever
-- takes one up opens its business's scope first.

-- Businesses whose guests have changed since their changes were last followed, or were never looked at at all, and those
-- whose people have decided enough to learn from (dedup.register.learning).
CREATE OR REPLACE FUNCTION dedup_follow_due(most integer) RETURNS TABLE (business_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT b.id FROM public.accounts_business b
    LEFT JOIN public.dedup_matchsettings s ON s.business_id = b.id
    WHERE CASE WHEN s.seen_xid IS NULL
        THEN EXISTS (SELECT FROM public.customers_customer c WHERE c.business_id = b.id)
        ELSE EXISTS (SELECT FROM public.customers_change c WHERE c.business_id = b.id AND c.id > s.seen_change)
            OR s.untaught >= greatest(10, s.taught_by / 5) AND s.taught_by + s.untaught >= 50 END
    ORDER BY s.followed_at NULLS FIRST, b.id
    LIMIT most
$$;
REVOKE ALL ON FUNCTION dedup_follow_due(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dedup_follow_due(integer) TO "{app}";

-- Runs that have not been heard of for a while.
CREATE OR REPLACE FUNCTION dedup_runs_due(silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT r.business_id, r.id FROM public.dedup_matchrun r
    WHERE r.state IN ('waiting', 'running') AND r.seen_at < now() - silent
    ORDER BY r.seen_at LIMIT most
$$;
REVOKE ALL ON FUNCTION dedup_runs_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dedup_runs_due(interval, integer) TO "{app}";
