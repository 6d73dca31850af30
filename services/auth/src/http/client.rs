//! Who sends a request, as far as that can be told.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use common::ApiError;
use common::crypto::sha256;

use crate::app::session::Client;
use crate::domain::device::{self, USER_AGENT_CHARS};
use crate::domain::refresh::Fingerprint;

impl FromRequest for Client {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let user_agent = user_agent(request.headers());
        let ip = forwarded_for(request.headers())
            .or_else(|| request.peer_addr().map(|peer| peer.ip()))
            .map_or_else(|| "unknown".to_owned(), |ip| ip.to_canonical().to_string());
        ready(Ok(Self {
            fingerprint: Fingerprint {
                ip,
                user_agent_hash: sha256(user_agent.as_bytes()).to_vec(),
            },
            device_info: device::describe(&user_agent),
            user_agent,
        }))
    }
}

/// The last address of `X-Forwarded-For`: the gateway, the only neighbour that reaches this port from outside, writes
/// it after taking away what its own caller wrote.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").last()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// Printable and not too long: it is shown to people and stored.
fn user_agent(headers: &HeaderMap) -> String {
    let text = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    text.unwrap_or_default()
        .chars()
        .take(USER_AGENT_CHARS)
        .collect()
}
