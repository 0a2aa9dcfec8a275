//! What the kernel did not allow, in words.

use anyhow::Error;
use aya::programs::ProgramError;

/// Something was refused.
pub(super) fn refused(what: &str, error: impl Into<Error>) -> Error {
    error.into().context(format!(
        "{what} was refused by the kernel (`tracer doctor` tells what it allows and what to do)"
    ))
}

/// A program was refused. Of all that the verifier says its last words tell why; the rest fills screens,
/// and goes to the log.
pub(super) fn refused_program(what: &str, error: ProgramError) -> Error {
    let ProgramError::LoadError { io_error, verifier_log } = error else {
        return refused(what, error);
    };
    let said = verifier_log.to_string();
    match objection(&said) {
        None => refused(what, io_error),
        Some(objection) => {
            log::debug!("the verifier on {what}: {said}");
            Error::from(io_error).context(format!(
                "{what} was refused by the verifier of this kernel: {objection} (-vv shows all that it \
                 says); please report it, with the kernel's release"
            ))
        }
    }
}

/// Why the verifier refused a program: what it says before its statistics.
fn objection(said: &str) -> Option<&str> {
    let is_statistics = |line: &str| {
        ["verification time", "stack depth", "processed"].iter().any(|word| line.starts_with(word))
    };
    said.lines().rev().map(str::trim).find(|line| !line.is_empty() && !is_statistics(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "1174: (71) r6 = *(u8 *)(r0 +164)\n\
                        invalid access to map value, value_size=781 off=65803 size=1\n\
                        R0 max value is outside of the allowed memory range\n\
                        verification time 60260 usec\nstack depth 264+72+16\n\
                        processed 3126 insns (limit 1000000)\n";

    #[test]
    fn the_verifier_objects_before_it_counts() {
        let expected = "R0 max value is outside of the allowed memory range";
        assert_eq!(objection(SAID), Some(expected));
        assert_eq!(objection("processed 0 insns\n\n"), None);
        assert_eq!(objection(""), None);
    }

    #[test]
    fn what_no_verifier_says_is_left_to_the_doctor() {
        let text = format!("{:#}", refused_program("it", ProgramError::NotAttached));
        assert!(text.starts_with("it was refused by the kernel (`tracer doctor`"), "{text}");
    }
}
