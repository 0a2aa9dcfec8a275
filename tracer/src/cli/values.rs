//! Single values of the command line, from text to type: every error says what to write instead.

use std::time::Duration;

use regex::Regex;

/// A window is neither shorter than the reader's own turn, nor so long that a sum of nanoseconds
/// could overflow.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Bounds of a ring: a page of the smallest size, and what a kernel gives without complaint.
const SMALLEST_RING: u64 = 4 << 10;
const LARGEST_RING: u64 = 1 << 30;

/// The kernel keeps this many bytes of a program's name (`TASK_COMM_LEN` less the final zero).
const COMM_BYTES: usize = 15;

/// Process ids that were written as one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PidList(pub(super) Vec<i32>);

/// Reads a list as strace does: separated by commas or blanks, so that the output of `pidof` fits.
pub(super) fn pids(text: &str) -> Result<PidList, String> {
    let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    let list = words.map(pid).collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() {
        return Err("no process id in it: write numbers, such as 4321,4322".to_owned());
    }
    Ok(PidList(list))
}

fn pid(word: &str) -> Result<i32, String> {
    match word.parse::<i32>() {
        Ok(pid) if pid > 0 => Ok(pid),
        // A number, although none that fits.
        _ if word.trim_start_matches(['-', '+']).chars().all(|c| c.is_ascii_digit()) => {
            Err(format!("{word} is no process id: they go from 1 to {}", i32::MAX))
        }
        _ => Err(format!("`{word}` is no process id: for programs by their name there is --comm")),
    }
}

/// Reads a regular expression for program names.
pub(super) fn comm(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err("it would match every program: for those there is -a".to_owned());
    }
    let plain = regex::escape(text) == text;
    if plain && text.len() > COMM_BYTES {
        let kept = text.chars().scan(0, |bytes, c| {
            *bytes += c.len_utf8();
            (*bytes <= COMM_BYTES).then_some(c)
        });
        return Err(format!(
            "the kernel keeps {COMM_BYTES} bytes of a name, so it would match none: \
             write `{}`",
            kept.collect::<String>()
        ));
    }
    Regex::new(text).map_err(|error| error.to_string())
}

/// Reads a share in per cent.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').trim_end().parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(percent),
        _ => Err("a share above 0 and up to 100 is needed, such as 1 or 0.5".to_owned()),
    }
}

/// Reads a time: seconds, or numbers with units.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let out_of_range = || {
        let (shortest, longest) =
            (humantime::format_duration(SHORTEST), LONGEST.as_secs() / (24 * 3600));
        format!("a time from {shortest} to {longest} days is needed, such as 10s")
    };
    let duration = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| out_of_range())?,
        Err(_) => humantime::parse_duration(text).map_err(|error| match error {
            humantime::DurationError::NumberOverflow => out_of_range(),
            _ => "not a time: write seconds, or a unit, such as 10, 0.5, 500ms or 2m".to_owned(),
        })?,
    };
    if (SHORTEST..=LONGEST).contains(&duration) { Ok(duration) } else { Err(out_of_range()) }
}

/// Reads the size of a ring: the kernel wants a power of two that is a multiple of its page size.
pub(super) fn ring_bytes(text: &str) -> Result<u32, String> {
    let page = page_bytes();
    let smallest = SMALLEST_RING.max(page);
    let range = || {
        let (smallest, largest) = (in_units(smallest), in_units(LARGEST_RING));
        format!("a size from {smallest} to {largest} is needed")
    };
    let bytes = bytes(text)?.ok_or_else(range)?;
    if !(smallest..=LARGEST_RING).contains(&bytes) {
        return Err(range());
    }
    if !bytes.is_power_of_two() {
        let up = bytes.next_power_of_two();
        return Err(format!(
            "it is no power of two: write {} or {}",
            in_units(up / 2),
            in_units(up)
        ));
    }
    u32::try_from(bytes).map_err(|_| range())
}

/// Bytes, with a binary unit or without; `None` for more than can be counted.
fn bytes(text: &str) -> Result<Option<u64>, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.to_ascii_lowercase().trim_end_matches("ib") {
        "" | "b" => 0,
        "k" | "kb" => 10,
        "m" | "mb" => 20,
        "g" | "gb" => 30,
        _ => return Err("not a size: write bytes, or a unit, such as 65536, 64K or 2M".to_owned()),
    };
    if number.is_empty() {
        return Err("not a size: a number is needed, such as 64K or 2M".to_owned());
    }
    Ok(number.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift)))
}

