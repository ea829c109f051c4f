//! The places of a record: each path at each point of the sweep, with its trials.

use crate::point::Point;
use crate::result::Trial;
use crate::terms::Path;

/// One path at one point.
pub struct Place<'a> {
    pub point: &'a Point,
    pub path: Path,
    /// In the order of their repetitions; never empty.
    pub trials: Vec<&'a Trial>,
}

impl<'a> Place<'a> {
    /// The trials that may be trusted.
    pub fn valid(&self) -> Vec<&'a Trial> {
        self.trials.iter().copied().filter(|trial| trial.valid).collect()
    }

    /// The trials of the repetitions that both have, which share their seed, side by side.
    pub fn beside(&self, other: &Self) -> Vec<(&'a Trial, &'a Trial)> {
        let partner = |trial: &&'a Trial| {
            let theirs = other.trials.iter().find(|theirs| theirs.repetition == trial.repetition)?;
            Some((*trial, *theirs))
        };
        self.trials.iter().filter_map(partner).collect()
    }

    /// `nats-core at load.rate = 2 000`.
    pub fn label(&self) -> String {
        self.point.place(self.path)
    }
}

/// Those that are held against each other: the floor is the instrument and no choice, unless there is nothing else.
pub fn competing<T>(all: &[T], path: impl Fn(&T) -> Path) -> Vec<&T> {
    let alone = all.iter().all(|one| path(one).is_floor());
    all.iter().filter(|one| alone || !path(one).is_floor()).collect()
}

/// All places: points in the order in which they first ran, the paths of a point in their fixed order.
pub fn places(trials: &[Trial]) -> Vec<Place<'_>> {
    at_points(trials).into_iter().flat_map(|(_, places)| places).collect()
}

/// The places of each point together.
pub fn at_points(trials: &[Trial]) -> Vec<(&Point, Vec<Place<'_>>)> {
    let mut in_order: Vec<&Trial> = trials.iter().collect();
    in_order.sort_by_key(|trial| trial.order);
    let mut points: Vec<(&Point, Vec<Place<'_>>)> = Vec::new();
    for trial in in_order {
        let known = points.iter().position(|(point, _)| **point == trial.point);
        let index = known.unwrap_or_else(|| {
            points.push((&trial.point, Vec::new()));
            points.len() - 1
        });
        let places = &mut points[index].1;
        match places.iter_mut().find(|place| place.path == trial.path) {
            Some(place) => place.trials.push(trial),
            None => places.push(Place { point: &trial.point, path: trial.path, trials: vec![trial] }),
        }
    }
    for (_, places) in &mut points {
        places.sort_by_key(|place| place.path);
        for place in places {
            place.trials.sort_by_key(|trial| trial.repetition);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::terms::TransportKind;

    #[test]
    fn the_floor_competes_only_where_it_is_alone() {
        let paths = [TransportKind::InProcess, TransportKind::NatsCore].map(Path::from);
        assert_eq!(competing(&paths, |path| *path), [&paths[1]]);
        assert_eq!(competing(&paths[..1], |path| *path), [&paths[0]]);
        assert!(competing(&paths[..0], |path: &Path| *path).is_empty());
    }

    #[test]
    fn places_come_point_by_point_with_paths_in_their_order_and_trials_by_repetition() {
        let rates = [2_000, 1_000].map(|rate| Point::from([("load.rate".to_owned(), rate.into())]));
        let transports = vec![TransportKind::NatsCore, TransportKind::RedisStreams];
        let fixture =
            Fixture { transports, points: rates.to_vec(), repetitions: 2, seconds: 1, ..Fixture::default() };
        let mut trials = fixture.build().trials;
        trials.reverse();
        let told: Vec<String> = places(&trials).iter().map(Place::label).collect();
        let at =
            |rate: &str| ["redis-streams", "nats-core"].map(|path| format!("{path} at load.rate = {rate}"));
        assert_eq!(told.join("; ").replace('\u{a0}', " "), [at("2 000"), at("1 000")].concat().join("; "));
        for place in places(&trials) {
            assert!(place.trials.iter().map(|trial| trial.repetition).eq([1, 2]));
        }
    }
}
