-- An import that is undone takes back the consents it granted: the log is only ever added to, so a withdrawal is, as of
-- now and by the system. One that was decided anew since stays as it was decided. Guests whom the undo removes take
-- their consents with them: those who leave are left out, and asked about once more when the undo ends, since whoever
-- was used in spite of all has stayed.
CREATE OR REPLACE FUNCTION imports_consents_withdraw(house bigint, granting bigint, undo bigint) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO customers_consentevent
        (business_id, customer_id, purpose, channel, act, at, recorded_at, language, source, by_guest, member_id, actor,
         proof, change_set_id)
    SELECT s.business_id, s.customer_id, s.purpose, s.channel, 'withdrawn', clock_timestamp(), clock_timestamp(), '',
           'system', false, u.member_id, coalesce(u.actor, ''), '', undo
    FROM customers_consentevent e
    JOIN customers_consentstate s ON s.business_id = e.business_id AND s.customer_id = e.customer_id
     AND s.purpose = e.purpose AND s.channel = e.channel AND s.event_id = e.id
    LEFT JOIN customers_changeset u ON u.business_id = house AND u.id = undo
    WHERE e.business_id = house AND e.change_set_id = granting AND e.act = 'granted'
      AND NOT EXISTS (
          SELECT FROM customers_leaving l
          WHERE l.business_id = house AND l.record = 'customer' AND e.customer_id BETWEEN l.first_id AND l.last_id)
    ORDER BY e.id;
END $$;

CREATE OR REPLACE FUNCTION imports_consents_undone() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.kind = 'import' THEN
        PERFORM imports_consents_withdraw(NEW.business_id, NEW.id, NEW.undone_by_id);
    ELSE
        PERFORM imports_consents_withdraw(a.business_id, a.id, NEW.id) FROM customers_changeset a
        WHERE a.business_id = NEW.business_id AND a.id = NEW.undoes_id AND a.kind = 'import';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER consents_undone AFTER UPDATE OF state ON customers_changeset
    FOR EACH ROW WHEN (NEW.kind = 'import' AND NEW.state = 'undone' AND OLD.state <> 'undone'
                       OR NEW.kind = 'undo' AND NEW.state = 'done' AND OLD.state = 'open' AND NEW.undoes_id IS NOT NULL)
    EXECUTE FUNCTION imports_consents_undone();
