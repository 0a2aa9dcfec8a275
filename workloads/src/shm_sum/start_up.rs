//! What a freshly executed interpreter does before it can work: it imports its modules.

use std::env;
use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result};

/// Bytes read for a module.
const READ: usize = 64 * 1024;
/// Bytes of the objects that a module becomes: enough for `malloc` to map them.
const OBJECTS: usize = 128 * 1024;
/// How often each of them is changed while the module is executed.
const STEPS: u8 = 4;

/// Imports `count` modules: each is an `open`, a `read` and a `close` of this program's own file, a
/// `mmap`, and 32 page faults. `NumPy` is about 200 of them. Returns their objects, for an
/// interpreter keeps them.
pub(super) fn import_modules(count: u32) -> Result<Vec<Vec<u8>>> {
    let program = env::current_exe().context("cannot find this program's own file")?;
    let mut source = vec![0; READ];
    let mut objects = Vec::new();
    for index in 0..count {
        let file = File::open(&program).context("cannot open this program's own file")?;
        let length = file.metadata().context("cannot ask for this program's length")?.len();
        let offset = u64::from(index) * READ as u64 % length.max(1);
        let read = file.read_at(&mut source, offset).context("cannot read this program")?;
        objects.push(execute_module(&source[..read]));
    }
    Ok(objects)
}

/// Turns a module's source into its objects.
#[inline(never)]
fn execute_module(source: &[u8]) -> Vec<u8> {
    let mut objects = Vec::with_capacity(OBJECTS);
    objects.extend(source.iter().cycle().take(if source.is_empty() { 0 } else { OBJECTS }));
    for step in 0..STEPS {
        let mut state = step;
        for byte in &mut objects {
            state = state.wrapping_mul(31).wrapping_add(*byte);
            *byte = black_box(state);
        }
    }
    objects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_becomes_objects_of_the_same_size() {
        let modules = import_modules(3).unwrap();
        assert_eq!(modules.iter().map(Vec::len).collect::<Vec<_>>(), [OBJECTS; 3]);
        assert!(execute_module(&[]).is_empty());
    }
}
