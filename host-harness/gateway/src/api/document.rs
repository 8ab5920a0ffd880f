//! The OpenAPI document.

use axum::body::Bytes;
use utoipa::OpenApi;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder, Schema};

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

/// Completes the document by what may go wrong with each operation, and writes it.
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
    let components = api.components.iter_mut();
    for schema in components.flat_map(|it| it.schemas.values_mut()) {
        if let RefOr::T(Schema::Object(object)) = schema {
            object.properties.values_mut().for_each(describe);
        }
    }
    // Values of our own types: nothing in them fails to be written.
    api.to_json().unwrap_or_default().into()
}

/// Adds the problems that every operation has, and gives those that it names itself their form.
fn complete(operation: &mut Operation) {
    let has_body = operation.request_body.is_some();
    let has_parameters = operation.parameters.is_some();
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && status.starts_with('4')
        {
            *response = problem(status, &response.description);
        }
    }
    for &(status, description, of) in PROBLEMS {
        let has = match of {
            Of::All => true,
            Of::Bodies => has_body,
            Of::Input => has_body || has_parameters,
        };
        if has {
            let own = responses.entry(status.to_owned());
            own.or_insert_with(|| RefOr::T(problem(status, description)));
        }
    }
}

/// Gives a member that was written in place its description. utoipa puts it beside the schema, as another that has to hold
/// too, and makes that one of an object: no text is one.
fn describe(member: &mut RefOr<Schema>) {
    let RefOr::T(Schema::AllOf(both)) = member else {
        return;
    };
    if let [
        RefOr::T(Schema::Object(own)),
        RefOr::T(Schema::Object(note)),
    ] = both.items.as_mut_slice()
        && note.properties.is_empty()
    {
        own.description = note.description.take();
        own.example = note.example.take();
        *member = RefOr::T(Schema::Object(own.clone()));
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

/// What may go wrong with requests, whichever operation they are for.
const PROBLEMS: &[(&str, &str, Of)] = &[
    ("400", "The body is no JSON.", Of::Bodies),
    (
        "401",
        "No token, one that stands for no session, a wrong name or password, or a factor that is not fresh enough.",
        Of::All,
    ),
    ("413", "The body is too large.", Of::Bodies),
    ("415", "The body is not said to be JSON.", Of::Bodies),
    ("421", "The request was sent to another host.", Of::All),
    (
        "422",
        "Something in the request does not fit, or is not right: `field` says what.",
        Of::Input,
    ),
    ("500", "A defect. Nobody was let in.", Of::All),
    ("503", "Not available at the moment.", Of::All),
];

/// Which operations a problem is of.
#[derive(Clone, Copy)]
enum Of {
    All,
    /// Those that take a body.
    Bodies,
    /// Those that take a body or parameters.
    Input,
}
