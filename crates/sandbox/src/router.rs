//! Which host and path goes where.
