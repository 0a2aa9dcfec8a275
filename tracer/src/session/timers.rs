//! Moments that the session waits for.

use std::{future::pending, time::Duration};

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};

/// Ticks, the first time after one period. Ticks that were missed are not made up for.
pub(super) fn every(period: Duration) -> Interval {
    let start = Instant::now().checked_add(period).unwrap_or_else(Instant::now);
    let mut interval = interval_at(start, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    interval
}

/// Waits for a moment that may never come.
pub(super) async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

/// Waits for the next tick of what may not tick at all.
pub(super) async fn tick(interval: Option<&mut Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => pending().await,
    }
}

/// Ticks after a while, then after twice as long, and so on up to a longest while: what has just begun
/// changes most.
#[derive(Debug)]
pub(super) struct Slowing {
    next: Instant,
    pause: Duration,
    longest: Duration,
}

impl Slowing {
    /// Begins now.
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self { next: Instant::now() + first, pause: first, longest }
    }

    /// Waits for the next tick. Whoever gives up waiting misses none.
    pub(super) async fn tick(&mut self) {
        sleep_until(self.next).await;
        self.pause = (self.pause * 2).min(self.longest);
        self.next = Instant::now() + self.pause;
    }
}
