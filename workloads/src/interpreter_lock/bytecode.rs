//! Something for an interpreter to do.

use std::hint::black_box;
use std::rc::Rc;

/// Byte codes between two looks at whether another thread wants the lock: `sys.getcheckinterval()`
/// of Python 2.
const CHECK_INTERVAL: u32 = 100;

/// The byte codes of `while True: total += 1`, near enough.
const LOOP: [Code; 4] = [Code::LoadTotal, Code::LoadOne, Code::Add, Code::StoreTotal];

#[derive(Debug, Clone, Copy)]
enum Code {
    LoadTotal,
    LoadOne,
    Add,
    StoreTotal,
}

/// What a thread of the interpreted program has: a stack and one variable. Numbers are objects on
/// the heap, with a count of references, as Python's are.
#[derive(Debug, Default)]
pub(super) struct Frame {
    stack: Vec<Rc<u64>>,
    total: Rc<u64>,
    one: Rc<u64>,
}

impl Frame {
    /// A frame whose variable is 0.
    pub(super) fn new() -> Self {
        Self { one: Rc::new(1), ..Self::default() }
    }

    /// Runs as many byte codes as an interpreter does between two looks at its lock. About a
    /// microsecond if optimised.
    #[inline(never)]
    pub(super) fn interpret_bytecodes(&mut self) {
        for _ in 0..CHECK_INTERVAL / 4 {
            for code in black_box(LOOP) {
                self.execute(black_box(code));
            }
        }
    }

    #[inline(never)]
    fn execute(&mut self, code: Code) {
        match code {
            Code::LoadTotal => self.stack.push(Rc::clone(&self.total)),
            Code::LoadOne => self.stack.push(Rc::clone(&self.one)),
            Code::Add => {
                let (one, two) = (self.stack.pop(), self.stack.pop());
                let [one, two] = [one, two].map(|number| number.map_or(0, |number| *number));
                self.stack.push(Rc::new(one.wrapping_add(two)));
            }
            Code::StoreTotal => self.total = self.stack.pop().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_byte_codes_add_twenty_five() {
        let mut frame = Frame::new();
        frame.interpret_bytecodes();
        frame.interpret_bytecodes();
        assert_eq!((*frame.total, frame.stack.len()), (50, 0));
    }
}
