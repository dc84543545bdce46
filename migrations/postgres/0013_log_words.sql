-- PostgreSQL finds beginnings in its index of words; SQLite needs a table to see which there are.
SELECT 1;
