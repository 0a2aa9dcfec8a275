//! A reader of BTF, the kernel's own description of its types (`Documentation/bpf/btf.rst`).
//!
//! It answers few questions: where a member sits in a struct, what a tracepoint's arguments are,
//! whether a function exists. It is total: whatever the bytes, the answer is a value or an error,
//! and takes time in proportion to their length.

mod types;

#[cfg(test)]
pub(super) mod fixture;

use std::fs;

use anyhow::Context as _;

use types::{Field, Type, kind, u32_at};

/// Where the running kernel shows its BTF.
pub const KERNEL_BTF: &str = "/sys/kernel/btf/vmlinux";

const MAGIC: u16 = 0xeb9f;
/// Typedefs and qualifiers in a row; the kernel has a handful. Ends loops.
const MAX_CHAIN: usize = 32;
/// Anonymous structs searched for one member; `task_struct` has a dozen. Ends loops.
const MAX_RECORDS: usize = 256;

/// Why a question to the BTF has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BtfError {
    /// The bytes are not BTF, or end too early, or point outside of themselves.
    #[error("the kernel's BTF cannot be read: {what} (at byte {at})")]
    Malformed {
        /// What was expected.
        what: &'static str,
        /// Where in the bytes, or in the section of the types.
        at: usize,
    },
    /// No struct or union of that name, or no such member in it.
    #[error("this kernel's BTF has no {0}")]
    Missing(String),
    /// The member is a bitfield, which has no byte offset.
    #[error("{0} is a bitfield on this kernel: it has no byte offset")]
    Bitfield(String),
    /// The type of the member has no size that could be told.
    #[error("the size of {0} cannot be told from this kernel's BTF")]
    NoSize(String),
}

/// Where a member sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Bytes from the start of the outermost struct.
    pub offset: u32,
    /// Bytes the member takes.
    pub size: u32,
}

/// How an argument is handed to a tracepoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// A pointer, such as `struct task_struct *`.
    Pointer,
    /// Anything else, such as `bool` or `unsigned int`.
    Value,
}

/// Parsed BTF, borrowing the bytes it was parsed from.
#[derive(Debug)]
pub struct Btf<'a> {
    types: &'a [u8],
    strings: &'a [u8],
    /// Where in `types` each type begins; type id N is at index N - 1 (id 0 is `void`).
    starts: Vec<usize>,
}

/// The bytes of the running kernel's BTF.
///
/// # Errors
/// If the kernel shows none, or it may not be read.
pub fn kernel_bytes() -> anyhow::Result<Vec<u8>> {
    fs::read(KERNEL_BTF).with_context(|| {
        format!(
            "cannot read {KERNEL_BTF}, the kernel's description of its types: \
             the kernel must be built with CONFIG_DEBUG_INFO_BTF=y, and /sys must be mounted"
        )
    })
}

impl<'a> Btf<'a> {
    /// Checks the header and finds where each type begins.
    ///
    /// # Errors
    /// If the bytes are not BTF in this machine's byte order, are cut short, or hold a kind of type
    /// unknown here (its length, and so where the next one begins, is then unknown too).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BtfError> {
        let header = |at: usize| {
            u32_at(bytes, at).ok_or(BtfError::Malformed { what: "the header is cut short", at })
        };
        if bytes.get(..2) != Some(MAGIC.to_ne_bytes().as_slice()) {
            let what = "it does not begin with BTF's magic number in this machine's byte order";
            return Err(BtfError::Malformed { what, at: 0 });
        }
        let header_length = header(4)?;
        let section = |offset: u32, length: u32| {
            let start = header_length as usize + offset as usize;
            bytes.get(start..start.saturating_add(length as usize)).ok_or(BtfError::Malformed {
                what: "a section of the header lies outside of the file",
                at: start,
            })
        };
        let types = section(header(8)?, header(12)?)?;
        let strings = section(header(16)?, header(20)?)?;

