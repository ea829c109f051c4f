//! Browsers go from test to test, because starting one takes longer than most checks.
//!
//! The last test that gives one back ends them all; tests that follow one another on a single thread get a new
//! one each. A browser whose test failed is ended at once.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::driver::{Browser, View};

struct Pool {
    idle: Vec<Browser>,
    lent: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { idle: Vec::new(), lent: 0 });

/// A browser for one test.
pub struct Lent {
    browser: Option<Browser>,
}

/// One that shows pages as they are shown by default.
pub fn lend() -> Lent {
    let idle = {
        let mut pool = pool();
        pool.lent += 1;
        pool.idle.pop()
    };
    // Counted already: if it does not start, the dropped `Lent` gives nothing back.
    let mut lent = Lent { browser: None };
    let browser = lent.browser.insert(idle.unwrap_or_else(Browser::start));
    browser.show(View::default());
    lent
}

/// A test that failed holds no lock, but may have failed while it gave its browser back.
fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Deref for Lent {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        self.browser.as_ref().expect("a browser that was not given back")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let browser = self.browser.take().filter(|_| !std::thread::panicking());
        let ended = {
            let mut pool = pool();
            pool.lent -= 1;
            pool.idle.extend(browser);
            if pool.lent == 0 { std::mem::take(&mut pool.idle) } else { Vec::new() }
        };
        // Takes a while, so not under the lock.
        drop(ended);
    }
}
