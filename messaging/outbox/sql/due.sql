-- Businesses that have a message to send and a way that takes it, or a claim that has run out, the one that has waited
-- longest first. A business that has set up no way, or whose way rests, would stand first for ever and keep others out.
-- It crosses businesses, so it runs as the owner and returns ids only; whoever takes one up opens its scope first.
CREATE OR REPLACE FUNCTION messaging_due(most integer) RETURNS TABLE (business_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT b.id FROM public.accounts_business b
    LEFT JOIN LATERAL (
        SELECT min(first.due_at) AS due_at
        FROM public.messaging_transport t
        CROSS JOIN (VALUES (0), (1), (2)) AS queue (urgency)
        JOIN LATERAL (
            SELECT m.due_at FROM public.messaging_message m
            WHERE m.business_id = b.id AND m.channel = t.channel AND m.urgency = queue.urgency
              AND m.state = 'planned' AND NOT m.is_held AND m.due_at <= now()
            ORDER BY m.due_at LIMIT 1
        ) first ON true
        WHERE t.business_id = b.id AND t.is_default AND t.is_on AND NOT EXISTS (
            SELECT FROM public.messaging_outboxpace p
            WHERE p.business_id = b.id AND p.transport_id = t.id AND p.rests_until > now()
        )
    ) planned ON true
    LEFT JOIN LATERAL (
        SELECT m.claimed_until FROM public.messaging_message m
        WHERE m.business_id = b.id AND m.state = 'claimed' AND m.claimed_until <= now() ORDER BY m.claimed_until LIMIT 1
    ) left_over ON true
    WHERE planned.due_at IS NOT NULL OR left_over.claimed_until IS NOT NULL
    ORDER BY least(planned.due_at, left_over.claimed_until), b.id
    LIMIT most
$$;
REVOKE ALL ON FUNCTION messaging_due(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION messaging_due(integer) TO "{app}";
