//! The whole grid, read once for everybody who asks at the same time: when a thousand agents come back
//! together, each has to be told about all the others.

use std::sync::Arc;

use actix::prelude::*;
use kontena_core::domain::{Grid, Node};
use kontena_store::{grids, nodes};
use tokio::sync::oneshot;

use super::GridActor;

/// A grid and its nodes, as they were at some moment after the question.
#[derive(Debug)]
pub struct Directory {
    /// The grid.
    pub grid: Grid,
    /// Its nodes, by name.
    pub nodes: Vec<Node>,
}

/// Asks for the directory; none where the grid is gone.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "Result<Option<Arc<Directory>>, Unread>")]
pub struct ReadDirectory;

/// The directory could not be read; asking again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

/// Who has asked.
#[derive(Default)]
pub(super) struct Askers {
    waiting: Vec<oneshot::Sender<Option<Arc<Directory>>>>,
    reading: bool,
}

impl GridActor {
    pub(super) fn ask_directory(
        &mut self,
        ctx: &mut Context<Self>,
    ) -> oneshot::Receiver<Option<Arc<Directory>>> {
        let (answer, answered) = oneshot::channel();
        self.askers.waiting.push(answer);
        self.read_directory(ctx);
        answered
    }

    /// Reads for all who have asked so far. Who asks during a reading waits for the next one: what they
    /// have written may not be in this one.
    fn read_directory(&mut self, ctx: &mut Context<Self>) {
        if self.askers.reading || self.askers.waiting.is_empty() {
            return;
        }
        self.askers.reading = true;
        let askers = std::mem::take(&mut self.askers.waiting);
        let (store, grid) = (self.tools().store.clone(), self.grid);
        let read = async move {
            let read = store.read(move |conn| {
                let Some(found) = grids::by_id(conn, grid)? else {
                    return Ok(None);
                };
                let nodes = nodes::of_grid(conn, grid)?;
                Ok(Some(Directory { grid: found, nodes }))
            });
            read.await
        };
        ctx.spawn(read.into_actor(self).map(|found, actor, ctx| {
            actor.askers.reading = false;
            match found {
                Ok(found) => {
                    let found = found.map(Arc::new);
                    for asker in askers {
                        // Who has left meanwhile needs no answer.
                        drop(asker.send(found.clone()));
                    }
                }
                // Dropped unanswered, the askers know.
                Err(error) => log::error!("grid {}: cannot read its nodes: {error}", actor.grid),
            }
            actor.read_directory(ctx);
        }));
    }
}

impl Handler<ReadDirectory> for GridActor {
    type Result = ResponseFuture<Result<Option<Arc<Directory>>, Unread>>;

    fn handle(&mut self, _: ReadDirectory, ctx: &mut Self::Context) -> Self::Result {
        let answered = self.ask_directory(ctx);
        Box::pin(async move { answered.await.map_err(|_| Unread) })
    }
}
