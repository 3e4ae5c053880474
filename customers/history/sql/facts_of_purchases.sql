-- Purchases count into their guest's value (facts.sql); a table younger than the functions it calls.
CREATE OR REPLACE TRIGGER facts_purchases_added AFTER INSERT ON customers_purchase
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_parts();
CREATE OR REPLACE TRIGGER facts_purchases_changed AFTER UPDATE ON customers_purchase
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_parts();
CREATE OR REPLACE TRIGGER facts_purchases_removed AFTER DELETE ON customers_purchase
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_facts_of_parts();
