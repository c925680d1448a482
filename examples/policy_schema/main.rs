//! Prints the JSON schema of policy files, for editors. It is generated from the table of all components and settings:
//!
//! ```sh
//! cargo run --example policy_schema > fluxgate/src/configuration/schema.json
//! ```

mod pattern;
mod schema;

fn main() -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(&schema::schema())?);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_that_ships_is_the_one_that_this_program_makes() {
        let made = serde_json::to_string_pretty(&super::schema::schema()).expect("a value prints");
        assert!(
            fluxgate::CONFIGURATION_SCHEMA.trim_end() == made,
            "run `cargo run --example policy_schema > fluxgate/src/configuration/schema.json`"
        );
    }
}
