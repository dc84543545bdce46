//! HTTPS with a generated certificate authority.
