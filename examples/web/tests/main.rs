//! The programs step by step, against a service that is broken and mended at will.

mod http_client;
mod per_host;
mod retries;
mod web_server;
