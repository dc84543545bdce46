-- What the webhook says that ends an authorization, hashed; NULL where a browser comes back.
ALTER TABLE oauth_states ADD COLUMN awaits TEXT;
CREATE INDEX oauth_states_awaiting ON oauth_states (environment_id, integration_key, awaits) WHERE awaits IS NOT NULL;
