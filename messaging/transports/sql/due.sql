-- What waits at the transports of any business: test messages nobody has taken up, and sender domains that a member wants
-- checked or that were not looked at for a day. These cross businesses, so they run as the owner and return ids only;
-- whoever takes one up opens its business's scope first.
CREATE OR REPLACE FUNCTION messaging_tries_due(silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT t.business_id, t.id FROM public.messaging_transporttry t
    WHERE t.state = 'waiting' AND coalesce(t.attempted_at, t.asked_at) < now() - silent
    ORDER BY t.asked_at LIMIT most
$$;
REVOKE ALL ON FUNCTION messaging_tries_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION messaging_tries_due(interval, integer) TO "{app}";

CREATE OR REPLACE FUNCTION messaging_checks_due(silent interval, most integer)
RETURNS TABLE (business_id bigint, run_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT t.business_id, t.id FROM public.messaging_transport t
    WHERE t.channel = 'email' AND t.kind <> 'local' AND t.is_on AND t.sender_address <> ''
      AND (t.check_asked_at < now() - silent OR t.checked_at < now() - interval '1 day')
    ORDER BY coalesce(t.check_asked_at, t.checked_at) LIMIT most
$$;
REVOKE ALL ON FUNCTION messaging_checks_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION messaging_checks_due(interval, integer) TO "{app}";

-- Businesses whose local inbox, or list of test messages, holds any older than they are kept.
CREATE OR REPLACE FUNCTION messaging_caught_due(kept interval, most integer) RETURNS TABLE (business_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT b.id FROM public.accounts_business b
    WHERE EXISTS (SELECT FROM public.messaging_caught c WHERE c.business_id = b.id AND c.at < now() - kept)
       OR EXISTS (SELECT FROM public.messaging_transporttry t WHERE t.business_id = b.id AND t.asked_at < now() - kept)
    ORDER BY b.id LIMIT most
$$;
REVOKE ALL ON FUNCTION messaging_caught_due(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION messaging_caught_due(interval, integer) TO "{app}";