        let mut starts = Vec::with_capacity(types.len() / 24);
        let mut at = 0;
        while at < types.len() {
            let end = Type::read(types, at).and_then(|found| found.end());
            let end = end.filter(|&end| end <= types.len()).ok_or(BtfError::Malformed {
                what: "a type is cut short or of an unknown kind",
                at,
            })?;
            starts.push(at);
            at = end;
        }
        Ok(Self { types, strings, starts })
    }

    /// Where `path` (such as `mm` or `thread_info.cpu`) sits in the struct or union `record`.
    ///
    /// Members of anonymous structs and unions are found as C finds them: `brk` in `mm_struct`.
    ///
    /// # Errors
    /// If the struct or the member is not there, or is a bitfield, or its size cannot be told.
    pub fn offset_of(&self, record: &str, path: &str) -> Result<Member, BtfError> {
        let full_name = || format!("{record}.{path}");
        let missing = || BtfError::Missing(full_name());
        let outermost = self.find(record, Type::is_record);
        let mut current = outermost.ok_or_else(|| BtfError::Missing(format!("struct {record}")))?;
        let mut bits: u32 = 0;
        let mut names = path.split('.').peekable();
        loop {
            let name = names.next().ok_or_else(missing)?;
            let (base, field) = self.member(current, name).ok_or_else(missing)?;
            if field.is_bitfield() {
                return Err(BtfError::Bitfield(full_name()));
            }
            bits = bits.checked_add(base).ok_or_else(missing)?;
            if names.peek().is_none() {
                let size = self.size_of(field.id).ok_or_else(|| BtfError::NoSize(full_name()))?;
                return Ok(Member { offset: bits / 8, size });
            }
            current = self.record_behind(field.id).ok_or_else(missing)?;
        }
    }

    /// The arguments of the tracepoint `name`, as a `tp_btf` program gets them; `None` if the
    /// kernel has no such tracepoint.
    #[must_use]
    pub fn tracepoint(&self, name: &str) -> Option<Vec<Argument>> {
        let typedef = self.find(&format!("btf_trace_{name}"), |t| t.kind == kind::TYPEDEF)?;
        let pointer = self.get(typedef.size_or_type).filter(|t| t.kind == kind::PTR)?;
        let prototype = self.get(pointer.size_or_type).filter(|t| t.kind == kind::FUNC_PROTO)?;
        // The first parameter is the tracepoint's own `void *__data`, which programs do not get.
        let arguments = prototype.parameters(self.types).skip(1).map(|id| {
            let is_pointer = self.resolve(id).is_some_and(|t| t.kind == kind::PTR);
            if is_pointer { Argument::Pointer } else { Argument::Value }
        });
        Some(arguments.collect())
    }

    /// Whether the kernel has a function of that name.
    #[must_use]
    pub fn has_function(&self, name: &str) -> bool {
        self.find(name, |t| t.kind == kind::FUNC).is_some()
    }

    /// The first type of that name. A look at each type is fast enough for the few dozen questions
    /// that are asked, and needs no index.
    fn find(&self, name: &str, is_wanted: impl Fn(&Type) -> bool) -> Option<Type> {
        let types = self.starts.iter().filter_map(|&at| Type::read(self.types, at));
        types.filter(is_wanted).find(|t| self.is_named(t.name, name))
    }

    fn get(&self, id: u32) -> Option<Type> {
        let index = usize::try_from(id).ok()?.checked_sub(1)?;
        Type::read(self.types, *self.starts.get(index)?)
    }

    fn is_named(&self, name_offset: u32, name: &str) -> bool {
        let string = usize::try_from(name_offset).ok().and_then(|at| self.strings.get(at..));
        string.and_then(|s| s.strip_prefix(name.as_bytes())).is_some_and(|s| s.first() == Some(&0))
    }

    /// The type behind typedefs and qualifiers.
    fn resolve(&self, mut id: u32) -> Option<Type> {
        for _ in 0..MAX_CHAIN {
            let found = self.get(id)?;
            if !found.is_modifier() {
                return Some(found);
            }
            id = found.size_or_type;
        }
        None
    }

    fn record_behind(&self, id: u32) -> Option<Type> {
        self.resolve(id).filter(Type::is_record)
    }

    /// The member `name` and its place in `record`, in bits. Anonymous records within are searched
    /// as well, and their own places added.
    fn member(&self, record: Type, name: &str) -> Option<(u32, Field)> {
        let mut records = vec![(0_u32, record)];
        let mut next = 0;
        while let Some(&(base, record)) = records.get(next) {
            next += 1;
            for field in record.fields(self.types) {
                let place = base.checked_add(field.bit_offset)?;
                let is_anonymous = self.is_named(field.name, "");
                if !is_anonymous && self.is_named(field.name, name) {
                    return Some((place, field));
                }
                if is_anonymous
                    && records.len() < MAX_RECORDS
                    && let Some(inner) = self.record_behind(field.id)
                {
                    records.push((place, inner));
                }
            }
        }
        None
    }

    /// Bytes that a value of this type takes.
    fn size_of(&self, mut id: u32) -> Option<u32> {
        let mut count: u32 = 1;
        for _ in 0..MAX_CHAIN {
            let found = self.resolve(id)?;
            if let Some((element, more)) = found.elements(self.types) {
                id = element;
                count = count.checked_mul(more)?;
            } else if found.kind == kind::PTR {
                return count.checked_mul(u32::try_from(size_of::<usize>()).ok()?);
            } else {
                return found.has_size().then(|| count.checked_mul(found.size_or_type)).flatten();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::{Blob, member};
    use super::*;

    /// `struct task { int pid; union { struct { u64 brk; }; u64 other; }; unsigned flag : 3; }`
    /// and `struct info { int cpu; }` inside it, behind a typedef.
    fn task() -> Vec<u8> {
        let mut blob = Blob::default();
        let int = blob.int("int", 4);
        let long = blob.int("long", 8);
        let inner = blob.record("", 8, &[member("brk", long, 0)]);
        let union = blob.union("", 8, &[member("", inner, 0), member("other", long, 0)]);
        let info = blob.record("info", 8, &[member("flags", int, 0), member("cpu", int, 32)]);
        let info_t = blob.typedef("info_t", info);
        let pointer = blob.pointer(info);
        let char = blob.int("char", 1);
        let name = blob.array(char, 16);
        blob.record(
            "task",
            64,
            &[
                member("pid", int, 0),
                member("", union, 64),
                member("info", info_t, 128),
                member("next", pointer, 192),
                member("comm", name, 256),
                member("flag", int, 384 | 3 << 24),
            ],
        );
        blob.bytes()
    }

    fn offset(path: &str) -> Result<Member, BtfError> {
        let bytes = task();
        Btf::parse(&bytes)?.offset_of("task", path)
    }

    #[test]
    fn a_member_has_its_byte_offset_and_size() {
        assert_eq!(offset("pid"), Ok(Member { offset: 0, size: 4 }));
        assert_eq!(offset("next"), Ok(Member { offset: 24, size: 8 }));
        assert_eq!(offset("comm"), Ok(Member { offset: 32, size: 16 }));
    }

    #[test]
    fn a_dotted_path_goes_through_a_typedef_into_the_struct() {
        assert_eq!(offset("info.cpu"), Ok(Member { offset: 20, size: 4 }));
    }

    #[test]
    fn anonymous_structs_and_unions_are_searched_and_their_offsets_added() {
        assert_eq!(offset("brk"), Ok(Member { offset: 8, size: 8 }));
        assert_eq!(offset("other"), Ok(Member { offset: 8, size: 8 }));
    }

    #[test]
    fn what_is_not_there_is_named_in_the_error() {
        let missing = offset("info.foo").unwrap_err().to_string();
        assert_eq!(missing, "this kernel's BTF has no task.info.foo");
        assert_eq!(offset("pid.x").unwrap_err(), BtfError::Missing("task.pid.x".into()));
        assert_eq!(offset("next.cpu").unwrap_err(), BtfError::Missing("task.next.cpu".into()));
        assert_eq!(offset("").unwrap_err(), BtfError::Missing("task.".into()));
        let bytes = task();
        let no_struct = Btf::parse(&bytes).unwrap().offset_of("tas", "pid").unwrap_err();
        assert_eq!(no_struct, BtfError::Missing("struct tas".into()));
    }

    #[test]
    fn a_bitfield_is_refused() {
        assert_eq!(offset("flag").unwrap_err(), BtfError::Bitfield("task.flag".into()));
    }

    #[test]
    fn a_tracepoint_tells_its_arguments_without_the_hidden_first_one() {
        let mut blob = Blob::default();
        let bool = blob.int("_Bool", 1);
        let task = blob.record("task_struct", 8, &[]);
        let pointer = blob.pointer(task);
        let prototype = blob.prototype(&[pointer, bool, pointer]);
        let function = blob.pointer(prototype);
        blob.typedef("btf_trace_sched_switch", function);
        blob.function("bpf_iter_task", prototype);
        let bytes = blob.bytes();
        let btf = Btf::parse(&bytes).unwrap();
        assert_eq!(btf.tracepoint("sched_switch"), Some(vec![Argument::Value, Argument::Pointer]));
        assert_eq!(btf.tracepoint("sched"), None);
        assert!(btf.has_function("bpf_iter_task"));
        assert!(!btf.has_function("task_struct"));
    }

    #[test]
    fn every_truncation_is_an_error_or_an_honest_answer() {
        let whole = task();
        for length in 0..whole.len() {
            assert!(Btf::parse(&whole[..length]).is_err(), "cut to {length} bytes");
        }
    }

    #[test]
    fn no_flipped_byte_makes_it_panic_or_hang() {
        let whole = task();
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut broken = whole.clone();
                broken[at] = value;
                if let Ok(btf) = Btf::parse(&broken) {
                    for path in ["pid", "brk", "info.cpu", "comm", "flag", "absent"] {
                        let _ = btf.offset_of("task", path);
                    }
                    let _ = btf.tracepoint("sched_switch");
                }
            }
        }
    }

    #[test]
    fn types_that_contain_themselves_end_in_an_error() {
        let mut blob = Blob::default();
        blob.record("loop", 8, &[member("", 1, 0), member("", 1, 0)]);
        blob.typedef("turn", 2);
        blob.record("user", 8, &[member("t", 2, 0)]);
        blob.array(4, 2);
        blob.record("rows", 8, &[member("r", 4, 0)]);
        let bytes = blob.bytes();
        let btf = Btf::parse(&bytes).unwrap();
        assert_eq!(btf.offset_of("loop", "x"), Err(BtfError::Missing("loop.x".into())));
        assert_eq!(btf.offset_of("user", "t"), Err(BtfError::NoSize("user.t".into())));
        assert_eq!(btf.offset_of("rows", "r"), Err(BtfError::NoSize("rows.r".into())));
    }

    #[test]
    fn another_byte_order_is_refused() {
        let mut bytes = task();
        bytes[..2].reverse();
        assert!(matches!(Btf::parse(&bytes), Err(BtfError::Malformed { at: 0, .. })));
    }
}
