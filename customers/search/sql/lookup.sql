-- The look-up's definer functions. Below a row policy an index on an expression or on trigrams is out of reach
-- (docs/tenancy.md, the index trap), so these run as the owner, carry the business's condition themselves and return
-- ids only; the caller reads the rows under its policy. Without a business in scope they return nothing. Tables are
-- named with their schema, so that no temporary table or view of the caller's can stand in for one.

-- E-mail addresses as normalised, or as typed where they are no addresses; phone digits from either end.
CREATE INDEX IF NOT EXISTS contact_point_email ON customers_contactpoint
    (business_id, (lower(CASE WHEN normalised = '' THEN value ELSE normalised END) COLLATE "C"), customer_id)
    WHERE kind = 'email';
CREATE INDEX IF NOT EXISTS contact_point_digits ON customers_contactpoint
    (business_id, (ltrim(national, '0') COLLATE "C"), customer_id) WHERE kind = 'phone';
CREATE INDEX IF NOT EXISTS contact_point_last_digits ON customers_contactpoint
    (business_id, (reverse(national) COLLATE "C"), customer_id) WHERE kind = 'phone';
CREATE INDEX IF NOT EXISTS stay_reference_any_case ON customers_stay
    (business_id, (upper(reference) COLLATE "C"), id) WHERE reference <> '';

-- Guests by e-mail prefix, phone digits (with the country code they must have, or none) and booking reference prefix.
-- An empty text asks for nothing. ``quality``: 0 the whole value, 1 its beginning, 2 its end. At most ``most`` rows a kind.
CREATE OR REPLACE FUNCTION customers_lookup(email text, digits text[], codes text[], booking text, most integer)
RETURNS TABLE (customer_id bigint, quality smallint)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    house CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
    past CONSTANT text := U&'\+10FFFF';
    place integer;
BEGIN
    IF email <> '' THEN
        RETURN QUERY
        SELECT c.customer_id,
               (CASE WHEN lower(CASE WHEN c.normalised = '' THEN c.value ELSE c.normalised END) = lower(email) THEN 0 ELSE 1 END)::smallint
        FROM public.customers_contactpoint c
        WHERE c.business_id = house AND c.kind = 'email'
          AND lower(CASE WHEN c.normalised = '' THEN c.value ELSE c.normalised END) COLLATE "C" >= lower(email)
          AND lower(CASE WHEN c.normalised = '' THEN c.value ELSE c.normalised END) COLLATE "C" < lower(email) || past
        ORDER BY lower(CASE WHEN c.normalised = '' THEN c.value ELSE c.normalised END) COLLATE "C"
        LIMIT most;
    END IF;
    FOR place IN 1 .. cardinality(digits) LOOP
        RETURN QUERY
        SELECT c.customer_id, (CASE WHEN ltrim(c.national, '0') = digits[place] THEN 0 ELSE 1 END)::smallint
        FROM public.customers_contactpoint c
        WHERE c.business_id = house AND c.kind = 'phone'
          AND ltrim(c.national, '0') COLLATE "C" >= digits[place] AND ltrim(c.national, '0') COLLATE "C" < digits[place] || ':'
          AND (codes[place] = '' OR c.normalised = '' OR starts_with(c.normalised, codes[place]))
        ORDER BY ltrim(c.national, '0') COLLATE "C"
        LIMIT most;
        RETURN QUERY
        SELECT c.customer_id, 2::smallint
        FROM public.customers_contactpoint c
        WHERE c.business_id = house AND c.kind = 'phone' AND length(digits[place]) >= 4
          AND reverse(c.national) COLLATE "C" >= reverse(digits[place]) AND reverse(c.national) COLLATE "C" < reverse(digits[place]) || ':'
          AND (codes[place] = '' OR c.normalised = '' OR starts_with(c.normalised, codes[place]))
        LIMIT most;
    END LOOP;
    IF booking <> '' THEN
        RETURN QUERY
        SELECT x.customer_id, s.quality
        FROM (
            SELECT t.id, (CASE WHEN upper(t.reference) = upper(booking) THEN 0 ELSE 1 END)::smallint AS quality
            FROM public.customers_stay t
            WHERE t.business_id = house AND t.reference <> ''
              AND upper(t.reference) COLLATE "C" >= upper(booking) AND upper(t.reference) COLLATE "C" < upper(booking) || past
            ORDER BY upper(t.reference) COLLATE "C"
            LIMIT most
        ) s
        JOIN public.customers_stayparticipant x ON x.business_id = house AND x.stay_id = s.id;
    END IF;
END $$;

-- Vocabulary words that hold a fragment, shortest first. Ids of customers_vocabulary.
CREATE OR REPLACE FUNCTION customers_words_holding(fragment text, most integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    house CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
    pattern CONSTANT text := '%' || replace(replace(replace(fragment, '\', '\\'), '%', '\%'), '_', '\_') || '%';
BEGIN
    RETURN QUERY
    SELECT v.id FROM public.customers_vocabulary v
    WHERE v.business_id = house AND v.token LIKE pattern
    ORDER BY length(v.token), v.token
    LIMIT most;
END $$;

-- Vocabulary words that look like a long word typed with more than one slip, likest first. Ids of customers_vocabulary.
CREATE OR REPLACE FUNCTION customers_words_like(word text, most integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    house CONSTANT bigint := NULLIF(current_setting('innkeeper.business', true), '')::bigint;
BEGIN
    RETURN QUERY
    SELECT v.id FROM public.customers_vocabulary v
    WHERE v.business_id = house AND v.token % word
    ORDER BY similarity(v.token, word) DESC, v.token
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION customers_lookup(text, text[], text[], text, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION customers_words_holding(text, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION customers_words_like(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_lookup(text, text[], text[], text, integer) TO "{app}";
GRANT EXECUTE ON FUNCTION customers_words_holding(text, integer) TO "{app}";
GRANT EXECUTE ON FUNCTION customers_words_like(text, integer) TO "{app}";
