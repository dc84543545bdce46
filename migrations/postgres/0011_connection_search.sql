-- What a person may type to find a connection: its id, its end user's name, e-mail and id, its tags. 600 characters,
-- because an index row holds no more than 2.7 KB.
ALTER TABLE connections ADD COLUMN find_text TEXT GENERATED ALWAYS AS
    (substr(search_text || ' ' || lower(COALESCE(end_user_id, '')) || ' ' || lower(tags), 1, 600)) STORED;
-- Read whole for a part of a word: nothing but the index is touched.
CREATE INDEX connections_to_find ON connections (environment_id, created_at, id, find_text);
CREATE INDEX connections_in_trouble ON connections (environment_id, created_at, id) WHERE health_error IS NOT NULL;
