-- Businesses with an automation that is on whose planner has something to look at: it has never passed, a transaction has
-- written since what it has not read, or a day has come that it has not planned. The one that has waited longest first.
-- It crosses businesses, so it runs as the owner and returns ids only; whoever takes one up opens its scope first.
CREATE OR REPLACE FUNCTION automations_unplanned(most integer) RETURNS TABLE (business_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT house.id
    FROM (
        SELECT a.business_id AS id, min(coalesce(a.planned_through, '-infinity')) AS through
        FROM public.automations_automation a WHERE a.state = 'on' GROUP BY a.business_id
    ) house
    JOIN public.accounts_business b ON b.id = house.id
    LEFT JOIN public.automations_plannerstate p ON p.business_id = house.id AND p.snapshot <> ''
    WHERE p.business_id IS NULL
       OR house.through < (now() AT TIME ZONE b.time_zone)::date + 14
       OR EXISTS (
            SELECT FROM public.customers_change c
            WHERE c.business_id = house.id AND c.id > (
                SELECT coalesce(max((mark ->> 1)::bigint), 0) FROM jsonb_array_elements(p.marks) AS mark
                WHERE (mark ->> 0)::bigint <= p.seen_xid
              ) AND c.xid >= p.seen_xid AND NOT pg_visible_in_snapshot(c.xid::text::xid8, p.snapshot::pg_snapshot))
       OR EXISTS (
            SELECT FROM public.automations_guestevent e
            WHERE e.business_id = house.id AND e.xid >= p.seen_xid
              AND NOT pg_visible_in_snapshot(e.xid::text::xid8, p.snapshot::pg_snapshot))
       OR EXISTS (
            SELECT FROM public.customers_segmentmember m
            WHERE m.business_id = house.id AND NOT m.by_definition AND m.entered_xid >= p.seen_xid
              AND NOT pg_visible_in_snapshot(m.entered_xid::text::xid8, p.snapshot::pg_snapshot))
    ORDER BY p.passed_at NULLS FIRST, house.id
    LIMIT most
$$;
REVOKE ALL ON FUNCTION automations_unplanned(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION automations_unplanned(integer) TO "{app}";
