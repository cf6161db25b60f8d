//! The thread that reads, and does not wait for what is written.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::fault::Fault;
use super::place::{Identity, Place};
use super::schema;
use crate::StoreError;

/// What the reader is told.
pub(super) enum Message {
    /// To look something up, and to answer.
    Look(Box<dyn FnOnce(&mut Reader) + Send>),
    /// To end. The answer is that the sender is dropped.
    Close(oneshot::Sender<()>),
}

/// The thread that reads.
pub(super) struct Reader {
    place: Arc<Place>,
    /// With the file that it is of.
    connection: Option<(Identity, Connection)>,
}

impl Reader {
    pub(super) fn new(place: Arc<Place>) -> Reader {
        Reader { place, connection: None }
    }

    /// Does what comes, until nothing can come any more.
    pub(super) fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        while let Some(message) = inbox.blocking_recv() {
            match message {
                Message::Look(look) => look(&mut self),
                Message::Close(_reply) => {
                    // Before the reply is.
                    drop(self);
                    return;
                }
            }
        }
    }

    /// What the query finds.
    pub(super) fn look<T>(&mut self, query: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        self.try_look(query).map_err(|fault| {
            if !fault.is_of_one() {
                self.connection = None;
            }
            fault.at(self.place.path())
        })
    }

    fn try_look<T>(&mut self, query: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let Some(identity) = self.place.identity()? else {
            return Err(Fault::Unusable("was moved or removed while it was in use".to_owned()));
        };
        let (_, connection) = match self.connection.take().filter(|(of, _)| *of == identity) {
            Some(open) => self.connection.insert(open),
            None => self.connection.insert((identity, schema::open_to_read(self.place.path())?)),
        };
        query(connection)
    }
}
