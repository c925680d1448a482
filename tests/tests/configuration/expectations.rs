//! Messages for a policy file of the wrong shape.

use std::fmt::Debug;

use fluxgate::{Configuration, Policy, PolicyEntry};
use serde::de::{
    Deserialize, IntoDeserializer,
    value::{Error, MapDeserializer},
};

fn told<'de, T: Deserialize<'de> + Debug>(value: impl IntoDeserializer<'de, Error>) -> String {
    T::deserialize(value.into_deserializer()).unwrap_err().to_string()
}

#[test]
fn a_value_in_place_of_a_table_is_told_what_belongs_there() {
    assert_eq!(told::<Configuration>(3_u64), "invalid type: integer `3`, expected tables `default` and `breakers`");
}

#[test]
fn a_key_that_is_no_text_is_told_what_keys_there_are() {
    let numbered = || MapDeserializer::<_, Error>::new([(3_u64, 1_u64)].into_iter());
    let configuration = Configuration::deserialize(numbered()).unwrap_err();
    assert_eq!(configuration.to_string(), "invalid type: integer `3`, expected `default` or `breakers`");
    let expected = "invalid type: integer `3`, expected a key such as `tripper`";
    assert_eq!(Policy::deserialize(numbered()).unwrap_err().to_string(), expected);
    assert_eq!(PolicyEntry::deserialize(numbered()).unwrap_err().to_string(), expected);
}
