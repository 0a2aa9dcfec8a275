//! What the reader tells the programs while they run.

/// What the reader tells the programs while they run.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// Nothing that ends before this counts.
    pub window_ns: u64,
    /// The last edge between two reports: what reaches over it is sent whole.
    pub cut_ns: u64,
    /// When the epoch before began. Written before `epoch_ns`.
    pub previous_ns: u64,
    /// When the epoch under way began.
    pub epoch_ns: u64,
    /// One of [`Control::ALL`] and its neighbours; looked at only with
    /// [`Config::sheds`](crate::config::Config::sheds).
    pub detail: u32,
    /// Never read; there so that no byte is left unset.
    pub pad: u32,
}

impl Control {
    /// Every call and every stay is sent.
    pub const ALL: u32 = 0;
    /// Stays are folded.
    pub const CALLS: u32 = 1;
    /// Calls are folded too.
    pub const SHAPES: u32 = 2;
    /// And nothing is kept of their distributions.
    pub const SUMS: u32 = 3;

    /// Before the window opens nothing counts.
    pub const CLOSED: Self = Self {
        window_ns: u64::MAX,
        cut_ns: u64::MAX,
        previous_ns: 0,
        epoch_ns: u64::MAX,
        detail: Self::ALL,
        pad: 0,
    };

    /// Which of two places belongs to the epoch that began then.
    #[must_use]
    pub const fn place(epoch_ns: u64) -> u32 {
        (epoch_ns & 1) as u32
    }
}

const _: () = assert!(size_of::<Control>() == 40);

#[cfg(not(target_arch = "bpf"))]
// SAFETY: `repr(C)`, integers only, and the assertion above shows that there is no padding.
unsafe impl aya::Pod for Control {}
