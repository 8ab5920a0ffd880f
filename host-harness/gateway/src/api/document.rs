//! The OpenAPI document.

use axum::body::Bytes;
use utoipa::OpenApi;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::problem::{Details, PROBLEM};

/// What stands in the document before any route does.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign gateway",
        description = "Signing in with a second factor, and managing it. Begin at `sign-in`; the answer's `session.step` says what \
                       comes next, until it is `inside`. Times are seconds since 1970. Whatever is refused is a problem of \
                       RFC 9457, to be told by its `code`; nobody has got any further then.",
        version = "1",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
        contact()
    ),
    servers((url = "/countersign/api/v1")),
    security(("token" = [])),
    components(schemas(Details)),
    tags(
        (name = "session", description = "Signing in and out."),
        (name = "verification", description = "Showing a factor, or what stands in for one."),
        (name = "enrollment", description = "Setting up a factor."),
        (name = "factors", description = "One's own factors, recovery code and password."),
        (name = "administration", description = "What a company's admins do, and operators for all companies."),
    )
)]
struct Frame;

/// Returns the document without its routes.
pub(super) fn frame() -> utoipa::openapi::OpenApi {
    let mut api = Frame::openapi();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "The token of a session. It changes with every change of the session's level; answers then carry the new one.",
        ))
        .build();
    if let Some(components) = &mut api.components {
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
    api
}

/// Completes the document by what may go wrong anywhere, and writes it.
pub(super) fn write(mut api: utoipa::openapi::OpenApi) -> Bytes {
    for item in api.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            complete(operation);
        }
    }
    // Values of our own types: nothing in them fails to be written.
    api.to_json().unwrap_or_default().into()
}

fn complete(operation: &mut Operation) {
    let has_body = operation.request_body.is_some();
    for &(status, description, needs_body) in PROBLEMS {
        if needs_body && !has_body {
            continue;
        }
        let responses = &mut operation.responses.responses;
        let known = responses.contains_key(status);
        if !known {
            responses.insert(status.to_owned(), RefOr::T(problem(status, description)));
        }
    }
}

fn problem(status: &str, description: &str) -> Response {
    let schema = Ref::from_schema_name("Problem");
    let mut response = ResponseBuilder::new()
        .description(description)
        .content(PROBLEM, ContentBuilder::new().schema(Some(schema)).build());
    if matches!(status, "429" | "503") {
        response = response.header(
            "Retry-After",
            text("When to try again, where that is known."),
        );
    }
    if matches!(status, "401" | "403") {
        response = response.header(
            "WWW-Authenticate",
            text("What is lacking: RFC 6750 and, where a factor is, RFC 9470."),
        );
    }
    response.build()
}

fn text(description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(<String as utoipa::PartialSchema>::schema()))
        .description(Some(description))
        .build()
}

/// What may go wrong with any request, and whether only with one that has a body.
const PROBLEMS: &[(&str, &str, bool)] = &[
    ("400", "The request could not be read.", false),
    (
        "401",
        "No token, one that stands for no session, or a wrong name or password.",
        false,
    ),
    (
        "403",
        "Not permitted, or a factor is required first.",
        false,
    ),
    ("404", "There is no such thing.", false),
    (
        "409",
        "The session is at another step, or somebody else was faster.",
        false,
    ),
    ("413", "The body is too large.", true),
    ("415", "The body is not said to be JSON.", true),
    ("421", "The request was sent to another host.", false),
    (
        "422",
        "Something in the request does not fit, or a code is not right.",
        false,
    ),
    ("429", "Too many tries.", false),
    ("500", "A defect. Nobody was let in.", false),
    ("503", "Not available at the moment.", false),
];
