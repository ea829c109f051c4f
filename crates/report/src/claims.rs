//! Every sentence that a page makes of a record, with where it stands.

use super::ReportError;
use super::answer::{answer, headline, of_group};
use super::capacity;
use super::charts::{self, Detail, Scope};
use super::claim::Claim;
use super::groups::{Group, groups};
use super::publishers;
use super::ratios;
use weighbridge_record::result::RunResult;

/// Where a sentence stands, and the sentence.
pub type Placed = (String, Claim);

/// All sentences of a run: its answer, badge, points, charts and ratios.
pub fn claims(result: &RunResult) -> Result<Vec<Placed>, ReportError> {
    let answer = answer(result);
    let mut claims = vec![("answer".to_owned(), answer.sentence), ("badge".to_owned(), headline(result))];
    claims.extend(answer.qualifiers.into_iter().map(|claim| ("qualifier".to_owned(), claim)));
    for group in &capacity::shown(result) {
        claims.extend(of_point(group)?);
    }
    for figure in charts::draw_sweep(&groups(result), &result.searches)? {
        claims.push((figure.id.to_owned(), figure.takeaway));
    }
    Ok(claims)
}

fn of_point(group: &Group<'_>) -> Result<Vec<Placed>, ReportError> {
    let mut claims = vec![("point".to_owned(), of_group(group))];
    let detail = Detail { intervals_max: usize::MAX };
    for figure in charts::draw_all(group, detail, Scope::Every)? {
        claims.push((figure.id.to_owned(), figure.takeaway));
    }
    let judged = group.ratios.iter().map(|pair| ("ratio".to_owned(), ratios::sentence(pair)));
    claims.extend(judged);
    claims.extend(publishers::sentences(group).into_iter().map(|claim| ("publishers".to_owned(), claim)));
    Ok(claims)
}
