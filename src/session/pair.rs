//! A pair: two settings of one scenario, interleaved, held against each other repetition by repetition.

use super::ceiling;
use super::error::RunError;
use super::gathered::{Finished, Found, Gathered};
use super::keeper::Keeper;
use super::looking::Looking;
use super::preflight::preflight;
use super::progress::Progress;
use super::settings::Settings;
use super::spec::TrialSpec;
use super::thresholds;
use crate::clock::now_ns;
use weighbridge_plan::{Plan, PointPlan};
use weighbridge_record::change::{BASE, NEW, between_settings_at_look, point};
use weighbridge_record::enough::look_at_settings;
use weighbridge_record::result::{ChangeVerdict, Trial, Verdict};

/// One setting of the scenario.
pub struct Side {
    /// Of a single point.
    pub plan: Plan,
    pub settings: Settings,
    /// What is set here, as it was asked for, without secrets.
    pub words: Vec<String>,
}

/// Carries out a pair. Both sides share name, transports, seed and repetitions. Needs a current-thread runtime.
pub async fn pair(
    base: &Side,
    new: &Side,
    tolerance_percent: f64,
    progress: &dyn Progress,
    keeper: &mut dyn Keeper,
) -> Result<Finished, RunError> {
    let mut ceilings_per_s = Vec::new();
    for side in [base, new] {
        preflight(&side.plan, &side.settings).await?;
        ceilings_per_s.push(ceiling::measure(&side.plan, &side.settings).await?);
    }
    let points = [(base, BASE), (new, NEW)].map(|(side, name)| at_side(side, name));
    let mut told = base.plan.clone();
    told.question = question(base, new);
    told.reading = None;
    let settings = &base.settings;
    let load_ns = base.plan.repetition_ns().saturating_add(new.plan.repetition_ns());
    let mut looking = base.plan.sequential.map(|rule| Looking::begin(rule, load_ns, now_ns()));
    let most = looking.as_ref().map(Looking::most);
    told.repeat = most.unwrap_or(told.repeat);
    let rule = looking.as_ref().map(Looking::record);
    let mut gathered = Gathered::start(&told, &told.offered, rule, settings, keeper)?;
    let looks = gathered.looks();
    let judged = |trials: &[Trial]| {
        let [base, new] = [base, new].map(|side| side.words.clone());
        between_settings_at_look(base, new, tolerance_percent, trials, looks)
    };
    'measuring: for repetition in 1..=told.repeat {
        for (mut spec, side) in order(&told, repetition, &points) {
            (spec.ceiling_per_s, spec.repetitions_max) = (ceilings_per_s[side], most);
            let of_side = [base, new][side];
            if settings.was_stopped() || !gathered.measure(&spec, &of_side.settings, progress).await? {
                break 'measuring;
            }
        }
        if let Some(looking) = looking.as_mut().filter(|_| !settings.was_stopped()) {
            let margin = looking.margin();
            let look = || look_at_settings(&judged(&gathered.trials), margin);
            if !looking.goes_on(repetition, now_ns(), gathered.any_invalid(), look) {
                break;
            }
        }
    }
    if let Some(looking) = looking {
        gathered.repeated(looking.record());
    }
    let record = judged(&gathered.trials);
    // Thresholds promise something of one setting; here only the change is asked for.
    let verdict = match thresholds::verdict(&gathered.trials, &[]) {
        Verdict::Passed if record.verdict == Some(ChangeVerdict::Regression) => Verdict::Failed,
        other => other,
    };
    let found = Found {
        verdict,
        ratios: Vec::new(),
        thresholds: Vec::new(),
        searches: Vec::new(),
        costs: Vec::new(),
        pair: Some(record),
    };
    Ok(gathered.finish(settings, found))
}

/// The one point of a side under its name.
fn at_side(side: &Side, name: &str) -> PointPlan {
    PointPlan { point: point(name), ..side.plan.points[0].clone() }
}

fn question(base: &Side, new: &Side) -> String {
    let words = |side: &Side| match side.words.as_slice() {
        [] => "the scenario as it is".to_owned(),
        words => words.join(", "),
    };
    format!("{}: what changes from {} to {}?", base.plan.name, words(base), words(new))
}

/// Trials of a repetition with the side that each is of: path by path A B, B A, ... so that the two of a pair stand side
/// by side and a drift of the machine favours neither.
fn order<'a>(plan: &Plan, repetition: u32, points: &'a [PointPlan; 2]) -> Vec<(TrialSpec<'a>, usize)> {
    let of_repetition = plan.paths.len() as u32 * 2;
    let seed = plan.seed.wrapping_add(u64::from(repetition - 1));
    let sides = if repetition % 2 == 1 { [0, 1] } else { [1, 0] };
    let mut specs = Vec::new();
    for path in &plan.paths {
        for side in sides {
            let order = (repetition - 1) * of_repetition + specs.len() as u32 + 1;
            let trials = of_repetition * plan.repeat;
            let alone = TrialSpec::alone(&points[side], *path, seed);
            specs.push((TrialSpec { repetition, order, trials, ..alone }, side));
        }
    }
    specs
}
