//! The sampling clock of each CPU.

use std::os::fd::AsFd as _;

use anyhow::{Context as _, Result, anyhow, bail};
use aya::{
    Ebpf,
    maps::Map,
    programs::{
        PerfEvent,
        perf_event::{PerfEventConfig, PerfEventScope, SamplePolicy, SoftwareEvent},
    },
    util::online_cpus,
};
use tracer_common::record::Sample;

use super::ring::Rings;

const PROGRAM: &str = "sample";
/// Rings are drained many times a second, but a busy machine may hold the reader up this long.
const SECONDS_HELD: u32 = 2;
const SMALLEST_RING: u32 = 64 << 10;

/// Whether the CPUs are sampled.
#[derive(Debug, Default)]
pub enum Sampling {
    /// Nobody asked for it.
    #[default]
    Off,
    /// So many times a second, each.
    Hz(u32),
    /// It cannot be done here, because of this.
    Refused(anyhow::Error),
}

/// The clocks, and the rings that they fill.
#[derive(Default)]
pub(super) struct Sampler {
    sampling: Sampling,
    rings: Option<Rings>,
    /// Samples on their way from the rings.
    taken: Vec<u8>,
}

impl Sampler {
    /// Starts a clock on each CPU that is online; with 0 Hz none. That it cannot be done is no
    /// error: all else goes without samples.
    pub(super) fn start(bpf: &mut Ebpf, hz: u32, cpus: u32) -> Self {
        if hz == 0 {
            return Self::default();
        }
        match attach(bpf, hz, cpus) {
            Ok(rings) => Self { sampling: Sampling::Hz(hz), rings: Some(rings), taken: Vec::new() },
            Err(e) => Self { sampling: Sampling::Refused(e), ..Self::default() },
        }
    }

    pub(super) fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    /// Empties the rings, and gives what was in them, sample by sample.
    pub(super) fn take(&mut self) -> impl Iterator<Item = &[u8]> {
        let Self { rings, taken, .. } = self;
        taken.clear();
        if let Some(rings) = rings {
            rings.drain(|bytes| taken.extend_from_slice(bytes));
        }
        taken.chunks(size_of::<Sample>())
    }

    /// Stops the clocks.
    pub(super) fn stop(&self, bpf: &mut Ebpf) -> Result<()> {
        match self.rings {
            Some(_) => Ok(program(bpf)?.unload()?),
            None => Ok(()),
        }
    }
}

fn program(bpf: &mut Ebpf) -> Result<&mut PerfEvent> {
    let program = bpf.program_mut(PROGRAM).context("the eBPF object has no sampler")?;
    Ok(program.try_into()?)
}

fn attach(bpf: &mut Ebpf, hz: u32, cpus: u32) -> Result<Rings> {
    let Some(Map::ArrayOfMaps(outer)) = bpf.map("SAMPLES") else {
        bail!("the eBPF object has no array of rings for samples")
    };
    let smallest = size_of::<Sample>();
    let rings = Rings::create(outer.fd().as_fd(), cpus, ring_bytes(hz), smallest)?;
    let sampler = program(bpf)?;
    sampler.load()?;
    let cpu_clock = PerfEventConfig::Software(SoftwareEvent::CpuClock);
    // A period, for a frequency is refused above `kernel.perf_event_max_sample_rate`, which kernels
    // lower by themselves.
    let period = SamplePolicy::Period(1_000_000_000 / u64::from(hz));
    for cpu in online_cpus().map_err(|(what, e)| anyhow!(e).context(what))? {
        let scope = PerfEventScope::AllProcessesOneCpu { cpu };
        if let Err(e) = sampler.attach(cpu_clock, scope, period, false) {
            // Half of the CPUs would make wrong shares.
            sampler.unload()?;
            return Err(e.into());
        }
    }
    Ok(rings)
}

/// Bytes of one ring: a power of two, a multiple of any page size.
fn ring_bytes(hz: u32) -> u32 {
    // The header of a record takes 8 bytes.
    let record = u32::try_from(size_of::<Sample>() + 8).unwrap_or(u32::MAX);
    let bytes = hz.saturating_mul(record).saturating_mul(SECONDS_HELD);
    bytes.clamp(SMALLEST_RING, 1 << 30).next_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_holds_what_comes_while_the_reader_is_held_up() {
        assert_eq!(ring_bytes(1), 64 << 10);
        assert_eq!(ring_bytes(10_000), 2 << 20);
        assert!(ring_bytes(u32::MAX).is_power_of_two());
    }
}
