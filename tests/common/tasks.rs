//! Futures in the hands of a test, which polls them one by one, and what they wait for.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What wakes a task, and how often it did.
pub struct Bell {
    wakes: AtomicU32,
    is_rung: Mutex<bool>,
    rung: Condvar,
    thread: Thread,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, SeqCst);
        *locked(&self.is_rung) = true;
        self.rung.notify_all();
        self.thread.unpark();
    }
}

/// A future in the hands of a test.
pub struct Task<'a, T> {
    pub future: Option<Pin<Box<dyn Future<Output = T> + 'a>>>,
    pub bell: Arc<Bell>,
    pub polls: u32,
    pub output: Option<T>,
}

impl<'a, T> Task<'a, T> {
    pub fn new(future: impl Future<Output = T> + 'a) -> Self {
        Task {
            future: Some(Box::pin(future)),
            bell: Arc::new(Bell {
                wakes: AtomicU32::new(0),
                is_rung: Mutex::new(false),
                rung: Condvar::new(),
                thread: thread::current(),
            }),
            polls: 0,
            output: None,
        }
    }

    pub fn poll(&mut self) -> Option<&T> {
        let future = self.future.as_mut().expect("it has not ended");
        *locked(&self.bell.is_rung) = false;
        self.polls += 1;
        let waker = Waker::from(Arc::clone(&self.bell));
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.future = None;
            self.output = Some(output);
        }
        self.output.as_ref()
    }

    /// Drops the future.
    pub fn cancel(&mut self) {
        self.future = None;
    }

    pub fn is_pending(&self) -> bool {
        self.future.is_some()
    }

    /// Whether an executor would poll it.
    pub fn is_due(&self) -> bool {
        self.is_pending() && (self.polls == 0 || *locked(&self.bell.is_rung))
    }

    pub fn wakes(&self) -> u32 {
        self.bell.wakes.load(SeqCst)
    }

    /// Blocks until it has been woken.
    pub fn await_wake(&self) {
        let mut is_rung = locked(&self.bell.is_rung);
        while !*is_rung {
            is_rung = self.bell.rung.wait(is_rung).expect("nobody panics there");
        }
    }
}

/// Polls each once, due or not.
pub fn poll_each<T>(tasks: &mut [Task<'_, T>]) {
    for task in tasks {
        task.poll();
    }
}

/// Polls whoever is due, in turn, until nobody is.
pub fn run<T>(tasks: &mut [Task<'_, T>]) {
    while tasks.iter().any(Task::is_due) {
        for task in tasks.iter_mut().filter(|task| task.is_due()) {
            task.poll();
        }
    }
}

/// The same until all have ended.
pub fn run_to_end<T>(mut tasks: Vec<Task<'_, T>>) -> Vec<T> {
    loop {
        run(&mut tasks);
        if tasks.iter().all(|task| task.future.is_none()) {
            return tasks.into_iter().filter_map(|task| task.output).collect();
        }
        thread::park();
    }
}

pub fn outputs<T: Clone>(tasks: &[Task<'_, T>]) -> Vec<Option<T>> {
    tasks.iter().map(|task| task.output.clone()).collect()
}

pub fn pending<T>(tasks: &[Task<'_, T>]) -> usize {
    tasks.iter().filter(|task| task.is_pending()).count()
}

/// A number of permits, which tasks wait for.
pub struct Permits(Mutex<(u32, Vec<Waker>)>);

impl Permits {
    pub const fn none() -> Self {
        Permits(Mutex::new((0, Vec::new())))
    }

    pub fn allow(&self, more: u32) {
        let wakers = {
            let mut inner = locked(&self.0);
            inner.0 += more;
            std::mem::take(&mut inner.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    pub async fn take(&self) {
        poll_fn(|cx| {
            let mut inner = locked(&self.0);
            if inner.0 == 0 {
                inner.1.push(cx.waker().clone());
                return Poll::Pending;
            }
            inner.0 -= 1;
            Poll::Ready(())
        })
        .await;
    }
}

pub type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A future whose panics are errors.
pub struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Caught<F> {
    pub fn new(future: F) -> Self {
        Caught(Box::pin(future))
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().copied().unwrap_or("?");
                Poll::Ready(Err(text.to_owned()))
            }
        }
    }
}

/// Tasks that any of some threads polls.
pub struct Pool {
    due: Mutex<(Vec<Arc<Wanderer>>, usize)>,
    changed: Condvar,
}

struct Wanderer {
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    pool: Arc<Pool>,
}

impl Wake for Wanderer {
    fn wake(self: Arc<Self>) {
        let pool = Arc::clone(&self.pool);
        locked(&pool.due).0.push(self);
        pool.changed.notify_one();
    }
}

impl Pool {
    pub fn new() -> Arc<Self> {
        Arc::new(Pool {
            due: Mutex::new((Vec::new(), 0)),
            changed: Condvar::new(),
        })
    }

    pub fn spawn(self: &Arc<Self>, future: impl Future<Output = ()> + Send + 'static) {
        locked(&self.due).1 += 1;
        let task = Arc::new(Wanderer {
            future: Mutex::new(Some(Box::pin(future))),
            pool: Arc::clone(self),
        });
        task.wake();
    }

    /// Polls what is due until all has ended.
    pub fn work(&self) {
        loop {
            let mut due = locked(&self.due);
            let task = loop {
                if due.1 == 0 {
                    return;
                }
                if let Some(task) = due.0.pop() {
                    break task;
                }
                due = self.changed.wait(due).expect("nobody panics there");
            };
            drop(due);
            let mut future = locked(&task.future);
            let Some(polled) = future.as_mut() else {
                continue;
            };
            let waker = Waker::from(Arc::clone(&task));
            if polled
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
            {
                *future = None;
                locked(&self.due).1 -= 1;
                self.changed.notify_all();
            }
        }
    }

    pub fn work_on(&self, threads: usize) {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| self.work());
            }
        });
    }
}
