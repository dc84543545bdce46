-- The list of deliveries with each of its filters, newest first.
CREATE INDEX webhook_deliveries_of_connection ON webhook_deliveries (environment_id, connection, seq, event, state);
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (environment_id, event, seq, state);
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (environment_id, state, seq, event);
