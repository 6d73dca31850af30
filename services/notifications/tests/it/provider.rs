//! The mail provider on the wire, told by the test what to answer. It keeps its own promise: a key it has seen is not
//! executed again, and refused with other bytes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use test_support::stand_in::{Reply, Request, StandIn};

/// What becomes of the next request.
#[derive(Debug, Clone)]
pub enum Then {
    /// It is executed, and this is said instead of the good answer.
    ExecuteBut(Reply),
    /// It is not executed, and this is said.
    Refuse(Reply),
}

impl Then {
    pub fn error(status: u16, name: &str) -> Self {
        Self::error_with(status, name, Vec::new())
    }

    pub fn error_with(status: u16, name: &str, headers: Vec<(&'static str, String)>) -> Self {
        let body = json!({ "statusCode": status, "name": name, "message": "Not like this" });
        Self::Refuse(Reply::Answer {
            status,
            headers,
            body: body.to_string(),
        })
    }
}

#[derive(Default)]
struct State {
    next: VecDeque<Then>,
    always: Option<Then>,
    good_headers: Vec<(&'static str, String)>,
    requests: Vec<Request>,
    /// By idempotency key: the bytes, and the id given for them.
    executed: HashMap<String, (Vec<u8>, String)>,
    order: Vec<String>,
}

pub struct Provider {
    server: StandIn,
    state: Arc<Mutex<State>>,
}

impl Provider {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let answering = Arc::clone(&state);
        let server = StandIn::start(move |request| answer(&answering, request));
        Self { server, state }
    }

    pub fn origin(&self) -> &str {
        &self.server.origin
    }

    /// What becomes of the coming requests, one after the other.
    pub fn then(&self, next: impl IntoIterator<Item = Then>) {
        self.state.lock().unwrap().next.extend(next);
    }

    /// What becomes of all requests.
    pub fn always(&self, then: Option<Then>) {
        self.state.lock().unwrap().always = then;
    }

    /// Headers of good answers.
    pub fn good_headers(&self, headers: Vec<(&'static str, String)>) {
        self.state.lock().unwrap().good_headers = headers;
    }

    /// Everything that was asked.
    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// The mails that left, in order.
    pub fn left(&self) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        state
            .order
            .iter()
            .map(|key| serde_json::from_slice(&state.executed[key].0).unwrap())
            .collect()
    }
}

fn answer(state: &Mutex<State>, request: &Request) -> Reply {
    let mut state = state.lock().unwrap();
    state.requests.push(request.clone());
    let then = state.next.pop_front().or_else(|| state.always.clone());
    if let Some(Then::Refuse(reply)) = then {
        return reply;
    }
    let good = execute(&mut state, request);
    match then {
        Some(Then::ExecuteBut(reply)) => reply,
        _ => good,
    }
}

fn execute(state: &mut State, request: &Request) -> Reply {
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/emails")
    );
    let key = request.header("idempotency-key").to_owned();
    let id = match state.executed.get(&key) {
        Some((body, _)) if *body != request.body => {
            let body = json!({ "statusCode": 409, "name": "invalid_idempotent_request", "message": "Other bytes" });
            return Reply::json(409, &body);
        }
        Some((_, id)) => id.clone(),
        None => {
            let id = format!("49a3999c-0ce1-4ea6-ab68-{:012}", state.order.len() + 1);
            state
                .executed
                .insert(key.clone(), (request.body.clone(), id.clone()));
            state.order.push(key);
            id
        }
    };
    Reply::Answer {
        status: 200,
        headers: state.good_headers.clone(),
        body: json!({ "id": id }).to_string(),
    }
}
