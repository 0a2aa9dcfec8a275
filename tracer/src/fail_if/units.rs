//! What figures are measured in, and in what their limits may be written.

/// What kind of thing a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The time of one call, wait or stay.
    Latency,
    /// Time summed over threads.
    ThreadTime,
    /// How often something was counted.
    Count,
    /// A mean number of CPUs or threads.
    Number,
}

/// What a limit is written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    /// Nothing: things.
    Things,
    /// So many nanoseconds.
    Time(f64),
    /// Percent of the time of all threads.
    Percent,
    /// Times in a second of the window.
    PerSecond,
    /// Times the figure of the base of a comparison.
    Times,
}

/// Every unit, as it is written.
const UNITS: [(&str, Unit); 9] = [
    ("ns", Unit::Time(1.0)),
    ("us", Unit::Time(1e3)),
    ("µs", Unit::Time(1e3)),
    ("ms", Unit::Time(1e6)),
    ("s", Unit::Time(1e9)),
    ("%", Unit::Percent),
    ("/s", Unit::PerSecond),
    ("x", Unit::Times),
    ("", Unit::Things),
];

impl Unit {
    /// The unit that is written so.
    pub(super) fn named(text: &str) -> Option<Self> {
        UNITS.iter().find(|(name, _)| *name == text).map(|(_, unit)| *unit)
    }
}

impl Kind {
    /// Whether limits of such figures may be written in this unit.
    pub(super) fn takes(self, unit: Unit) -> bool {
        match (self, unit) {
            (_, Unit::Times) => true,
            (Self::Latency, unit) => matches!(unit, Unit::Time(_)),
            (Self::ThreadTime, unit) => matches!(unit, Unit::Time(_) | Unit::Percent),
            (Self::Count, unit) => matches!(unit, Unit::Things | Unit::PerSecond),
            (Self::Number, unit) => matches!(unit, Unit::Things),
        }
    }

    /// What to write after the number.
    pub(super) fn wants(self) -> &'static str {
        match self {
            Self::Latency => "a time: write ns, us, ms or s after it, as in `3ms`",
            Self::ThreadTime => {
                "time summed over threads: write a share as in `20%`, or ns, us, ms or s after it"
            }
            Self::Count => "a count: write a number, or a number a second as in `1000/s`",
            Self::Number => "a number: write it without a unit",
        }
    }
}