/// A power of two in the unit that makes it shortest.
fn in_units(bytes: u64) -> String {
    match bytes.trailing_zeros() {
        30.. => format!("{}G", bytes >> 30),
        20..30 => format!("{}M", bytes >> 20),
        10..20 => format!("{}K", bytes >> 10),
        _ => bytes.to_string(),
    }
}

fn page_bytes() -> u64 {
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(SMALLEST_RING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_above_nothing_and_at_most_everything() {
        assert_eq!(percent("1").unwrap().to_bits(), 1.0_f64.to_bits());
        assert_eq!(percent("0.5 %").unwrap().to_bits(), 0.5_f64.to_bits());
        for text in ["0", "-1", "101", "nan", "a little", ""] {
            assert!(percent(text).unwrap_err().contains("up to 100"), "{text}");
        }
    }

    #[test]
    fn process_ids_come_with_commas_or_blanks() {
        assert_eq!(pids("1").unwrap().0, [1]);
        assert_eq!(pids("1,22,333").unwrap().0, [1, 22, 333]);
        assert_eq!(pids("1 22\n333,\t4").unwrap().0, [1, 22, 333, 4]);
    }

    #[test]
    fn what_is_no_process_id_is_told_why() {
        for text in ["0", "-5", "2147483648", "99999999999999999999", "1,0"] {
            assert!(pids(text).unwrap_err().contains("they go from 1 to"), "{text}");
        }
        for text in ["python3", "1.5", "0x10", "1,x"] {
            assert!(pids(text).unwrap_err().contains("--comm"), "{text}");
        }
        for text in ["", " ", ","] {
            assert!(pids(text).unwrap_err().contains("no process id in it"), "{text:?}");
        }
    }

    #[test]
    fn times_are_seconds_unless_a_unit_is_given() {
        assert_eq!(duration("10").unwrap(), Duration::from_secs(10));
        assert_eq!(duration("0.25").unwrap(), Duration::from_millis(250));
        assert_eq!(duration("1.5s").unwrap(), Duration::from_millis(1500));
        assert_eq!(duration("500ms").unwrap(), Duration::from_millis(500));
        assert_eq!(duration("1m 30s").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("365days").unwrap(), LONGEST);
        assert_eq!(duration("10ms").unwrap(), SHORTEST);
    }

    #[test]
    fn times_that_cannot_be_are_out_of_range() {
        let texts = [
            "0",
            "0s",
            "-1",
            "-0.5",
            "1e400",
            "nan",
            "inf",
            "9ms",
            "366days",
            "1e18",
            "99999999999999999999",
            "99999999999999999999s",
        ];
        for text in texts {
            let error = duration(text).unwrap_err();
            assert_eq!(error, "a time from 10ms to 365 days is needed, such as 10s", "{text}");
        }
        for text in ["", "s", "ten", "10 parsecs", "10s-", "1,5"] {
            assert!(duration(text).unwrap_err().starts_with("not a time"), "{text}");
        }
    }

    #[test]
    fn a_ring_is_a_power_of_two_of_pages() {
        assert_eq!(ring_bytes("65536").unwrap(), 64 << 10);
        assert_eq!(ring_bytes("64K").unwrap(), 64 << 10);
        assert_eq!(ring_bytes("64k").unwrap(), 64 << 10);
        assert_eq!(ring_bytes("2MiB").unwrap(), 2 << 20);
        assert_eq!(ring_bytes("1G").unwrap(), 1 << 30);
        assert_eq!(ring_bytes("1000000").unwrap_err(), "it is no power of two: write 512K or 1M");
        for text in ["0", "2K", "2G", "17179869184G", "99999999999999999999"] {
            assert!(ring_bytes(text).unwrap_err().contains("to 1G is needed"), "{text}");
        }
        for text in ["", "K", "-1", "1T", "1.5M", "M1"] {
            assert!(ring_bytes(text).unwrap_err().starts_with("not a size"), "{text}");
        }
    }

    #[test]
    fn a_name_that_no_program_can_have_is_refused() {
        let error = comm("a_very_long_program_name").unwrap_err();
        assert!(error.ends_with("write `a_very_long_pro`"), "{error}");
        assert!(comm("").unwrap_err().contains("-a"));
        assert!(comm("(").unwrap_err().contains("unclosed group"));
        assert!(comm("^(python3|worker_process)$").unwrap().is_match("python3"));
    }
}
