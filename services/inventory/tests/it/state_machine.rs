//! Any sequence of commands leaves a reservation where a simple model says.

use common::ids;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::app::TestApp;

#[derive(Debug, Clone, Copy)]
enum Command {
    Reserve,
    Commit,
    Release,
    Extend,
    Expire,
    /// Somebody else takes one, or gives it back.
    Compete(bool),
}

/// What one order should be, and how many are left for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Model {
    state: Option<&'static str>,
    is_extended: bool,
    is_reallocated: bool,
    on_hand: i64,
    reserved: i64,
}

const STOCK: i64 = 3;
const WANTED: i64 = 2;

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        3 => Just(Command::Reserve),
        2 => Just(Command::Commit),
        1 => Just(Command::Release),
        1 => Just(Command::Extend),
        3 => Just(Command::Expire),
        2 => any::<bool>().prop_map(Command::Compete),
    ];
    prop::collection::vec(command, 1..12)
}

impl Model {
    fn has_room(&self) -> bool {
        self.on_hand - self.reserved >= WANTED
    }

    /// The status that a command answers, with the outcome of a sale.
    fn apply(&mut self, command: Command) -> (u16, Option<&'static str>) {
        match (command, self.state) {
            (Command::Reserve, None | Some("expired")) if self.has_room() => {
                self.state = Some("active");
                self.is_extended = false;
                self.reserved += WANTED;
                (201, None)
            }
            (Command::Reserve, Some("active" | "committed")) => (200, None),
            (Command::Reserve, _) => (409, None),
            (Command::Commit, Some("active")) => {
                self.state = Some("committed");
                self.reserved -= WANTED;
                self.on_hand -= WANTED;
                (200, Some("committed"))
            }
            (Command::Commit, Some("expired")) if self.has_room() => {
                self.state = Some("committed");
                self.is_reallocated = true;
                self.on_hand -= WANTED;
                (200, Some("reallocated"))
            }
            (Command::Commit, Some("expired")) => {
                // So that a repetition answers the same, whatever comes back meanwhile.
                self.state = Some("released");
                (200, Some("unavailable"))
            }
            (Command::Commit, Some("committed")) if self.is_reallocated => {
                (200, Some("reallocated"))
            }
            (Command::Commit, Some("committed")) => (200, Some("committed")),
            (Command::Commit, _) => (200, Some("unavailable")),
            (Command::Release, Some("committed")) => (409, None),
            (Command::Release, state) => {
                if state == Some("active") {
                    self.reserved -= WANTED;
                }
                self.state = Some("released");
                (200, None)
            }
            (Command::Extend, Some("active")) => {
                self.is_extended = true;
                (200, None)
            }
            (Command::Extend, None) => (404, None),
            (Command::Extend, _) => (409, None),
            (Command::Expire, Some("active")) => {
                self.state = Some("expired");
                self.reserved -= WANTED;
                (0, None)
            }
            (Command::Expire, _) | (Command::Compete(_), _) => (0, None),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_sequence_of_commands_ends_where_the_model_says() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::default();
    for _ in 0..40 {
        let sequence = commands().new_tree(&mut runner).unwrap().current();
        play(&app, &sequence).await;
    }
    app.assert_sound().await;
}

async fn play(app: &TestApp, sequence: &[Command]) {
    let (variant, order, user) = (app.stocked(STOCK).await, ids::new_id(), ids::new_id());
    let mut model = Model {
        state: None,
        is_extended: false,
        is_reallocated: false,
        on_hand: STOCK,
        reserved: 0,
    };
    let mut others: Vec<Uuid> = Vec::new();
    for &command in sequence {
        let expected = model.apply(command);
        let reply = match command {
            Command::Reserve => app.reserve(order, user, &[(variant, WANTED)]).await,
            Command::Commit => app.command(order, "commit").await,
            Command::Release => app.command(order, "release").await,
            Command::Extend => app.command(order, "extend").await,
            Command::Expire => {
                if model.state == Some("expired") {
                    app.let_pass(order).await;
                    app.until_state(order, "expired").await;
                }
                continue;
            }
            Command::Compete(true) => {
                let other = ids::new_id();
                let taken = app.reserve(other, ids::new_id(), &[(variant, 1)]).await;
                if model.on_hand - model.reserved >= 1 {
                    taken.assert_success(201);
                    model.reserved += 1;
                    others.push(other);
                } else {
                    taken.assert_error(409, "INSUFFICIENT_STOCK");
                }
                continue;
            }
            Command::Compete(false) => {
                if let Some(other) = others.pop() {
                    app.command(other, "release").await.assert_success(200);
                    model.reserved -= 1;
                }
                continue;
            }
        };
        assert_eq!(
            reply.status, expected.0,
            "{command:?} in {sequence:?}: {}",
            reply.body
        );
        if let Some(outcome) = expected.1 {
            assert_eq!(
                reply.data()["outcome"],
                outcome,
                "{command:?} in {sequence:?}"
            );
        }
        let there = (model.on_hand, model.reserved);
        assert_eq!(
            app.stock_of(variant).await,
            there,
            "{command:?} in {sequence:?}"
        );
    }
    if let Some(state) = model.state {
        assert_eq!(app.reservation(order).await["state"], state, "{sequence:?}");
    }
}
