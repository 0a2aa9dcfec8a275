//! Distributions in a few figures.

use serde::{Deserialize, Serialize};

use crate::model::Hist;

/// A distribution in a few figures. Those other than the total are null without a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Exact sum.
    pub total: u64,
    /// Exact mean.
    pub mean: Option<u64>,
    /// Median, to two significant digits, like all percentiles.
    pub p50: Option<u64>,
    /// 90th percentile.
    pub p90: Option<u64>,
    /// 99th percentile.
    pub p99: Option<u64>,
    /// 99.9th percentile.
    pub p999: Option<u64>,
    /// Exact maximum.
    pub max: Option<u64>,
    /// The distribution itself, with `--histograms`: a bar for each doubling of time, from the first
    /// that is used to the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub histogram: Vec<Bucket>,
    /// The distribution in full, as [`Hist::encoded`](crate::model::Hist::encoded) has it; in
    /// recordings alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdr: Option<String>,
}

/// One bar of a histogram: `from_ns <= time < to_ns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Lower edge.
    pub from_ns: u64,
    /// Upper edge.
    pub to_ns: u64,
    /// Times in it.
    pub count: u64,
}

impl Figures {
    /// Those of a distribution; with `histogram` its bars, with `hdr` all of it.
    pub(crate) fn of(hist: &Hist, histogram: bool, hdr: bool) -> Self {
        let bucket = |(from_ns, to_ns, count)| Bucket { from_ns, to_ns, count };
        Self {
            total: hist.sum(),
            mean: hist.mean(),
            p50: hist.quantile(0.5),
            p90: hist.quantile(0.9),
            p99: hist.quantile(0.99),
            p999: hist.quantile(0.999),
            max: hist.max(),
            histogram: if histogram { hist.octaves().map(bucket).collect() } else { Vec::new() },
            hdr: hdr.then(|| hist.encoded()),
        }
    }
}
