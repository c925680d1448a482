//! Status codes, and the layer for tower.

mod http;
mod tower;
mod tower_traffic;
