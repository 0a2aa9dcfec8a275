//! Rings that fill and one reader that empties them, step by step.
//!
//! What flows is not single records but their number, a real one: each ring gains its rate in each
//! step, and the reader, while it is at work, goes from ring to ring and takes as many records as
//! it can in the time. It comes by on a timer, and when a ring passes half of its size.

/// What is simulated. Times are in ns, sizes in records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plant {
    /// CPUs, each with a ring of its own.
    pub(crate) cpus: usize,
    /// Records that one ring holds.
    pub(crate) ring: f64,
    /// Records a second that each CPU makes while it is busy.
    pub(crate) rate: f64,
    /// All CPUs are busy together for so long …
    pub(crate) busy_ns: u64,
    /// … and then make nothing for so long.
    pub(crate) idle_ns: u64,
    /// What the reader takes for one record.
    pub(crate) record_ns: f64,
    /// What it takes to look at a ring.
    pub(crate) visit_ns: f64,
    /// How often it comes by.
    pub(crate) drain_every_ns: u64,
    /// From its being woken until it works: others hold its CPU.
    pub(crate) wake_ns: u64,
}

/// What came of it. Numbers of records over all rings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Run {
    pub(crate) made: f64,
    pub(crate) taken: f64,
    pub(crate) lost: f64,
    /// What was in the rings at the end.
    pub(crate) left: f64,
    /// The most that one ring held, as a share of its size.
    pub(crate) fullest: f64,
    /// The share of the time for which the reader worked.
    pub(crate) reader: f64,
}

const STEP_NS: u64 = 20_000;

/// The reader.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reader {
    Asleep,
    /// It works from this moment on.
    WokenUntil(u64),
    /// It is at this ring, with so much time already spent on what it will take there.
    At(usize),
}

/// Simulates so many ns.
pub(crate) fn run(plant: &Plant, length_ns: u64) -> Run {
    let mut rings = vec![0.0f64; plant.cpus];
    let mut run = Run::default();
    let mut reader = Reader::Asleep;
    let mut next_drain = plant.drain_every_ns;
    let mut worked_ns = 0.0;
    let period = (plant.busy_ns + plant.idle_ns).max(1);
    for now in (0..length_ns).step_by(usize::try_from(STEP_NS).unwrap_or(1)) {
        let busy = plant.idle_ns == 0 || now % period < plant.busy_ns;
        let gain = if busy { plant.rate * STEP_NS as f64 / 1e9 } else { 0.0 };
        for ring in &mut rings {
            let room = plant.ring - *ring;
            run.made += gain;
            run.lost += (gain - room).max(0.0);
            *ring += gain.min(room);
            run.fullest = run.fullest.max(*ring / plant.ring);
        }
        let pressed = rings.iter().any(|ring| *ring > plant.ring / 2.0);
        if reader == Reader::Asleep && (pressed || now >= next_drain) {
            reader = Reader::WokenUntil(now + plant.wake_ns);
            next_drain = now + plant.drain_every_ns;
        }
        if matches!(reader, Reader::WokenUntil(then) if now >= then) {
            reader = Reader::At(0);
        }
        let mut time = STEP_NS as f64;
        while let Reader::At(place) = reader
            && time > 0.0
        {
            let Some(ring) = rings.get_mut(place) else {
                reader = Reader::Asleep;
                break;
            };
            let whole = plant.visit_ns + *ring * plant.record_ns;
            let spent = whole.min(time);
            let records = ((spent - plant.visit_ns) / plant.record_ns).clamp(0.0, *ring);
            *ring -= records;
            run.taken += records;
            worked_ns += spent;
            time -= spent;
            if spent >= whole {
                reader = Reader::At(place + 1);
            } else {
                break;
            }
        }
    }
    run.left = rings.iter().sum();
    run.reader = worked_ns / length_ns as f64;
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn plant() -> Plant {
        Plant {
            cpus: 4,
            ring: 1000.0,
            rate: 10_000.0,
            busy_ns: SECOND,
            idle_ns: 0,
            record_ns: 100.0,
            visit_ns: 20.0,
            drain_every_ns: 20_000_000,
            wake_ns: 0,
        }
    }

    #[test]
    fn no_record_appears_or_vanishes() {
        for rate in [10.0, 10_000.0, 3_000_000.0] {
            let run = run(&Plant { rate, ..plant() }, 2 * SECOND);
            let sum = run.taken + run.lost + run.left;
            assert!((run.made - sum).abs() < run.made * 1e-9 + 1e-3, "{run:?}");
            assert!((run.made - 4.0 * 2.0 * rate).abs() < run.made * 1e-6, "{run:?}");
        }
    }

    #[test]
    fn the_readers_share_is_the_rate_times_the_cost_of_a_record() {
        let run = run(&plant(), 2 * SECOND);
        let visits = 4.0 * 20.0 * 50.0 / 1e9;
        assert!((run.reader - (40_000.0 * 100.0 / 1e9 + visits)).abs() < 2e-4, "{run:?}");
        assert_eq!(run.lost, 0.0);
        // Between two visits a ring gains what comes in 20 ms.
        assert!((run.fullest - 0.2).abs() < 0.02, "{run:?}");
    }

    #[test]
    fn past_its_capacity_the_reader_works_all_the_time_and_the_rest_is_lost() {
        // It can take 10 million a second; twice as many come.
        let run = run(&Plant { rate: 5_000_000.0, ..plant() }, SECOND);
        assert!(run.reader > 0.95, "{run:?}");
        assert!((run.lost / run.made - 0.5).abs() < 0.05, "{run:?}");
    }

    #[test]
    fn a_reader_that_is_kept_waiting_needs_larger_rings() {
        let late = Plant { rate: 50_000.0, wake_ns: 30_000_000, ..plant() };
        assert!(run(&late, SECOND).lost > 0.0);
        assert_eq!(run(&Plant { ring: 4000.0, ..late }, SECOND).lost, 0.0);
    }
}
