//! Two threads on one layer, each with a service of its own.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use http::HeaderValue;

use crate::contestant::Contender;
use crate::rounds;
use crate::support::Candidate;
use crate::turns::{self, Run};

/// The time of a request while two threads send them, over that while one does.
pub(crate) fn two_over_one(contenders: &[Contender]) -> Vec<f64> {
    let runs = contenders.iter().flat_map(|contender| {
        let [mut alone, mut one, mut other] = [(); 3].map(|()| (contender.candidate)());
        // Otherwise both would always ask for the same session.
        drop::<[HeaderValue; 7]>(other.pick());
        let alone: Run<'_> = Box::new(move |operations| rounds::run(&mut alone, operations, || {}));
        let both: Run<'_> = Box::new(move |operations| together(&mut one, &mut other, operations));
        [(String::new(), alone), (String::new(), both)]
    });
    let medians = turns::medians(&mut runs.collect::<Vec<_>>(), 15, 10_000);
    medians
        .as_chunks()
        .0
        .iter()
        .map(|[alone, both]| both / alone)
        .collect()
}

/// The mean of both threads.
fn together(one: &mut Candidate, other: &mut Candidate, operations: u64) -> Duration {
    let barrier = Barrier::new(2);
    let run = |candidate| {
        barrier.wait();
        rounds::run(candidate, operations, || {})
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| run(other));
        (run(one) + other.join().expect("does not panic")) / 2
    })
}
