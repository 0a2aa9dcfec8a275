//! Files that nobody wrote. What has failed once is kept in `seeds`, and tried first.

use proptest::{collection::vec, prelude::*, sample::Index, test_runner::FileFailurePersistence};
use serde_json::Value;

use super::*;

/// The largest number that is read, and one.
const LONGEST: u64 = 1_000_000_000_000_000_000;

/// A value of JSON in place of another one.
fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        (0..LONGEST).prop_map(Into::into),
        Just(Value::from(LONGEST - 1)),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,20}".prop_map(Into::into),
        Just(serde_json::json!([])),
        Just(serde_json::json!({})),
    ]
}

/// Where the values at the ends of all branches are.
fn leaves(json: &Value, place: &str, into: &mut Vec<String>) {
    match json {
        Value::Array(values) if !values.is_empty() => {
            for (n, value) in values.iter().enumerate() {
                leaves(value, &format!("{place}/{n}"), into);
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                leaves(value, &format!("{place}/{name}"), into);
            }
        }
        _ => into.push(place.to_owned()),
    }
}

/// A recording with other values in some of the places that `may` allows.
fn altered(changes: Vec<(Index, Value)>, may: fn(&Value) -> bool) -> Vec<u8> {
    changed(|json| {
        let mut all = Vec::new();
        leaves(json, "", &mut all);
        all.retain(|place| json.pointer(place).is_some_and(may));
        for (place, value) in changes {
            if let Some(leaf) = json.pointer_mut(&all[place.index(all.len())]) {
                *leaf = value;
            }
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("seeds"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..400), magic: bool) {
        let bytes = if magic { [&[0x28, 0xb5, 0x2f, 0xfd], &bytes[..]].concat() } else { bytes };
        exercise(file(&bytes).path());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]{}\",:0-9a-z \\\\.-]{0,300}") {
        exercise(file(&compressed(&text)).path());
    }

    #[test]
    fn a_recording_with_other_bytes_is_read_or_refused(
        changes in vec((any::<Index>(), any::<u8>()), 1..8),
    ) {
        let (_directory, path) = written(1);
        let mut bytes = fs::read(path).unwrap();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        exercise(file(&bytes).path());
    }

    #[test]
    fn a_recording_with_other_values_is_shown_or_refused(
        changes in vec((any::<Index>(), anything()), 1..6),
    ) {
        exercise(file(&altered(changes, |_| true)).path());
    }

    #[test]
    fn a_recording_with_other_numbers_is_shown_or_refused(
        changes in vec((any::<Index>(), 0..LONGEST), 1..60),
    ) {
        let changes = changes.into_iter().map(|(place, value)| (place, value.into())).collect();
        exercise(file(&altered(changes, Value::is_u64)).path());
    }
}
