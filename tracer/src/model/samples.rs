//! Where the sampling clock found the threads of one account.

use std::collections::BTreeMap;

use tracer_common::record::{Sample, Slice};

use super::calls::CallKind;

/// A place in a program's code: what is left of an address when its process is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// The file that was mapped there, by a number that whoever read the mappings gave it.
    pub file: u32,
    /// Bytes from the beginning of the file.
    pub offset: u64,
}

/// What a thread was doing when it was sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It was in user mode.
    User,
    /// It was in a system call, or in what that brought about (faults, interrupts).
    Call(CallKind),
    /// It was in the kernel outside of any call, which it had entered by way of these
    /// ([`Sample::roots`]).
    Kernel([u64; Sample::ROOTS]),
}

impl Place {
    /// That of a sample.
    #[must_use]
    pub const fn of(sample: &Sample) -> Self {
        let Sample { nr, kind: brk, flags, roots, .. } = *sample;
        if flags & Sample::USER != 0 {
            Self::User
        } else if nr != Slice::NO_CALL {
            Self::Call(CallKind { nr, brk, compat: flags & Sample::COMPAT != 0 })
        } else {
            Self::Kernel(roots)
        }
    }
}

/// The samples of one account, counted.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// All of them, by what the thread was doing.
    pub places: BTreeMap<Place, u64>,
    /// Those in user mode, by the code that was running; `None` where that is unknown.
    pub user: BTreeMap<Option<Code>, u64>,
    /// The others, by the address in the kernel.
    pub kernel: BTreeMap<u64, u64>,
}

impl Samples {
    /// Adds one; `code` is that of a sample in user mode.
    pub(super) fn add(&mut self, sample: &Sample, code: Option<Code>) {
        *self.places.entry(Place::of(sample)).or_default() += 1;
        if sample.flags & Sample::USER != 0 {
            *self.user.entry(code).or_default() += 1;
        } else {
            *self.kernel.entry(sample.ip).or_default() += 1;
        }
    }

    /// Adds what came after, or what others did.
    pub fn absorb(&mut self, other: &Self) {
        fn sum<K: Copy + Ord>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, count) in from {
                *into.entry(*key).or_default() += count;
            }
        }
        let Self { places, user, kernel } = other;
        sum(&mut self.places, places);
        sum(&mut self.user, user);
        sum(&mut self.kernel, kernel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_KERNEL: Sample = Sample {
        ns: 1,
        cookie: 1,
        ip: 0xf00,
        roots: [0xa, 0xb, 0, 0],
        tid: 1,
        nr: Slice::NO_CALL,
        kind: 0,
        flags: 0,
    };

    #[test]
    fn in_a_call_whatever_happens_belongs_to_the_call() {
        let fault = Sample { nr: 12, kind: 0x82, ..IN_KERNEL };
        assert_eq!(Place::of(&fault), Place::Call(CallKind { nr: 12, brk: 0x82, compat: false }));
        let compat = Sample { nr: 12, flags: Sample::COMPAT, ..IN_KERNEL };
        assert_eq!(Place::of(&compat), Place::Call(CallKind { nr: 12, brk: 0, compat: true }));
        assert_eq!(Place::of(&IN_KERNEL), Place::Kernel([0xa, 0xb, 0, 0]));
    }

    #[test]
    fn user_and_kernel_addresses_are_counted_apart() {
        let mut samples = Samples::default();
        let code = Some(Code { file: 1, offset: 0x40 });
        samples.add(&Sample { flags: Sample::USER, ..IN_KERNEL }, code);
        samples.add(&Sample { flags: Sample::USER, ..IN_KERNEL }, None);
        samples.add(&IN_KERNEL, None);
        samples.absorb(&samples.clone());
        assert_eq!(samples.user, [(code, 2), (None, 2)].into());
        assert_eq!(samples.kernel, [(0xf00, 2)].into());
        assert_eq!(samples.places[&Place::User], 4);
    }
}
