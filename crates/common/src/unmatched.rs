//! Answers for what no route matches: 405 with `Allow` where the path is known, else 404; both in the envelope.

use actix_web::dev::ResourceDef;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, web};
use utoipa::openapi::{OpenApi, PathItem};

use crate::error::{ApiError, ErrorCode};

/// The known paths of a service, read from its OpenAPI document so that there is no second list.
struct KnownPaths(Vec<(ResourceDef, String)>);

/// Makes the fallback of a service's `App`.
pub fn fallback(document: &OpenApi) -> impl Fn(&mut ServiceConfig) + Clone + use<> {
    let known = document
        .paths
        .paths
        .iter()
        .map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item)))
        .collect();
    let known = Data::new(KnownPaths(known));
    move |config| {
        config
            .app_data(known.clone())
            .default_service(web::to(answer));
    }
}

async fn answer(request: HttpRequest, known: Data<KnownPaths>) -> Result<(), ApiError> {
    let found = known
        .0
        .iter()
        .find(|(path, _)| path.is_match(request.path()));
    let Some((_, allowed)) = found else {
        return Err(ApiError::not_found("the resource"));
    };
    let error = ApiError::new(
        ErrorCode::MethodNotAllowed,
        format!("only {allowed} is allowed here"),
    );
    match HeaderValue::from_str(allowed) {
        Ok(allow) => Err(error.with_header(header::ALLOW, allow)),
        Err(_) => Err(error),
    }
}

fn methods(item: &PathItem) -> String {
    let known = [
        ("GET", item.get.is_some()),
        ("PUT", item.put.is_some()),
        ("POST", item.post.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
    ];
    let names: Vec<&str> = known
        .iter()
        .filter(|(_, is)| *is)
        .map(|(name, _)| *name)
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, Responder, post};

    #[utoipa::path(responses((status = 200)))]
    #[post("/things/{id}")]
    async fn change_thing() -> impl Responder {
        "changed"
    }

    #[actix_web::test]
    async fn a_known_path_names_its_methods_and_an_unknown_one_is_not_found() {
        use utoipa_actix_web::{AppExt as _, scope};
        let (app, document) = App::new()
            .into_utoipa_app()
            .service(scope("/api/v1").service(change_thing))
            .split_for_parts();
        let app = init_service(app.configure(fallback(&document))).await;
        let get = |path: &str| TestRequest::get().uri(path).to_request();
        let known = call_service(&app, get("/api/v1/things/7")).await;
        assert_eq!(known.status(), 405);
        assert_eq!(known.headers().get("allow").unwrap(), "POST");
        let unknown = call_service(&app, get("/api/v1/nothing")).await;
        assert_eq!(unknown.status(), 404);
    }
}
