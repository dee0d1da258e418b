//! `kontena service link` and `kontena service unlink`.

use serde_json::{Value, json};

use crate::api::{Link, Method, Service, read};
use crate::args::service::{ServiceLink, ServiceUnlink};
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Links a service to another one.
pub(super) fn link(session: &Session<'_>, args: &ServiceLink) -> Result<(), Failure> {
    let path = super::service_path(session, &args.name)?;
    let client = session.client()?;
    let service: Service = client.get(&path)?;
    let target = target(&args.target);
    let links = service.links.unwrap_or_default();
    if links.iter().any(|link| leads_to(link, &target)) {
        return Err(Failure::said(format!("Service is already linked to {}", args.target)));
    }
    let mut body: Vec<Value> = links
        .iter()
        .map(|link| json!({ "name": without_grid(text(&link.id)), "alias": link.alias }))
        .collect();
    let alias = target.rsplit('/').next();
    body.push(json!({ "name": target, "alias": alias }));
    let name = session.console.paint(Ink::Cyan, &args.name);
    let shown = session.console.paint(Ink::Cyan, &args.target);
    session.console.step(format!("Linking {name} to {shown} "), |_| {
        client.tell(Method::Put, &path, &json!({ "links": body }))
    })
}

/// Takes a link away; the others are sent as they came.
pub(super) fn unlink(session: &Session<'_>, args: &ServiceUnlink) -> Result<(), Failure> {
    let path = super::service_path(session, &args.name)?;
    let client = session.client()?;
    let service: Value = client.get(&path)?;
    let target = target(&args.target);
    let mut rest = Vec::new();
    let links = document::items(&service, "links");
    for link in links {
        if !leads_to(&read(link.clone(), &path)?, &target) {
            rest.push(link);
        }
    }
    if rest.len() == links.len() {
        return Err(Failure::said(format!("Service is not linked to {}", args.target)));
    }
    let name = session.console.paint(Ink::Cyan, &args.name);
    let shown = session.console.paint(Ink::Cyan, &args.target);
    session.console.step(format!("Unlinking {name} from {shown} "), |_| {
        client.tell(Method::Put, &path, &json!({ "links": rest }))
    })
}

/// `STACK/NAME`; services without a stack are in the stack `null`.
fn target(name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { format!("null/{name}") }
}

fn leads_to(link: &Link, target: &str) -> bool {
    without_grid(text(&link.id)) == target
}

fn without_grid(id: &str) -> &str {
    id.split_once('/').map_or(id, |(_, rest)| rest)
}
