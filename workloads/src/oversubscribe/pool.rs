//! The threads of the pool.

use std::hint::black_box;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Result;
use serde::Serialize;

use super::Args;
use super::barrier::Barrier;
use super::product::{Factors, rows_of};
use super::quota::{Quota, Throttling};
use crate::crew::{self, Cue};
use crate::raw::malloc;
use crate::tally::Tally;
use crate::until::Limit;
use crate::workers;

/// What this workload tells besides what all tell.
#[derive(Debug, Serialize)]
struct Facts {
    iterations: u64,
    threads: usize,
    cpus_allowed: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota: Option<Throttling>,
}

/// What the threads share.
struct Pool {
    factors: Factors,
    barrier: Barrier,
    limit: Limit,
    /// Products that all strips are done of.
    products: AtomicU64,
    ended: AtomicBool,
}

/// Multiplies with `threads` threads until the end, and tells the truth.
pub(super) fn run(
    args: &Args,
    threads: usize,
    cpus_allowed: usize,
    quota: Option<&Quota>,
) -> Result<()> {
    malloc::keep_freed(threads)?;
    let pool = Pool {
        factors: Factors::new(args.size),
        barrier: Barrier::new(threads, args.wait),
        limit: args.until.begin(workers::heed_signals()?),
        products: AtomicU64::new(0),
        ended: AtomicBool::new(false),
    };
    let strips = (0..threads).map(|index| rows_of(index, threads, args.size));
    let works = strips
        .map(|rows| {
            let (pool, mut strip) = (&pool, vec![0.0; rows.len() * args.size]);
            move |tally: &mut Tally| pool.work(&rows, &mut strip, tally)
        })
        .collect();
    let cue = Cue::Stdin { start: args.start, hold: false };
    crew::run_and_tell("oversubscribe", works, &cue, || Facts {
        iterations: pool.products.load(Ordering::Relaxed),
        threads,
        cpus_allowed,
        quota: quota.map(Quota::throttling),
    })
}

impl Pool {
    /// Does one strip of every product.
    fn work(&self, rows: &Range<usize>, strip: &mut [f64], tally: &mut Tally) -> Result<()> {
        self.barrier.meet(tally, || self.end_if_due(0))?;
        while !self.ended.load(Ordering::Relaxed) {
            self.factors.multiply_strip(rows.clone(), strip)?;
            black_box(&mut *strip);
            self.barrier.meet(tally, || {
                let products = self.products.fetch_add(1, Ordering::Relaxed) + 1;
                self.end_if_due(products);
            })?;
        }
        Ok(())
    }

    /// Done by one thread while all others wait.
    fn end_if_due(&self, products: u64) {
        self.ended.store(self.limit.reached(products), Ordering::Relaxed);
    }
}
