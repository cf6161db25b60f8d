//! A connection that ends when its client has had its turn for too long, and that is read in portions.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::turn::Turn;

/// Bytes that are read before they are decoded. The HTTP library would read four times as many, and a body in chunks of one byte
/// takes thirty times its size once it is decoded.
const PORTION: usize = 32 << 10;

/// The bytes of a connection, in the clear.
pub(super) struct TimedStream<T> {
    stream: T,
    turn: Rc<Turn>,
    /// What is left of this portion.
    left: usize,
}

impl<T> TimedStream<T> {
    pub(super) fn new(stream: T, turn: Rc<Turn>) -> TimedStream<T> {
        TimedStream { stream, turn, left: PORTION }
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(_))) {
            self.turn.note_written();
        }
    }

    /// Whose turn it is on it.
    pub(super) fn turn(&self) -> &Rc<Turn> {
        &self.turn
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for TimedStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.turn.is_over() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if self.left == 0 {
            // What has been read is decoded now, and then there is more.
            self.left = PORTION;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        match &read {
            Poll::Pending => {
                self.left = PORTION;
                self.turn.note_reader(context.waker());
            }
            Poll::Ready(_) if buffer.filled().len() > before => {
                self.left = self.left.saturating_sub(buffer.filled().len() - before);
                self.turn.note_read();
            }
            Poll::Ready(_) => {}
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for TimedStream<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
