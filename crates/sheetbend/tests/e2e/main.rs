//! The front door: the real binary, real databases, clients that nobody here wrote.
//!
//! One program, because each of forty would be linked against everything anew.

mod harness;

mod account_requests;
mod admin_consent;
mod an_hour_later;
mod api_description;
mod api_shapes;
mod application_credentials;
mod bad_input;
mod bad_input_table;
mod behind_the_pages;
mod callback;
mod connect_flow;
mod connect_in_browser;
mod connect_page;
mod connect_variants;
mod dashboard;
mod deployment;
mod edge;
mod first_call;
mod github_app;
mod installations;
mod kept_alive;
mod key_forms;
mod keys_and_environments;
mod kill;
mod limits;
mod live_log;
mod mcp;
mod no_secret_in_clear;
mod oauth_quirks;
mod operator_commands;
mod outside_clients;
mod pages;
mod people;
mod people_lives;
mod people_oidc;
mod people_rights;
mod playground;
mod providers_command;
mod proxy_boundaries;
mod proxy_flow;
mod proxy_wire;
mod refresh;
mod resource_tokens;
mod rotating_server;
mod signed_requests;
mod signed_tokens;
mod start_refused;
mod two_nodes;
mod webhook_signatures;
mod webhooks;
mod what_happened;
mod workbook_on_disk;
