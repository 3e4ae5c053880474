-- An import that is undone takes back the consents it granted: the log is only ever added to, so a withdrawal is, as of
-- now and by the system. One that was decided anew since stays as it was decided.
CREATE OR REPLACE FUNCTION imports_consents_undone() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO customers_consentevent
        (business_id, customer_id, purpose, channel, act, at, recorded_at, language, source, by_guest, member_id, actor,
         proof, change_set_id)
    SELECT s.business_id, s.customer_id, s.purpose, s.channel, 'withdrawn', clock_timestamp(), clock_timestamp(), '',
           'system', false, u.member_id, coalesce(u.actor, ''), '', NEW.undone_by_id
    FROM customers_consentevent e
    JOIN customers_consentstate s ON s.business_id = e.business_id AND s.customer_id = e.customer_id
     AND s.purpose = e.purpose AND s.channel = e.channel AND s.event_id = e.id
    LEFT JOIN customers_changeset u ON u.business_id = NEW.business_id AND u.id = NEW.undone_by_id
    WHERE e.business_id = NEW.business_id AND e.change_set_id = NEW.id AND e.act = 'granted'
    ORDER BY e.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER consents_undone AFTER UPDATE OF state ON customers_changeset
    FOR EACH ROW WHEN (NEW.kind = 'import' AND NEW.state = 'undone' AND OLD.state <> 'undone')
    EXECUTE FUNCTION imports_consents_undone();
