//! Auth as this service meets it: keys, revocations, and what mails say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use test_support::service;

use test_support::stand_in::{Reply, Request, StandIn};

/// What auth says of a mail.
#[derive(Debug, Clone)]
pub enum MailAnswer {
    /// This, with a fresh link if it has one.
    Due(Value),
    NotDue,
    Down,
    /// Nothing, for ever.
    Silent,
    /// As after a key was exchanged on one side only.
    Stranger,
}

#[derive(Default)]
struct State {
    mails: HashMap<String, MailAnswer>,
    asked: Vec<Request>,
}

pub struct Auth {
    server: StandIn,
    state: Arc<Mutex<State>>,
}

impl Auth {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let answering = Arc::clone(&state);
        let server = StandIn::start(move |request| answer(&answering, request));
        Self { server, state }
    }

    pub fn origin(&self) -> &str {
        &self.server.origin
    }

    pub fn say(&self, mail_id: &str, answer: MailAnswer) {
        let mut state = self.state.lock().unwrap();
        state.mails.insert(mail_id.to_owned(), answer);
    }

    /// Requests for what mails say, so far.
    pub fn asked(&self) -> Vec<Request> {
        self.state.lock().unwrap().asked.clone()
    }
}

fn answer(state: &Mutex<State>, request: &Request) -> Reply {
    if let Some(answer) = service::auth_answer(request) {
        return answer;
    }
    match request.path.strip_prefix("/internal/mails/") {
        Some(id) => collect(&mut state.lock().unwrap(), id, request),
        None => Reply::error(404, "NOT_FOUND"),
    }
}

fn collect(state: &mut State, id: &str, request: &Request) -> Reply {
    assert_eq!(request.method, "POST");
    assert!(request.header("authorization").starts_with("Bearer "));
    state.asked.push(request.clone());
    let count = state.asked.len();
    match state.mails.get(id) {
        None => Reply::error(404, "NOT_FOUND"),
        Some(MailAnswer::NotDue) => Reply::error(409, "INVALID_STATE"),
        Some(MailAnswer::Silent) => Reply::Silence,
        Some(MailAnswer::Down) => Reply::error(503, "SERVICE_UNAVAILABLE"),
        Some(MailAnswer::Stranger) => Reply::error(403, "AUTHORIZATION_ERROR"),
        Some(MailAnswer::Due(mail)) => {
            let mut mail = mail.clone();
            if mail["link"].is_string() {
                // Each answer has a link of its own, and ends the one before.
                mail["link"] = json!(format!("{}{count}", mail["link"].as_str().unwrap()));
            }
            Reply::success(&json!({ "mail": mail }))
        }
    }
}
