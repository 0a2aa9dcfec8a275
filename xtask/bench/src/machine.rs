//! Where it is measured.

use std::fs;

use procfs::{CpuInfo, Current as _};

use crate::{places::Cpus, results::Machine};

impl Machine {
    /// This one. What it does not tell is `unknown`.
    pub(crate) fn here(cpus: &Cpus) -> Self {
        let unknown = || "unknown".to_owned();
        let processor = CpuInfo::current().ok();
        let processor = processor.and_then(|it| it.model_name(0).map(str::to_owned));
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
        let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let system = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
        Self {
            processor: processor.unwrap_or_else(unknown),
            cpus: cpus.all().len(),
            kernel: kernel.map_or_else(|_| unknown(), |text| text.trim().to_owned()),
            system: system.map_or_else(unknown, |name| name.trim_matches('"').to_owned()),
        }
    }
}
