-- What a person may type to find a connection: its id, its end user's name, e-mail and id, its tags.
ALTER TABLE connections ADD COLUMN find_text TEXT GENERATED ALWAYS AS
    (substr(search_text || ' ' || lower(COALESCE(end_user_id, '')) || ' ' || lower(tags), 1, 600)) VIRTUAL;
-- Read whole for a part of a word: nothing but the index is touched.
CREATE INDEX connections_to_find ON connections (environment_id, created_at, id, find_text);
CREATE INDEX connections_in_trouble ON connections (environment_id, created_at, id) WHERE health_error IS NOT NULL;
