//! What the API says of itself: an OpenAPI document made of the handlers and the table of routes, and a page
//! to browse it that needs nothing from the network.
//!
//! Handlers say what is particular to them: a sentence, the body they take, the answer they give. What holds
//! for all (tokens, refusals, names in paths) is added here from the table.

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header};
use utoipa::{
    OpenApi as _,
    openapi::{
        Content, InfoBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder, Tag,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{Object, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};

use super::routes::{Access, OfHandlers, ROUTES, Route};

const TAGS: [(&str, &str); 9] = [
    ("access", "Logging in, tokens, users, roles."),
    ("grids", "Grids and their members."),
    ("nodes", "Nodes, their tokens and what is measured on them."),
    ("services", "Services, their instances and deploys; what the scheduler decides and why."),
    ("containers", "Containers as agents report them."),
    ("volumes", "Volumes."),
    ("vault", "Secrets and external registries."),
    ("logs", "What happened and what containers wrote."),
    ("master", "The master itself."),
];

/// What a name in a path stands for.
const NAMES: [(&str, &str); 15] = [
    ("again", "The name of the grid once more."),
    ("container", "Name of a container."),
    ("deploy", "Id of a deploy."),
    ("email", "E-mail address of a user."),
    ("grid", "Name of a grid."),
    ("instance", "Id of an instance."),
    ("key", "A key."),
    ("node", "Name of a node, or id of its engine."),
    ("registry", "Name of a registry: its host, with the port where it has one."),
    ("role", "Name of a role."),
    ("secret", "Name of a secret."),
    ("service", "Name of a service."),
    ("stack", "Name of a stack; `null` for services without one."),
    ("token", "Id of a token, or the access token itself."),
    ("volume", "Name of a volume."),
];

/// Refusals that any call may meet, by status.
const ANY: [(&str, &str); 2] = [
    ("500", "The master failed; it has logged why."),
    (
        "503",
        "The database is away, or this master is not the active one. Nothing was acknowledged.",
    ),
];

/// Routes that answer in JSON only where a client takes or sends that.
const NEGOTIATED: [&str; 3] = ["/oauth2/token", "/oauth2/authorize", "/authenticate"];
/// How they answer otherwise.
const FORMS: [&str; 3] = ["application/x-www-form-urlencoded", "text/plain", "text/html"];

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(make);
static TEXT: LazyLock<String> =
    LazyLock::new(|| DOCUMENT.to_json().unwrap_or_else(|error| error.to_string()));

/// The description, for those who compare it with what the master does.
#[must_use]
pub fn openapi() -> &'static OpenApi {
    &DOCUMENT
}

/// Shows the description of the API, OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "master",
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(TEXT.as_str())
}

/// Shows a page to browse the description with.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "master",
    responses((status = 200, body = String, content_type = "text/html"))
)]
pub(super) async fn page() -> HttpResponse {
    const PAGE: &str = include_str!("page.html");
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
             connect-src 'self'",
        ))
        .body(PAGE)
}

fn make() -> OpenApi {
    let mut api = OfHandlers::openapi();
    api.info = InfoBuilder::new()
        .title("Kontena master")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "What administrators do. Bodies are JSON objects; unknown fields are ignored, `null` is the same \
             as absent unless a field says otherwise, numbers may be sent as text. All wrong fields of a \
             body are told at once.",
        ))
        .build();
    let tag = |(name, text): &(&str, &str)| -> Tag {
        TagBuilder::new().name(*name).description(Some(*text)).build()
    };
    api.tags = Some(TAGS.iter().map(tag).collect());
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access token."))
        .build();
    let components = api.components.get_or_insert_default();
    components.security_schemes.insert("token".to_owned(), RefOr::T(SecurityScheme::Http(scheme)));
    for route in ROUTES {
        if let Some(operation) = operation(&mut api, route) {
            complete(operation, route);
        }
    }
    api
}

fn operation<'a>(api: &'a mut OpenApi, route: &Route) -> Option<&'a mut Operation> {
    let item = api.paths.paths.get_mut(route.path)?;
    match route.method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

