//! More threads than CPUs, which wait for each other in user mode without any call.

use super::{crowd::Crowd, oversubscribed_yield::YIELDS, waiting::Code};
use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts},
    words::{cpus, per, percent, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "oversubscribed-spin",
    summary: "more threads than CPUs, which wait for each other by spinning, without any call",
    page: include_str!("../../../../docs/verdicts/oversubscribed-spin.md"),
    explains: &[],
    judge,
};

/// Fewer samples tell nothing of the code.
const SAMPLES: u64 = 30;
/// So much of the user time in code that waits is how threads wait.
const WAITS: f64 = 0.15;
/// So much of it in code without a name leaves it open.
const UNKNOWN: f64 = 0.5;

fn judge(facts: &Facts<'_>) -> Finding {
    let Some(crowd) = Crowd::of(facts) else { return Finding::Nothing };
    let on_cpu = crowd.pools.sum(Account::on_cpu_ns);
    let yields = crowd.pools.sum(|it| it.calls("sched_yield"));
    let in_kernel = share(crowd.pools.sum(Account::in_calls_ns), on_cpu);
    if per(yields, per(on_cpu, 1e9)) >= YIELDS || in_kernel > 0.2 {
        return Finding::Nothing;
    }
    let code: Code = crowd.pools.0.iter().filter_map(|it| it.samples).map(Code::of).sum();
    let open = |why: &str| {
        Finding::CannotTell(format!(
            "{:.0} threads share {}; whether they work or wait for each other {why}. If they \
             wait, as at a barrier, fewer threads are faster: compare with {} of them",
            crowd.wanting,
            cpus(crowd.cpus),
            crowd.threads_to_have
        ))
    };
    if code.all() < SAMPLES {
        return open("cannot be told by so few CPU samples");
    }
    let waits = share(code.waits, code.all());
    if waits < WAITS {
        return match share(code.unknown, code.all()) {
            unknown if unknown >= UNKNOWN => open("cannot be told of code without symbols"),
            _ => Finding::Nothing,
        };
    }
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: if crowd.wanting >= 1.9 * crowd.cpus {
            Strength::Strong
        } else {
            Strength::Clear
        },
        what: format!(
            "{:.0} threads share {} and wait for each other by spinning in user mode: whoever \
             waits keeps the CPU from whom it waits for, and no system call shows it",
            crowd.wanting,
            cpus(crowd.cpus)
        ),
        evidence: [
            crowd.evidence(facts),
            format!(
                "{} of the time in user mode is spent in {}, which waits",
                percent(waits),
                hottest(&crowd)
            ),
            crowd.waits(facts),
        ],
        remedy: crowd.remedy(),
        against:
            "threads that never wait for each other: then the time is in functions that compute, \
                  and more threads than CPUs cost little"
                .to_owned(),
        weight: crowd.waiting_share(),
    })
}

/// The waiting function that most samples are in.
fn hottest(crowd: &Crowd<'_>) -> String {
    let samples = crowd.pools.0.iter().filter_map(|it| it.samples);
    let functions = samples.flat_map(|samples| &samples.top_user);
    let waiting = functions.filter(|function| super::waiting::is_waiting(function));
    let hottest = waiting.max_by_key(|function| function.count);
    hottest
        .and_then(|it| it.function.clone().or_else(|| it.library.clone()))
        .unwrap_or_else(|| "code that spins".to_owned())
}
