-- The words of the text index, in order; it keeps nothing of its own. Each row is a word in an operation.
CREATE VIRTUAL TABLE operations_words USING fts5vocab (operations_text, instance);