/// Adds what the table knows, and what holds for every call.
fn complete(operation: &mut Operation, route: &Route) {
    let tag = operation.tags.as_deref().and_then(<[_]>::first).cloned().unwrap_or_default();
    let name = operation.operation_id.take().unwrap_or_default();
    operation.operation_id = Some(format!("{tag}_{name}_{}", slug(route)));
    let names = names(route.path);
    if !names.is_empty() {
        let known = operation.parameters.get_or_insert_default();
        let mut all: Vec<_> = names.iter().map(|name| RefOr::T(parameter(name))).collect();
        all.append(known);
        *known = all;
        refuse(operation, "404", "What the path names does not exist.");
    }
    if operation.parameters.iter().flatten().any(is_query) {
        refuse(operation, "400", "The query cannot be read.");
    }
    match route.access {
        Access::Open | Access::KnownOrNot => {}
        Access::GridToken => {
            let header = ParameterBuilder::new()
                .name("Kontena-Grid-Token")
                .parameter_in(ParameterIn::Header)
                .required(Required::True)
                .description(Some("The token of the node's grid."))
                .schema(Some(Object::with_type(Type::String)))
                .build();
            operation.parameters.get_or_insert_default().push(RefOr::T(header));
            refuse(operation, "401", "A token is shown beside it, and has expired.");
            refuse(operation, "403", "The header is missing.");
            refuse(operation, "429", "Too many wrong tokens came from this address.");
        }
        Access::Needs(action) => {
            let need = SecurityRequirement::new("token", Vec::<String>::new());
            operation.security = Some(vec![need]);
            let who = format!("For: {}", action.who());
            let text = operation.description.take();
            operation.description =
                Some(text.map_or(who.clone(), |text| format!("{text}\n\n{who}")));
            refuse(operation, "401", "The token has expired.");
            refuse(operation, "403", "The token is missing or unknown, or the caller may not.");
        }
    }
    if operation.request_body.is_some() {
        refuse(operation, "400", "The body is not a JSON object.");
        refuse(operation, "408", "The body did not come in time.");
        refuse(operation, "413", "The body is too large.");
    }
    if route.access != Access::Open {
        refuse(operation, "422", "What was asked for is not possible: field by field.");
    }
    for (status, text) in ANY {
        refuse(operation, status, text);
    }
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            "What was asked for.".clone_into(&mut response.description);
        }
        if NEGOTIATED.contains(&route.path) && !response.content.is_empty() {
            let text = || Content::new(Some(Object::with_type(Type::String)));
            let forms = FORMS.iter().map(|form| ((*form).to_owned(), RefOr::T(text())));
            response.content.extend(forms);
        }
    }
}

fn is_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

/// What tells apart operations of one name.
fn slug(route: &Route) -> String {
    let words = route.path.split('/').filter(|part| !part.is_empty() && !part.starts_with('{'));
    words.map(|word| word.replace(['.', '-'], "_")).collect::<Vec<_>>().join("_")
}

fn names(path: &str) -> Vec<&str> {
    let inside = |part| str::strip_prefix(part, '{').and_then(|part| part.strip_suffix('}'));
    // A tail takes a pattern: `{key:.*}`.
    path.split('/').filter_map(inside).map(|name| name.split(':').next().unwrap_or(name)).collect()
}

fn parameter(name: &str) -> Parameter {
    let text = NAMES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(text)
        .schema(Some(Object::with_type(Type::String)))
        .build()
}

/// Adds a refusal unless the handler has said of this status what it means there.
fn refuse(operation: &mut Operation, status: &str, text: &str) {
    let failure =
        Content::new(Some(RefOr::<utoipa::openapi::Schema>::Ref(Ref::from_schema_name("Failure"))));
    let response = ResponseBuilder::new().description(text);
    let response =
        if status == "404" { response } else { response.content("application/json", failure) };
    operation
        .responses
        .responses
        .entry(status.to_owned())
        .or_insert_with(|| RefOr::T(response.build()));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let described: BTreeSet<(String, String)> = OfHandlers::openapi()
            .paths
            .paths
            .iter()
            .flat_map(|(path, item)| {
                let verbs = [
                    ("GET", &item.get),
                    ("POST", &item.post),
                    ("PUT", &item.put),
                    ("PATCH", &item.patch),
                    ("DELETE", &item.delete),
                ];
                let there = verbs.into_iter().filter(|(_, operation)| operation.is_some());
                there.map(|(verb, _)| (path.clone(), verb.to_owned())).collect::<Vec<_>>()
            })
            .collect();
        let routes = ROUTES.iter().map(|route| (route.path.to_owned(), route.method.to_owned()));
        assert_eq!(described, routes.collect());
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_a_known_tag_and_known_parameters() {
        let mut api = make();
        let mut ids = BTreeSet::new();
        for route in ROUTES {
            for name in names(route.path) {
                assert!(NAMES.iter().any(|(known, _)| *known == name), "{name}");
            }
            let operation = operation(&mut api, route).expect("described");
            let id = operation.operation_id.clone().expect("a name");
            assert!(ids.insert(id.clone()), "{id} twice");
            let tag = operation.tags.as_ref().and_then(|tags| tags.first()).expect("a tag");
            assert!(TAGS.iter().any(|(known, _)| known == tag), "{tag}");
            let parameters = operation.parameters.iter().flatten();
            for parameter in parameters {
                let RefOr::T(parameter) = parameter else { panic!("{id}: a reference") };
                let is_required = parameter.required == Required::True;
                assert_eq!(is_required, !is_query(&RefOr::T(parameter.clone())), "{id}");
            }
            for (status, response) in &operation.responses.responses {
                let RefOr::T(response) = response else { panic!("{id}: a reference") };
                assert!(!response.description.is_empty(), "{id} {status}");
            }
            assert!(operation.summary.as_ref().is_some_and(|text| text.ends_with('.')), "{id}");
        }
    }
}
