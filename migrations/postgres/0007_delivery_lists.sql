-- The twin of sqlite/0007_delivery_lists.sql.
CREATE INDEX webhook_deliveries_of_connection ON webhook_deliveries (environment_id, connection, seq, event, state);
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (environment_id, event, seq, state);
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (environment_id, state, seq, event);
