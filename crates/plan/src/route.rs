//! How requests are shared out between the two legs of a route.

use serde::{Deserialize, Serialize};

use weighbridge_record::terms::{Draw, OnFailure, RouteKind, Seam};

/// Which requests take which leg. The legs are those of the path.
#[derive(Debug, Clone, PartialEq)]
pub enum RoutePlan {
    /// Every request takes both.
    Dual { on_failure: OnFailure },
    /// The share that takes the second leg moves from stage to stage; of a plain split there is one.
    Shares { kind: RouteKind, draw: Draw, on_failure: OnFailure, stages: Vec<Share> },
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
    pub asked: Asked,
    /// The last one lasts to the end.
    pub lasting_ns: u64,
}

/// Which leg is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The second, of so many per cent of the requests; the first, of the others.
    Percent(u32),
    /// Both, of every request.
    Both,
}

/// A stage of a route: what is asked of it, from when on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// Since the window began.
    pub start_ns: u64,
    pub asked: Asked,
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

    /// Whether some requests take both legs, and what they need of them.
    pub fn on_failure(&self) -> Option<OnFailure> {
        match self {
            Self::Dual { on_failure } => Some(*on_failure),
            Self::Shares { on_failure, stages, .. } => {
                stages.iter().any(|share| share.asked == Asked::Both).then_some(*on_failure)
            }
            Self::Cutover { .. } => None,
        }
    }

    /// Its stages, the first from the beginning.
    pub fn stages(&self) -> Vec<Stage> {
        let stage = |start_ns, asked| Stage { start_ns, asked };
        let (none, all) = (Asked::Percent(0), Asked::Percent(100));
        match self {
            Self::Dual { .. } => vec![stage(0, Asked::Both)],
            Self::Shares { stages, .. } => {
                let mut start_ns = 0;
                let from = |share: &Share| {
                    let from = stage(start_ns, share.asked);
                    start_ns = start_ns.saturating_add(share.lasting_ns);
                    from
                };
                stages.iter().map(from).collect()
            }
            Self::Cutover { at_ns, back_at_ns, .. } => {
                let there = [stage(0, none), stage(*at_ns, all)];
                there.into_iter().chain(back_at_ns.map(|back_at_ns| stage(back_at_ns, none))).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_each_other() {
        let share = |asked, lasting_ns| Share { asked, lasting_ns };
        let (none, tenth) = (Asked::Percent(0), Asked::Percent(10));
        let stages = vec![share(none, 3), share(Asked::Both, 2), share(tenth, 4), share(none, 5)];
        let (kind, draw, on_failure) = (RouteKind::Shift, Draw::Exact, OnFailure::Any);
        let shift = RoutePlan::Shares { kind, draw, on_failure, stages };
        let found: Vec<_> = shift.stages().iter().map(|stage| (stage.start_ns, stage.asked)).collect();
        assert_eq!(found, [(0, none), (3, Asked::Both), (5, tenth), (9, none)]);
        assert_eq!(shift.on_failure(), Some(OnFailure::Any));
        let back = RoutePlan::Cutover { at_ns: 5, back_at_ns: Some(9), seam: Seam::DrainFirst };
        let found: Vec<_> = back.stages().iter().map(|stage| (stage.start_ns, stage.asked)).collect();
        assert_eq!(found, [(0, none), (5, Asked::Percent(100)), (9, none)]);
        assert_eq!(back.on_failure(), None);
    }
}
