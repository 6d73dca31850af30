//! Starting, starting twice, stopping, and starting where something is wrong.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::system::{System, processes_about, run_alone, shared, wait_for};

#[test]
fn a_second_up_says_what_runs_and_is_content() {
    let system = shared();
    let output = system.run(&["up"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(
        text.contains("already runs") && text.contains(&system.url("gateway", "")),
        "{text}"
    );
}

#[test]
fn the_doctor_finds_nothing_wrong_in_a_running_system() {
    let output = shared().run(&["doctor"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn only_the_owner_may_read_what_is_secret() {
    let state = shared().state();
    for name in [
        "accounts.json",
        "urls.json",
        "keys/pii.json",
        "keys/file.key",
        "keys/database.json",
    ] {
        let mode = fs::metadata(state.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}

#[test]
fn sigterm_stops_everything_in_order() {
    let mut system = System::start(&[]);
    assert!(
        processes_about(system.folder()) >= 6,
        "supervisor, two services and three servers"
    );
    system.signal(Signal::SIGTERM);
    let status = system.wait(Duration::from_secs(40));
    assert!(status.success(), "{status}");
    nothing_runs(system.folder());
    assert!(!system.state().join("control.sock").exists());
}

#[test]
fn a_killed_supervisor_leaves_nothing_running_and_starts_again() {
    let mut system = System::start(&[]);
    system.signal(Signal::SIGKILL);
    system.wait(Duration::from_secs(5));
    nothing_runs(system.folder());
    // The tree is as the kill left it: sockets, pid files, databases that were not shut down.
    let output = system.run(&["migrate"]);
    assert!(output.status.success(), "{output:?}");
}

/// A closed terminal takes the supervisor's output with it.
#[test]
fn a_supervisor_that_nobody_listens_to_still_stops() {
    let mut system = System::start_unheard();
    system.signal(Signal::SIGHUP);
    assert!(system.wait(Duration::from_secs(40)).success());
    nothing_runs(system.folder());
}

#[test]
fn down_stops_the_running_system() {
    let mut system = System::start(&[]);
    let output = system.run(&["down"]);
    assert!(output.status.success(), "{output:?}");
    assert!(system.wait(Duration::from_secs(1)).success());
    nothing_runs(system.folder());
}

#[test]
fn a_taken_port_is_named_with_the_setting_that_changes_it() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (output, folder) = run_alone(&["up"], &[("AUTH__PORT", &port)]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains(&port) && text.contains("AUTH__PORT"),
        "{text}"
    );
    assert_eq!(processes_about(folder.path()), 0);
}

#[test]
fn an_unknown_setting_is_refused_and_everything_is_stopped_again() {
    let (output, folder) = run_alone(&["up"], &[("AUTH__LOCK__FAILUERS", "3")]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("AUTH__LOCK__FAILUERS"), "{text}");
    nothing_runs(folder.path());
}

#[test]
fn commands_that_need_a_running_system_say_so() {
    let (output, _folder) = run_alone(&["restart", "--all"], &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("make up"), "{text}");
}

/// Erlang's small helpers end a moment after the broker, and killed processes after their kill.
fn nothing_runs(folder: &Path) {
    wait_for("the end of all processes", Duration::from_secs(10), || {
        processes_about(folder) == 0
    });
}
