//! What the reader tells the programs while they run.

use aya_ebpf::{btf_maps::Array, macros::btf_map};
use tracer_common::control::Control;

use crate::config;

#[btf_map]
static CONTROL: Array<Control, 1> = Array::new();

/// It, always there; `None` only satisfies the verifier.
#[inline(always)]
pub(crate) fn get() -> Option<&'static Control> {
    CONTROL.get(0)
}

/// Whether less is sent than `detail` wants. A constant where nothing is ever shed.
#[inline(always)]
pub(crate) fn sheds(detail: u32) -> bool {
    config!(sheds) != 0 && get().is_some_and(|control| control.detail >= detail)
}
