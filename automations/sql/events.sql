-- What guests do that no recorded change tells of becomes an event that the planner reads by transaction: a message that
-- was opened, a link that was followed, a consent. Kept only where the business has automations that could ask for it.
CREATE OR REPLACE FUNCTION automations_any(house bigint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (
        SELECT FROM public.automations_automation a WHERE a.business_id = house AND a.state IN ('on', 'paused'))
$$;

CREATE OR REPLACE FUNCTION automations_message_seen() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public SET enable_nestloop = off AS $$
BEGIN
    IF automations_any(NULLIF(current_setting('innkeeper.business', true), '')::bigint) THEN
        INSERT INTO automations_guestevent (business_id, kind, customer_id, name, object_id, stay_id, key, data, at)
        SELECT n.business_id, e.kind, n.customer_id, '', n.id, n.stay_id, '', '{}', e.at
        FROM new_rows n JOIN old_rows o ON o.business_id = n.business_id AND o.id = n.id
        CROSS JOIN LATERAL (
            VALUES ('opened', o.opened_at, n.opened_at), ('clicked', o.clicked_at, n.clicked_at)
        ) AS e (kind, before, at)
        WHERE e.before IS NULL AND e.at IS NOT NULL AND n.origin <> 'test';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER automations_seen AFTER UPDATE ON messaging_message
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION automations_message_seen();

-- An import, a merge and an undo are no events unless they were asked to be.
CREATE OR REPLACE FUNCTION automations_consented() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    IF automations_any(NULLIF(current_setting('innkeeper.business', true), '')::bigint) THEN
        INSERT INTO automations_guestevent (business_id, kind, customer_id, name, object_id, key, data, at)
        SELECT n.business_id, 'consented', n.customer_id, n.purpose || '.' || n.channel, n.id, '', '{}', n.at
        FROM new_rows n
        LEFT JOIN customers_changeset a ON a.business_id = n.business_id AND a.id = n.change_set_id
        WHERE n.act = 'granted' AND coalesce(a.is_event, true);
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER automations_consented AFTER INSERT ON customers_consentevent
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION automations_consented();
