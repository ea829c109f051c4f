//! The line that tells how a trial gets on, laid out so that it fits one line of the terminal.

/// Steps of the bar.
const BAR: usize = 10;
/// A title is not cut shorter than this.
const TITLE_MIN: usize = 12;
const GAP: &str = "  ";

/// Figures that go first where the line is too long.
const IN_FLIGHT: usize = 3;
const P50: usize = 1;
const P99: usize = 2;

/// What there is to tell.
pub struct LiveLine {
    /// `3/5 nats-core at load.rate = 500 (repetition 2)`.
    pub title: String,
    /// `3/5 nats-core at 500 (r2)`.
    pub short_title: String,
    /// Of the time that is planned, from 0 to 1.
    pub share: f64,
    /// Rate, p50, p99, requests in flight, time left.
    pub figures: [Option<String>; 5],
}

impl LiveLine {
    /// As much of it as fits. What is least missed goes first: the bar, names of keys, the backlog, p50, p99.
    pub fn fitted(&self, columns: usize) -> String {
        let gone: [&[usize]; 4] = [&[], &[IN_FLIGHT], &[IN_FLIGHT, P50], &[IN_FLIGHT, P50, P99]];
        let with_bar = self.line(&format!("{}{GAP}{}", self.title, bar(self.share)), gone[0]);
        let short = gone.into_iter().map(|gone| self.line(&self.short_title, gone));
        let fits = |line: &String| line.chars().count() <= columns;
        let mut lines = [with_bar, self.line(&self.title, gone[0])].into_iter().chain(short);
        lines.find(fits).unwrap_or_else(|| self.cut(columns, gone[3]))
    }

    fn line(&self, title: &str, gone: &[usize]) -> String {
        let told = self.figures.iter().enumerate().filter(|(place, _)| !gone.contains(place));
        let figures = told.filter_map(|(_, figure)| figure.as_deref());
        std::iter::once(title).chain(figures).collect::<Vec<_>>().join(GAP)
    }

    /// The figures whole, and what they leave of the title; of a terminal that is too narrow even for that, what fits.
    fn cut(&self, columns: usize, gone: &[usize]) -> String {
        let figures = self.line("", gone);
        let left = columns.saturating_sub(figures.chars().count()).max(TITLE_MIN);
        cut(&(cut(&self.short_title, left) + &figures), columns)
    }
}

/// At most so many characters, the last of them a sign that more followed.
fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let kept = text.chars().take(columns.saturating_sub(1));
    kept.chain((columns > 0).then_some('…')).collect()
}

fn bar(share: f64) -> String {
    let full = (share.clamp(0.0, 1.0) * BAR as f64).round() as usize;
    "█".repeat(full) + &"░".repeat(BAR - full)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest() -> LiveLine {
        let figures = ["100 000/s", "p50 1.21 ms", "p99 3.90 ms", "12 345 in flight", "12 min 5 s left"];
        LiveLine {
            title: "12/40 nats-jetstream at load.rate = 100 000 (repetition 2)".to_owned(),
            short_title: "12/40 nats-jetstream at 100 000 (r2)".to_owned(),
            share: 0.42,
            figures: figures.map(|figure| Some(figure.to_owned())),
        }
    }

    #[test]
    fn what_is_least_missed_goes_first() {
        let told: Vec<String> =
            [200, 130, 110, 90, 80, 66, 60, 40].map(|columns| longest().fitted(columns)).to_vec();
        insta::assert_snapshot!(told.join("\n"), @r"
        12/40 nats-jetstream at load.rate = 100 000 (repetition 2)  ████░░░░░░  100 000/s  p50 1.21 ms  p99 3.90 ms  12 345 in flight  12 min 5 s left
        12/40 nats-jetstream at load.rate = 100 000 (repetition 2)  100 000/s  p50 1.21 ms  p99 3.90 ms  12 345 in flight  12 min 5 s left
        12/40 nats-jetstream at 100 000 (r2)  100 000/s  p50 1.21 ms  p99 3.90 ms  12 345 in flight  12 min 5 s left
        12/40 nats-jetstream at 100 000 (r2)  100 000/s  p50 1.21 ms  p99 3.90 ms  12 min 5 s left
        12/40 nats-jetstream at 100 000 (r2)  100 000/s  p99 3.90 ms  12 min 5 s left
        12/40 nats-jetstream at 100 000 (r2)  100 000/s  12 min 5 s left
        12/40 nats-jetstream at 100 000…  100 000/s  12 min 5 s left
        12/40 nats-…  100 000/s  12 min 5 s left
        ");
    }

    #[test]
    fn the_line_never_takes_more_than_one() {
        for columns in 0..200 {
            let line = longest().fitted(columns);
            assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
        let mut early = longest();
        early.figures = [None, None, None, None, Some("8 s left".to_owned())];
        assert_eq!(early.fitted(48), "12/40 nats-jetstream at 100 000 (r2)  8 s left");
    }
}
