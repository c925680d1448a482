//! Prints the JSON schema of policy files, for editors. It is generated from the table of all components and settings:
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
