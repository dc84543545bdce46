//! A simulated Microsoft tenant: Entra ID, Graph and SharePoint REST over real `.xlsx` files.

mod api;
mod clock;
mod control;
mod directory;
mod entra;
mod faults;
mod files;
mod graph;
mod hosts;
mod principal;
mod router;
mod seen;
mod sharepoint;
mod sites;
mod tls;
mod world;
