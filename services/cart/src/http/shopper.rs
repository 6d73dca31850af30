//! Who sends a request, as an extractor: a bearer token if there is one, else what may be a guest's token.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest};
use common::ApiError;
use common::auth::CurrentUser;

use super::guest;
use crate::app::shopper::Shopper;
use crate::domain::ids::UserId;

impl FromRequest for Shopper {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    /// A bearer token that is not valid is refused: a person whose session ended must not fill a guest's cart unnoticed.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(AUTHORIZATION) {
            let token = guest::token(request);
            return Box::pin(async move { Ok(Self::Guest(token)) });
        }
        let user = CurrentUser::from_request(request, payload);
        Box::pin(async move { Ok(Self::User(UserId(user.await?.id))) })
    }
}
