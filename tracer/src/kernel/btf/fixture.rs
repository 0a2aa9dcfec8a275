//! Builds small BTF blobs for tests.

/// A BTF blob under construction; each method adds a type and returns its id.
#[derive(Default)]
pub(in super::super) struct Blob {
    types: Vec<u8>,
    strings: Vec<u8>,
    count: u32,
}

/// Name, type id and raw offset (in bits) of a struct's member.
pub(in super::super) type MemberOf<'a> = (&'a str, u32, u32);

pub(in super::super) fn member(name: &str, id: u32, raw_offset: u32) -> MemberOf<'_> {
    (name, id, raw_offset)
}

impl Blob {
    pub(in super::super) fn int(&mut self, name: &str, size: u32) -> u32 {
        self.push(name, 1, 0, size, &[size * 8])
    }

    pub(in super::super) fn pointer(&mut self, id: u32) -> u32 {
        self.push("", 2, 0, id, &[])
    }

    pub(in super::super) fn array(&mut self, id: u32, elements: u32) -> u32 {
        self.push("", 3, 0, 0, &[id, id, elements])
    }

    pub(in super::super) fn record(
        &mut self,
        name: &str,
        size: u32,
        members: &[MemberOf<'_>],
    ) -> u32 {
        self.members(name, 4, size, members)
    }

    pub(in super::super) fn union(
        &mut self,
        name: &str,
        size: u32,
        members: &[MemberOf<'_>],
    ) -> u32 {
        self.members(name, 5, size, members)
    }

    pub(in super::super) fn typedef(&mut self, name: &str, id: u32) -> u32 {
        self.push(name, 8, 0, id, &[])
    }

    pub(in super::super) fn function(&mut self, name: &str, prototype: u32) -> u32 {
        self.push(name, 12, 0, prototype, &[])
    }

    pub(in super::super) fn prototype(&mut self, parameters: &[u32]) -> u32 {
        let words: Vec<u32> = parameters.iter().flat_map(|&id| [0, id]).collect();
        self.push("", 13, parameters.len(), 0, &words)
    }

    /// The whole blob: header, types, strings.
    pub(in super::super) fn bytes(mut self) -> Vec<u8> {
        self.name("");
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
        let mut out = 0xeb9f_u16.to_ne_bytes().to_vec();
        out.extend([1, 0]);
        for word in [24, 0, length(&self.types), length(&self.types), length(&self.strings)] {
            out.extend(u32::to_ne_bytes(word));
        }
        out.extend(self.types);
        out.extend(self.strings);
        out
    }

    fn members(&mut self, name: &str, kind: u32, size: u32, members: &[MemberOf<'_>]) -> u32 {
        let mut words = Vec::new();
        for &(name, id, raw_offset) in members {
            words.extend([self.name(name), id, raw_offset]);
        }
        // With the flag set, the upper byte of an offset is the width of a bitfield.
        self.push(name, kind | 0x80, members.len(), size, &words)
    }

    fn push(&mut self, name: &str, kind: u32, count: usize, size: u32, words: &[u32]) -> u32 {
        let info = kind << 24 | u32::try_from(count).unwrap();
        for word in [self.name(name), info, size].iter().chain(words) {
            self.types.extend(word.to_ne_bytes());
        }
        self.count += 1;
        self.count
    }

    /// The offset of `name` in the strings; the empty one is at 0, as the format asks.
    fn name(&mut self, name: &str) -> u32 {
        if self.strings.is_empty() {
            self.strings.push(0);
        }
        if name.is_empty() {
            return 0;
        }
        let at = u32::try_from(self.strings.len()).unwrap();
        self.strings.extend(name.as_bytes());
        self.strings.push(0);
        at
    }
}
