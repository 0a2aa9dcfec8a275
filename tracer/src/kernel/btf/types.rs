//! How types are laid out in BTF: `struct btf_type`, and what follows it.

/// The kinds of types: `BTF_KIND_…`.
pub(super) mod kind {
    pub(in super::super) const INT: u32 = 1;
    pub(in super::super) const PTR: u32 = 2;
    pub(in super::super) const ARRAY: u32 = 3;
    pub(in super::super) const STRUCT: u32 = 4;
    pub(in super::super) const UNION: u32 = 5;
    pub(in super::super) const ENUM: u32 = 6;
    pub(in super::super) const FWD: u32 = 7;
    pub(in super::super) const TYPEDEF: u32 = 8;
    pub(in super::super) const VOLATILE: u32 = 9;
    pub(in super::super) const CONST: u32 = 10;
    pub(in super::super) const RESTRICT: u32 = 11;
    pub(in super::super) const FUNC: u32 = 12;
    pub(in super::super) const FUNC_PROTO: u32 = 13;
    pub(in super::super) const VAR: u32 = 14;
    pub(in super::super) const DATASEC: u32 = 15;
    pub(in super::super) const FLOAT: u32 = 16;
    pub(in super::super) const DECL_TAG: u32 = 17;
    pub(in super::super) const TYPE_TAG: u32 = 18;
    pub(in super::super) const ENUM64: u32 = 19;
}

/// `name_off`, `info`, and `size` or `type`: what every type begins with.
const HEADER: usize = 12;
/// `name_off`, `type`, `offset`: a member of a struct or union.
const MEMBER: usize = 12;
/// `name_off`, `type`: a parameter of a function.
const PARAMETER: usize = 8;

/// The fixed head of one type, and where what follows it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    /// Where the name begins in the strings.
    pub(super) name: u32,
    pub(super) kind: u32,
    /// In structs: the upper 8 bits of a member's offset are the width of a bitfield.
    kind_flag: bool,
    /// How many members, parameters or values follow.
    pub(super) count: usize,
    /// Size in bytes or id of another type, as the kind has it.
    pub(super) size_or_type: u32,
    body: usize,
}

/// A member of a struct or union.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// Where the name begins in the strings.
    pub(super) name: u32,
    /// The id of its type.
    pub(super) id: u32,
    /// Bits from the start of the struct.
    pub(super) bit_offset: u32,
    /// Bits it takes if it is a bitfield, else 0.
    bit_width: u32,
}

impl Type {
    /// The type that begins at this byte; `None` beyond the end.
    pub(super) fn read(types: &[u8], at: usize) -> Option<Self> {
        let info = u32_at(types, at.checked_add(4)?)?;
        Some(Self {
            name: u32_at(types, at)?,
            kind: (info >> 24) & 0x1f,
            kind_flag: info >> 31 == 1,
            count: usize::try_from(info & 0xffff).ok()?,
            size_or_type: u32_at(types, at + 8)?,
            body: at + HEADER,
        })
    }

    /// Where the next type begins; `None` after a kind that is not known.
    pub(super) fn end(&self) -> Option<usize> {
        let following = match self.kind {
            kind::INT | kind::VAR | kind::DECL_TAG => 4,
            kind::ARRAY => 12,
            kind::STRUCT | kind::UNION => MEMBER * self.count,
            kind::DATASEC | kind::ENUM64 => 12 * self.count,
            kind::FUNC_PROTO => PARAMETER * self.count,
            kind::ENUM => 8 * self.count,
            kind::PTR | kind::FWD | kind::FUNC | kind::FLOAT => 0,
            _ if self.is_modifier() => 0,
            _ => return None,
        };
        self.body.checked_add(following)
    }

    /// Whether it only names or qualifies another type.
    pub(super) fn is_modifier(&self) -> bool {
        use kind::{CONST, RESTRICT, TYPE_TAG, TYPEDEF, VOLATILE};
        matches!(self.kind, TYPEDEF | VOLATILE | CONST | RESTRICT | TYPE_TAG)
    }

    pub(super) fn is_record(&self) -> bool {
        matches!(self.kind, kind::STRUCT | kind::UNION)
    }

    /// Whether `size_or_type` is a size.
    pub(super) fn has_size(&self) -> bool {
        use kind::{ENUM, ENUM64, FLOAT, INT};
        self.is_record() || matches!(self.kind, INT | ENUM | ENUM64 | FLOAT)
    }

    /// The members of a struct or union.
    pub(super) fn fields(self, types: &[u8]) -> impl Iterator<Item = Field> {
        let count = if self.is_record() { self.count } else { 0 };
        (0..count).map_while(move |i| {
            let at = self.body + i * MEMBER;
            let raw = u32_at(types, at + 8)?;
            let (bit_offset, bit_width) =
                if self.kind_flag { (raw & 0x00ff_ffff, raw >> 24) } else { (raw, 0) };
            Some(Field {
                name: u32_at(types, at)?,
                id: u32_at(types, at + 4)?,
                bit_offset,
                bit_width,
            })
        })
    }

    /// The type ids of a function's parameters.
    pub(super) fn parameters(self, types: &[u8]) -> impl Iterator<Item = u32> {
        let count = if self.kind == kind::FUNC_PROTO { self.count } else { 0 };
        (0..count).map_while(move |i| u32_at(types, self.body + i * PARAMETER + 4))
    }

    /// The type id of an array's elements, and how many there are.
    pub(super) fn elements(self, types: &[u8]) -> Option<(u32, u32)> {
        if self.kind != kind::ARRAY {
            return None;
        }
        Some((u32_at(types, self.body)?, u32_at(types, self.body + 8)?))
    }
}

impl Field {
    /// Whether it begins or ends within a byte.
    pub(super) fn is_bitfield(&self) -> bool {
        self.bit_width != 0 || !self.bit_offset.is_multiple_of(8)
    }
}

/// The number at this byte; `None` if it is not all there.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(four.try_into().ok()?))
}
