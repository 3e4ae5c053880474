-- Businesses in which a journey is due in an automation that is on, the one that has waited longest first. It crosses
-- businesses, so it runs as the owner and returns ids only; whoever takes one up opens its scope first.
CREATE OR REPLACE FUNCTION automations_due(most integer) RETURNS TABLE (business_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT a.business_id FROM public.automations_automation a
    JOIN LATERAL (
        SELECT j.due_at FROM public.automations_journey j
        WHERE j.business_id = a.business_id AND j.automation_id = a.id AND j.state IN ('planned', 'running')
          AND j.due_at <= now()
        ORDER BY j.due_at LIMIT 1
    ) first ON true
    WHERE a.state = 'on'
    GROUP BY a.business_id ORDER BY min(first.due_at), a.business_id LIMIT most
$$;
REVOKE ALL ON FUNCTION automations_due(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION automations_due(integer) TO "{app}";
