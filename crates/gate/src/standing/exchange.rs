//! An exchange that is open, and how it learns that it is over.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;
use palisade_base::RequestId;

use super::{Over, Standing};

/// A request to a guarded site's application, and its answer, for as long as either is under way.
pub(super) struct Exchange {
    pub(super) standing: Standing,
    request: RequestId,
    /// It was there when the last round was made. Most are gone by the next: only what stays is asked.
    stays: AtomicBool,
    over: AtomicBool,
    waker: AtomicWaker,
}

/// Held by whatever carries an exchange: first who waits for the answer, then the answer's body or the tunnel.
#[derive(Clone)]
pub(crate) struct Lease(Arc<Exchange>);

/// The exchanges of one connection.
#[derive(Default)]
pub(crate) struct OpenExchanges {
    list: Mutex<Vec<Weak<Exchange>>>,
    /// The rounds know of the connection.
    is_known: AtomicBool,
}

impl Exchange {
    pub(super) fn end(&self, over: Over) {
        tracing::info!(request = %self.request, why = over.as_str(), "what was open is ended");
        self.over.store(true, Ordering::Release);
        self.waker.wake();
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

impl Lease {
    /// Whether the exchange has to end; the one task that carries it is woken when it has.
    pub(crate) fn poll_over(&self, cx: &Context<'_>) -> Poll<()> {
        if self.0.is_over() {
            return Poll::Ready(());
        }
        self.0.waker.register(cx.waker());
        // It may have ended in between.
        if self.0.is_over() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Done when the exchange has to end.
    pub(crate) async fn over(&self) {
        poll_fn(|cx| self.poll_over(cx)).await;
    }
}

impl OpenExchanges {
    pub(super) fn begin(&self, standing: Standing, request: RequestId) -> Lease {
        let (stays, over) = (AtomicBool::new(false), AtomicBool::new(false));
        let exchange = Arc::new(Exchange { standing, request, stays, over, waker: AtomicWaker::new() });
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() == list.capacity() {
            // Those that have ended make room, so that a busy connection's list does not grow between two rounds.
            list.retain(|exchange| exchange.strong_count() > 0);
        }
        list.push(Arc::downgrade(&exchange));
        Lease(exchange)
    }

    /// Whether the rounds have to be told of this connection; once.
    pub(super) fn is_new(&self) -> bool {
        !self.is_known.load(Ordering::Relaxed) && !self.is_known.swap(true, Ordering::Relaxed)
    }

    /// Those that were there before the last round, and are not over yet.
    pub(super) fn staying(&self, found: &mut Vec<Arc<Exchange>>) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|exchange| match exchange.upgrade() {
            Some(exchange) if exchange.is_over() => false,
            Some(exchange) => {
                if exchange.stays.swap(true, Ordering::Relaxed) {
                    found.push(exchange);
                }
                true
            }
            None => false,
        });
    }
}
