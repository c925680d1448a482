//! Makes the JSON schema of policy files, by which editors complete and check them, from the table of everything that a
//! policy may name:
//!
//! ```sh
//! cargo run --example policy_schema > fluxgate/src/configuration/schema.json
//! ```

mod pattern;
mod schema;

fn main() -> serde_json::Result<()> {
    println!("{}", serde_json::to_string_pretty(&schema::schema())?);
    Ok(())
}
