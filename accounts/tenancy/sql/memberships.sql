-- Which businesses a user belongs to. Crosses businesses, so it runs as the owner and returns ids only.
CREATE OR REPLACE FUNCTION accounts_memberships(wanted_user bigint)
RETURNS TABLE (business_id bigint, member_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
    SELECT m.business_id, m.id FROM public.accounts_member m WHERE m.user_id = wanted_user AND m.is_active
$$;
REVOKE ALL ON FUNCTION accounts_memberships(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_memberships(bigint) TO "{app}";
