//! How requests are shared out between the two legs of a route.

use serde::{Deserialize, Serialize};

use weighbridge_record::terms::{Draw, OnFailure, RouteKind, Seam};

/// Which requests take which leg. The legs are those of the path.
#[derive(Debug, Clone, PartialEq)]
pub enum RoutePlan {
    /// Every request takes both.
    Dual { on_failure: OnFailure },
    /// The share that takes the second leg moves from stage to stage; of a plain split there is one.
    Shares { kind: RouteKind, draw: Draw, stages: Vec<Share> },
    /// All take the first leg, then all the second, and perhaps the first again.
    Cutover { at_ns: u64, back_at_ns: Option<u64>, seam: Seam },
}

/// One of the two legs of a route; a path that is no route is a first leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Leg {
    First,
    Second,
}

/// The legs that a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    One(Leg),
    Both,
}

/// A share of the requests, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Of the second leg, at most 100.
    pub percent: u32,
    /// The last one lasts to the end.
    pub lasting_ns: u64,
}

/// A stage of a route: what is asked of it, from when on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// Since the window began.
    pub start_ns: u64,
    /// Share of the requests that take the second leg, in percent.
    pub percent: u32,
}

impl Leg {
    pub const ALL: [Self; 2] = [Self::First, Self::Second];

    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

impl Takes {
    pub fn takes(self, leg: Leg) -> bool {
        self == Self::Both || self == Self::One(leg)
    }
}

impl RoutePlan {
    pub fn kind(&self) -> RouteKind {
        match self {
            Self::Dual { .. } => RouteKind::Dual,
            Self::Shares { kind, .. } => *kind,
            Self::Cutover { .. } => RouteKind::Cutover,
        }
    }

    /// Its stages, the first from the beginning.
    pub fn stages(&self) -> Vec<Stage> {
        let stage = |start_ns, percent| Stage { start_ns, percent };
        match self {
            Self::Dual { .. } => vec![stage(0, 100)],
            Self::Shares { stages, .. } => {
                let mut start_ns = 0;
                let from = |share: &Share| {
                    let from = stage(start_ns, share.percent);
                    start_ns = start_ns.saturating_add(share.lasting_ns);
                    from
                };
                stages.iter().map(from).collect()
            }
            Self::Cutover { at_ns, back_at_ns, .. } => {
                let there = [stage(0, 0), stage(*at_ns, 100)];
                there.into_iter().chain(back_at_ns.map(|back_at_ns| stage(back_at_ns, 0))).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_each_other() {
        let share = |percent, lasting_ns| Share { percent, lasting_ns };
        let stages = vec![share(0, 3), share(10, 4), share(0, 5)];
        let shift = RoutePlan::Shares { kind: RouteKind::Shift, draw: Draw::Exact, stages };
        let found: Vec<_> = shift.stages().iter().map(|stage| (stage.start_ns, stage.percent)).collect();
        assert_eq!(found, [(0, 0), (3, 10), (7, 0)]);
        let back = RoutePlan::Cutover { at_ns: 5, back_at_ns: Some(9), seam: Seam::DrainFirst };
        let found: Vec<_> = back.stages().iter().map(|stage| (stage.start_ns, stage.percent)).collect();
        assert_eq!(found, [(0, 0), (5, 100), (9, 0)]);
    }
}
