//! The two ways of asking a store: a thread waits for the answer, a task is woken for it.
//! What is asked, and when, is the same for both (`call.rs`).

use std::future::Future;
use std::thread;
use std::time::Duration;

use crate::backend::{AsyncBackend, Backend, Key, Name, Pending, Reading, Token};
use crate::error::Error;
use crate::store::{Failure, Invalidated, Store};

type Answer<T> = Result<T, Failure>;

/// A way of asking a store.
pub(crate) trait Way: Copy + Send + Sync {
    fn get(self, key: Key, names: &[Name]) -> impl Future<Output = Answer<Reading>> + Send;

    fn set(
        self,
        key: Key,
        value: Vec<u8>,
        ttl: Duration,
        lease: Option<Token>,
    ) -> impl Future<Output = Answer<()>> + Send;

    fn remove(self, key: Key) -> impl Future<Output = Answer<()>> + Send;

    fn generation(self, names: &[Name]) -> impl Future<Output = Answer<Vec<u64>>> + Send;

    fn lease(self, key: Key, token: Token) -> impl Future<Output = Answer<bool>> + Send;

    fn release(self, key: Key, token: Token) -> impl Future<Output = Answer<()>> + Send;

    fn invalidate(
        self,
        generations: Vec<Name>,
        watch: Name,
    ) -> impl Future<Output = Invalidated> + Send;

    fn pause(self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// A thread, which blocks: no future of this is ever pending.
#[derive(Clone, Copy)]
pub(crate) struct Threads(pub(crate) &'static Store);

impl Way for Threads {
    async fn get(self, key: Key, names: &[Name]) -> Answer<Reading> {
        self.0.ask(|backend| backend.get(key, names))
    }

    async fn set(
        self,
        key: Key,
        value: Vec<u8>,
        ttl: Duration,
        lease: Option<Token>,
    ) -> Answer<()> {
        self.0.ask(|backend| backend.set(key, &value, ttl, lease))
    }

    async fn remove(self, key: Key) -> Answer<()> {
        self.0.ask(|backend| backend.remove(key))
    }

    async fn generation(self, names: &[Name]) -> Answer<Vec<u64>> {
        self.0.ask(|backend| backend.generation(names))
    }

    async fn lease(self, key: Key, token: Token) -> Answer<bool> {
        let length = self.0.timing.lease;
        self.0.ask(|backend| backend.lease(key, token, length))
    }

    async fn release(self, key: Key, token: Token) -> Answer<()> {
        self.0.ask(|backend| backend.release(key, token))
    }

    async fn invalidate(self, generations: Vec<Name>, watch: Name) -> Invalidated {
        self.0.invalidate(&generations, watch)
    }

    async fn pause(self, time: Duration) {
        thread::sleep(time);
    }
}

/// A task, of whatever executor.
#[derive(Clone, Copy)]
pub(crate) struct Tasks(pub(crate) &'static Store);

impl Tasks {
    /// Asks the store in its own way for tasks, or from a thread that may block.
    async fn ask<'a, T: Send + 'static>(
        self,
        task: impl FnOnce(&'static dyn AsyncBackend) -> Pending<'a, T> + Send,
        thread: impl FnOnce(&dyn Backend) -> Result<T, Error> + Send + 'static,
    ) -> Answer<T> {
        let store = self.0;
        if store.owes() {
            blocking::unblock(|| store.settle()).await;
        }
        match store.backend().tasks() {
            Some(tasks) => {
                store.admit()?;
                let answer = task(tasks).await;
                store.judge(answer)
            }
            None => blocking::unblock(move || store.ask(thread)).await,
        }
    }
}

impl Way for Tasks {
    async fn get(self, key: Key, names: &[Name]) -> Answer<Reading> {
        let store = self.0;
        if store.backend().is_immediate() && !store.owes() {
            return store.ask(|backend| backend.get(key, names));
        }
        let owned = names.to_vec();
        self.ask(
            |tasks| tasks.get(key, names),
            move |backend| backend.get(key, &owned),
        )
        .await
    }

    async fn set(
        self,
        key: Key,
        value: Vec<u8>,
        ttl: Duration,
        lease: Option<Token>,
    ) -> Answer<()> {
        if let Some(tasks) = self.0.backend().tasks() {
            self.0.admit()?;
            let answer = tasks.set(key, &value, ttl, lease).await;
            return self.0.judge(answer);
        }
        let store = self.0;
        blocking::unblock(move || store.ask(|backend| backend.set(key, &value, ttl, lease))).await
    }

    async fn remove(self, key: Key) -> Answer<()> {
        self.ask(
            |tasks| tasks.remove(key),
            move |backend| backend.remove(key),
        )
        .await
    }

    async fn generation(self, names: &[Name]) -> Answer<Vec<u64>> {
        let owned = names.to_vec();
        self.ask(
            |tasks| tasks.generation(names),
            move |backend| backend.generation(&owned),
        )
        .await
    }

    async fn lease(self, key: Key, token: Token) -> Answer<bool> {
        let length = self.0.timing.lease;
        self.ask(
            |tasks| tasks.lease(key, token, length),
            move |backend| backend.lease(key, token, length),
        )
        .await
    }

    async fn release(self, key: Key, token: Token) -> Answer<()> {
        self.ask(
            |tasks| tasks.release(key, token),
            move |backend| backend.release(key, token),
        )
        .await
    }

    async fn invalidate(self, generations: Vec<Name>, watch: Name) -> Invalidated {
        let store = self.0;
        blocking::unblock(move || store.invalidate(&generations, watch)).await
    }

    async fn pause(self, time: Duration) {
        lruheap_core::memo::pause(time).await;
    }
}
