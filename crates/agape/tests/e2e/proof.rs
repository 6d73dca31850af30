//! `agape prove`, as a person types it.

use crate::system::{run_alone, shared};

#[test]
fn a_check_of_the_running_tree_finds_nothing_and_says_what_it_looked_at() {
    let output = shared().run(&["prove", "check"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for line in ["I01   holds", "I08   holds", "I33   holds"] {
        assert!(said.contains(line), "no {line:?} in {said}");
    }
}

#[test]
fn without_a_running_tree_a_check_says_so() {
    let (output, _folder) = run_alone(&["prove", "check"], &[]);
    assert!(!output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("nothing runs in this tree"), "{said}");
}

#[test]
fn a_simulation_says_its_seed() {
    let (output, _folder) = run_alone(
        &["prove", "simulate", "--schedules", "3000", "--seed", "7"],
        &[],
    );
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("3000 schedules from seed 7 on"), "{said}");
    assert!(said.contains("Nothing was lost or doubled"), "{said}");
}
