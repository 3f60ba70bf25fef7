//! The simulation can fail: it finds each fault that is planted in the crate within 1,000 seeds.

use tower_weika_simulation::PlantedFault;

use crate::range::Range;

#[track_caller]
fn assert_found(planted: PlantedFault, invariant: &str) {
    let found = Range::new(0, 1_000).first_violation(Some(planted));
    let report = found.unwrap_or_else(|| panic!("{planted:?} is not found"));
    let violation = report.violation.expect("a violation");
    println!("{planted:?}: seed {}: {}", report.seed, violation.invariant);
    assert!(
        violation.invariant.contains(invariant),
        "{planted:?} is found for another reason: {}",
        violation.invariant
    );
}

#[test]
fn join_window_that_is_off_by_one_is_found() {
    assert_found(PlantedFault::JoinWindow, "is shared");
}

#[test]
fn invalidation_that_is_dropped_is_found() {
    assert_found(PlantedFault::Invalidation, "is served");
}

#[test]
fn lease_without_a_fence_is_found() {
    assert_found(PlantedFault::Fence, "came too late to be published");
}

#[test]
fn cache_that_is_not_checked_again_is_found() {
    assert_found(PlantedFault::Recheck, "replaces");
}

#[test]
fn permit_that_is_leaked_is_found() {
    assert_found(PlantedFault::Permit, "while no login is under way");
}
