//! A real record grown to the size of a long campaign.

use weighbridge_record::result::{RunResult, SeriesRow, Trial};

/// How large.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub points: u32,
    pub repetitions: u32,
    /// Rows of a second each in the series of every trial.
    pub seconds: u32,
}

/// The record with its trials at every point and repetition, each with a series of so many seconds.
pub fn grown(mut record: RunResult, size: Size) -> RunResult {
    let seeds = std::mem::take(&mut record.trials);
    for point in 1..=size.points {
        for repetition in 1..=size.repetitions {
            for seed in seeds.iter().filter(|seed| seed.repetition == 1) {
                let mut trial = stretched(seed, size.seconds);
                trial.point.insert("load.rate".to_owned(), (1_000 * point).into());
                trial.repetition = repetition;
                trial.order = record.trials.len() as u32 + 1;
                record.trials.push(trial);
            }
        }
    }
    record.summary.clear();
    record.ratios.clear();
    record
}

fn stretched(seed: &Trial, seconds: u32) -> Trial {
    let mut trial = Trial { series: Vec::new(), window_s: f64::from(seconds), ..seed.clone() };
    let window: Vec<&SeriesRow> =
        seed.series.iter().filter(|row| row.t_s >= 0.0 && row.t_s < seed.window_s).collect();
    for second in 0..seconds {
        let model = window[second as usize % window.len()];
        trial.series.push(SeriesRow { t_s: f64::from(second), duration_s: 1.0, ..model.clone() });
    }
    trial
}
