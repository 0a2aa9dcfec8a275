//! Bounds of what is read: a recording may come from anywhere.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

/// Bytes of JSON of one part of a recording (all but the intervals, or one of these), which is held
/// in memory as a whole. The writer keeps to it as well.
pub(super) const LONGEST_PART: u64 = 128 << 20;
/// Recordings shrink to a tenth or less, but hardly to a thousandth: what does was made to swell.
const LARGEST_RATIO: u64 = 1_000;
/// Up to here the ratio does not matter.
const HARMLESS: u64 = 16 << 20;
/// Digits of a number. No sum of a few of them overflows 64 bits then, and as nanoseconds they are
/// thirty years.
const LONGEST_NUMBER: u32 = 18;

/// Why reading was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// One part has more than [`LONGEST_PART`] bytes.
    #[error("a part of it has more than {} MiB of JSON", LONGEST_PART >> 20)]
    Part,
    /// All of it shrank more than any recording does.
    #[error("it swells to more than {LARGEST_RATIO} times its size")]
    Ratio,
    /// More than [`LONGEST_NUMBER`] digits.
    #[error("it has a number of more than {LONGEST_NUMBER} digits")]
    Number,
}

/// What is left for the part at hand; shared with whoever knows where parts begin.
#[derive(Clone, Debug)]
pub(super) struct Allowance(Rc<Cell<u64>>);

impl Allowance {
    /// A new part begins.
    pub(super) fn renew(&self) {
        self.0.set(LONGEST_PART);
    }
}

/// Passes on JSON while it stays within bounds.
pub(super) struct Guard<R> {
    inner: R,
    part_left: Rc<Cell<u64>>,
    all_left: u64,
    in_text: bool,
    escaped: bool,
    digits: u32,
    in_fraction: bool,
}

impl<R: Read> Guard<R> {
    /// For JSON that was `compressed` bytes.
    pub(super) fn new(inner: R, compressed: u64) -> Self {
        Self {
            inner,
            part_left: Rc::new(Cell::new(LONGEST_PART)),
            all_left: compressed.saturating_mul(LARGEST_RATIO).max(HARMLESS),
            in_text: false,
            escaped: false,
            digits: 0,
            in_fraction: false,
        }
    }

    pub(super) fn allowance(&self) -> Allowance {
        Allowance(Rc::clone(&self.part_left))
    }

    /// Looks at a byte; false if it makes a number too long. Digits behind the point are free.
    fn passes(&mut self, byte: u8) -> bool {
        if self.in_text {
            self.in_text = byte != b'"' || self.escaped;
            self.escaped = byte == b'\\' && !self.escaped;
            return true;
        }
        match byte {
            b'"' => self.in_text = true,
            b'0'..=b'9' if self.in_fraction => {}
            b'0'..=b'9' => self.digits += 1,
            b'.' => self.in_fraction = true,
            _ => (self.digits, self.in_fraction) = (0, false),
        }
        self.digits <= LONGEST_NUMBER
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let read = length as u64;
        let part_left = self.part_left.get().checked_sub(read);
        self.part_left.set(part_left.ok_or_else(|| io::Error::other(Refused::Part))?);
        let all_left = self.all_left.checked_sub(read);
        self.all_left = all_left.ok_or_else(|| io::Error::other(Refused::Ratio))?;
        for &byte in &buffer[..length] {
            if !self.passes(byte) {
                return Err(io::Error::other(Refused::Number));
            }
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(json: &str) -> Result<(), String> {
        io::copy(&mut Guard::new(json.as_bytes(), 1), &mut io::sink())
            .map(drop)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn long_numbers_are_refused_and_long_fractions_and_texts_are_not() {
        outcome(r#"{"a":123456789012345678,"b":0.12345678901234567890123}"#).unwrap();
        outcome(r#"["1234567890123456789012345", "\"1234567890123456789012345"]"#).unwrap();
        for bad in
            ["1234567890123456789", "[-1234567890123456789]", r#"{"\\":1234567890123456789}"#]
        {
            assert!(outcome(bad).unwrap_err().contains("digits"), "{bad}");
        }
    }

    #[test]
    fn what_swells_is_refused() {
        let mut guard = Guard::new(io::repeat(b' '), 1);
        assert!(io::copy(&mut guard, &mut io::sink()).unwrap_err().to_string().contains("swells"));
        let mut guard = Guard::new(io::repeat(b' '), u64::MAX);
        assert!(io::copy(&mut guard, &mut io::sink()).unwrap_err().to_string().contains("MiB"));
    }
}
