//! `kontena grid list`, also the end of a login that has to pick a grid.

use serde_json::Value;

use crate::api::{Client, Grid, Grids};
use crate::args::ListFormat;
use crate::args::grid::GridList;
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::output::{Console, Ink, Table};
use crate::session::Session;

/// Lists the grids the user may see.
pub(super) fn run(session: &Session<'_>, args: &GridList) -> Result<(), Failure> {
    let client = session.client()?;
    let master = &session.master()?.name;
    let grids = match args.verbose {
        true => fetch_aloud(session.console, client)?,
        false => fetch(client)?,
    };
    let format = args.listing.format();
    if document::list(session.console, format, &objects(&grids))? {
        return Ok(());
    }
    if format == ListFormat::Name {
        let names: String =
            grids.iter().map(|(grid, _)| format!("{}\n", text(&grid.name))).collect();
        session.console.text(&names)?;
    } else {
        print(session.console, grids.clone(), session.grid_name(), master, args.verbose)?;
    }
    if args.select
        && let Some(first) = first(&grids)
    {
        select_aloud(session.console, args.verbose, &first, || {
            session.update_master(|server| server.grid = Some(first.clone()))
        })?;
    }
    Ok(())
}

/// A grid as read, and as the API gave it.
type Fetched = (Grid, Value);

/// Reads the grids in the API's order.
pub(in crate::commands) fn fetch(client: &Client) -> Result<Vec<Fetched>, Failure> {
    let answer: Grids = client.get("/v1/grids")?;
    let views: Vec<Grid> = document::views(&answer.grids, "/v1/grids")?;
    Ok(views.into_iter().zip(answer.grids).collect())
}

/// Reads the grids and says so.
pub(in crate::commands) fn fetch_aloud(
    console: &Console,
    client: &Client,
) -> Result<Vec<Fetched>, Failure> {
    console.step("Retrieving a list of available grids".to_owned(), |_| fetch(client))
}

/// The grid that stands first in the list.
pub(in crate::commands) fn first(grids: &[Fetched]) -> Option<String> {
    grids.iter().min_by_key(|(grid, _)| grid.user_count)?.0.name.clone()
}

/// Makes a grid the current one and, if asked, says so.
pub(in crate::commands) fn select_aloud(
    console: &Console,
    aloud: bool,
    name: &str,
    select: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    if !aloud {
        return select();
    }
    console.line("")?;
    let name = console.paint(Ink::Cyan, name);
    console.step(format!("* Selecting '{name}' as the current grid"), |_| select())
}

/// Prints the table, grids with few users first.
pub(in crate::commands) fn print(
    console: &Console,
    mut grids: Vec<Fetched>,
    current: Option<&str>,
    master: &str,
    verbose: bool,
) -> Result<(), Failure> {
    if grids.is_empty() {
        return Ok(console.line(console.paint(
            Ink::Yellow,
            format!(
                "Kontena Master {master} doesn't have any grids yet. \
                 Create one now using 'kontena grid create' command"
            ),
        ))?);
    }
    if verbose {
        console.text("\nYou have access to the following grids:\n\n")?;
    }
    grids.sort_by_key(|(grid, _)| grid.user_count);
    let mut table = Table::new(&["NAME", "NODES", "SERVICES", "USERS"]);
    for (grid, _) in &grids {
        let name = text(&grid.name);
        let star =
            if current == Some(name) { console.paint(Ink::Yellow, " *") } else { String::new() };
        let count = |count: Option<i64>| count.map(|count| count.to_string()).unwrap_or_default();
        table.row(vec![
            format!("{name}{star}"),
            count(grid.node_count),
            count(grid.service_count),
            count(grid.user_count),
        ]);
    }
    Ok(console.text(&table.render(console.palette()))?)
}

fn objects(grids: &[Fetched]) -> Vec<Value> {
    grids.iter().map(|(_, object)| object.clone()).collect()
}
