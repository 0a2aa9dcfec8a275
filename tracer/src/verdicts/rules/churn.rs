//! Memory of one kind that is given back to the kernel and taken again, over and over.

use crate::verdicts::{
    Finding, Strength, Verdict,
    facts::{Account, Facts, Several, times},
    words::{bytes, number, per, percent, rate, share},
};

/// Giving back less often than this is no habit.
const TIMES: u64 = 10;
const TIMES_PER_SECOND: f64 = 3.0;
/// What is taken again after it was given back, of all that is taken: less is growth, or an end.
const AGAIN: f64 = 0.5;
/// A smaller share of the time on CPUs is not worth a change.
const COST: f64 = 0.1;
/// Without page faults, the share of the time on CPUs from which on it is said what is missing.
const HALF_SEEN: f64 = 0.01;

/// A kind of memory, and how it comes and goes.
#[derive(Debug)]
pub(super) struct Memory {
    /// What it is called at the beginning of a sentence about what is missing.
    pub(super) name: &'static str,
    /// The row of the calls that take it.
    pub(super) taken_by: &'static str,
    /// The row of those that give it back.
    pub(super) given_by: &'static str,
    /// All rows that have to do with it.
    pub(super) calls: &'static [&'static str],
}

/// What processes do with it.
#[derive(Debug)]
pub(super) struct Churn<'a> {
    memory: &'static Memory,
    /// The processes that give it back and take it again.
    pub(super) of: Several<'a>,
    seconds: f64,
    on_cpu_ns: u64,
    calls_ns: u64,
    faults_ns: u64,
    /// How often it is given back.
    given: u64,
}

/// Judges by what `verdict` says if there is such memory, and it costs enough.
pub(super) fn judge(
    facts: &Facts<'_>,
    memory: &'static Memory,
    verdict: impl Fn(&Churn<'_>) -> Verdict,
) -> Finding {
    let of = facts.those(|it| churns(it, memory, facts.seconds));
    let on_cpu_ns = of.sum(Account::on_cpu_ns);
    let calls_ns = of.sum(|it| it.kernel_ns(memory.calls));
    let given = of.sum(|it| it.calls(memory.given_by));
    let Some(faults_ns) = of.sum_known(|it| Some(its_faults(it, memory, facts.faults_ns(it)?)))
    else {
        return match share(calls_ns, on_cpu_ns) {
            cost if cost < HALF_SEEN => Finding::Nothing,
            cost => Finding::CannotTell(format!(
                "{} was given back {given} times, and such calls take {} of the time on CPUs; the page \
                 faults that follow are unknown without CPU samples: trace without --sample-hz 0, or \
                 for longer",
                memory.name,
                percent(cost)
            )),
        };
    };
    let seconds = facts.seconds;
    let churn = Churn { memory, of, seconds, on_cpu_ns, calls_ns, faults_ns, given };
    if churn.cost() < COST { Finding::Nothing } else { Finding::Verdict(verdict(&churn)) }
}

impl Churn<'_> {
    /// The share of the processes' time on CPUs that it takes.
    pub(super) fn cost(&self) -> f64 {
        share(self.calls_ns + self.faults_ns, self.on_cpu_ns)
    }

    pub(super) fn strength(&self) -> Strength {
        Strength::of_share(self.cost())
    }

    /// The share of the time of all.
    pub(super) fn weight(&self, facts: &Facts<'_>) -> f64 {
        share(self.calls_ns + self.faults_ns, facts.all.on_cpu_ns())
    }

    /// Bytes given back at a time.
    pub(super) fn at_a_time(&self) -> u64 {
        self.given_bytes() / self.given.max(1)
    }

    /// How much is taken, and how often.
    pub(super) fn taken(&self) -> String {
        let calls = self.of.sum(|it| it.calls(self.memory.taken_by));
        let taken = per(self.of.sum(|it| it.bytes(self.memory.taken_by)), self.seconds);
        format!("{}/s in {} calls", bytes(taken), rate(calls, self.seconds))
    }

    /// How much is given back, how often, and how much each time.
    pub(super) fn given(&self) -> String {
        format!(
            "{}/s in {}, {} at a time",
            bytes(per(self.given_bytes(), self.seconds)),
            rate(self.given, self.seconds),
            bytes(share(self.given_bytes(), self.given))
        )
    }

    /// Where the time goes.
    pub(super) fn parts(&self, calls: &str) -> String {
        format!(
            "page faults {} and {calls} {} of the time on CPUs",
            percent(share(self.faults_ns, self.on_cpu_ns)),
            percent(share(self.calls_ns, self.on_cpu_ns))
        )
    }

    /// How many page faults there are.
    pub(super) fn faults(&self) -> String {
        let minor = self.of.sum(|it| it.sched.faults.minor);
        format!(
            "{} page faults, {} for each time it is given back",
            rate(minor, self.seconds),
            number(share(minor, self.given))
        )
    }

    fn given_bytes(&self) -> u64 {
        self.of.sum(|it| it.bytes(self.memory.given_by))
    }
}

fn churns(it: &Account<'_>, memory: &Memory, seconds: f64) -> bool {
    let given = it.calls(memory.given_by);
    let again = it.again_share(memory.taken_by);
    given >= TIMES && per(given, seconds) >= TIMES_PER_SECOND && again >= AGAIN
}

/// The part of the page faults that this memory brings about, by the bytes taken each way.
fn its_faults(it: &Account<'_>, memory: &Memory, faults_ns: u64) -> u64 {
    let all = it.bytes("brk grow") + it.bytes("mmap");
    times(faults_ns, share(it.bytes(memory.taken_by), all))
}
