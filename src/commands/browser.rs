//! A page in the reader's browser.

use std::path::Path;
use std::time::Duration;

/// Launchers answer at once or wait for the browser to be closed.
const LAUNCHER_WAIT: Duration = Duration::from_secs(3);

/// Opens a page. A browser that does not come is no reason for another exit code: the page is there.
pub fn open(page: &Path) {
    // Absolute, because a launcher may take a relative path for something else.
    let opened = page.canonicalize().and_then(|page| ::open::that_detached_with_timeout(page, LAUNCHER_WAIT));
    if let Err(error) = opened {
        tracing::error!("cannot open {} in a browser: {error}; open it by hand", page.display());
    }
}
