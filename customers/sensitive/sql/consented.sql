-- A sensitive detail is written only while its guest consents. Whoever writes waits for a withdrawal under way, and a
-- withdrawal for them: the row of the state is shared until the transaction ends.
CREATE OR REPLACE FUNCTION customers_sensitive_consented() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    -- Moved from one card to another, in a merge or its undo, it says what it said.
    IF TG_OP = 'UPDATE' AND (NEW.kind, NEW.ciphertext, NEW.key_name) = (OLD.kind, OLD.ciphertext, OLD.key_name)
       AND NEW.customer_id <> OLD.customer_id THEN
        RETURN NEW;
    END IF;
    PERFORM FROM public.customers_consentstate s
    WHERE s.business_id = NEW.business_id AND s.customer_id = NEW.customer_id
      AND s.purpose = 'sensitive' AND s.channel = '' AND s.granted
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'A sensitive detail was written without the consent of the guest.'
            USING HINT = 'Record the consent first.', ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION customers_sensitive_consented() FROM PUBLIC;

CREATE OR REPLACE TRIGGER consented BEFORE INSERT OR UPDATE ON customers_sensitivedetail
    FOR EACH ROW EXECUTE FUNCTION customers_sensitive_consented();
