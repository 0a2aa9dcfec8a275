//! The report as JSON, described in `docs/json.md`.

use std::io;

use serde::Serialize;

/// Writes the report as one line, so that readers of lines and of JSON both take a series of them.
pub(super) fn write(report: &impl Serialize, out: &mut impl io::Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, report)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::{report::Report, sinks::text::sample};

    fn line(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_report_is_one_line_that_parses() {
        let text = line(&sample::four_workers());
        assert_eq!(text.find('\n'), Some(text.len() - 1));
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["processes"][0]["syscalls"][1]["name"], "brk shrink");
        assert_eq!(json["processes"][1]["end"]["signalled"], 9);
    }

    #[test]
    fn what_is_unknown_is_null_or_absent_and_never_zero() {
        let json: Value = serde_json::from_str(&line(&sample::only_in_flight())).unwrap();
        let row = &json["processes"][0]["syscalls"][0];
        assert_eq!(row["wall_ns"]["p50"], Value::Null);
        assert_eq!(row.get("bytes"), None);
        assert_eq!(json.get("interval"), None);
        assert_eq!(json["trust"]["program_ns"], Value::Null);
    }

    #[test]
    fn every_field_is_documented() {
        fn fields(json: &Value, names: &mut BTreeSet<String>) {
            match json {
                Value::Array(values) => values.iter().for_each(|value| fields(value, names)),
                Value::Object(entries) => entries.iter().for_each(|(name, value)| {
                    names.insert(name.clone());
                    fields(value, names);
                }),
                _ => {}
            }
        }
        let text = include_str!("../../../docs/json.md");
        let mut names = BTreeSet::new();
        fields(&serde_json::to_value(sample::complete()).unwrap(), &mut names);
        assert!(names.contains("to_ns") && names.contains("quota"), "{names:?}");
        let missing: Vec<_> =
            names.iter().filter(|name| !text.contains(&format!("| `{name}` |"))).collect();
        assert!(missing.is_empty(), "not in docs/json.md: {missing:?}");
    }

    #[test]
    fn a_broken_pipe_stays_recognisable() {
        struct Closed;
        impl io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = write(&sample::one_worker(), &mut Closed).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
