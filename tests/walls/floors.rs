//! The table of floors of `ARCHITECTURE.md`, and what breaks it.
//!
//! A crate's table stands under a heading that ends in its name in backticks. Its first column lists modules,
//! its last what they must not know: modules of the crate, other crates or a part of one, as in
//! `weighbridge_plan::scenario`, those in backticks. Rows go from the top floor down; a module imports from its own
//! floor and from those below.

use std::collections::BTreeMap;

use crate::building::{Building, Place, Target, told};

pub struct Floors {
    /// Floor by module, 0 at the top.
    floor: BTreeMap<String, usize>,
    must_not_know: BTreeMap<String, Vec<String>>,
}

impl Floors {
    /// The table of one crate out of the whole document.
    pub fn of(document: &str, krate: &str) -> Self {
        let heading = |line: &str| line.starts_with('#') && line.ends_with(&format!("`{krate}`"));
        let rows = document.lines().skip_while(|line| !heading(line)).skip(1);
        let rows = rows.take_while(|line| !line.starts_with('#')).filter(|line| line.starts_with('|'));
        let mut floors = Self { floor: BTreeMap::new(), must_not_know: BTreeMap::new() };
        // Without the head and the line below it.
        for (floor, row) in rows.skip(2).enumerate() {
            let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
            let (modules, unknown) = (in_backticks(cells[0]), in_backticks(cells[cells.len() - 1]));
            for module in modules {
                floors.floor.insert(module.trim_end_matches('/').to_string(), floor);
                let unknown = unknown.iter().map(|name| name.replace('-', "_"));
                floors.must_not_know.insert(module.trim_end_matches('/').to_string(), unknown.collect());
            }
        }
        floors
    }

    /// Everything in which the building is not as the table says, a sentence each.
    pub fn broken(&self, building: &Building) -> Vec<String> {
        let mut found = Vec::new();
        for place in building.places().filter(|place| !place.is_empty()) {
            let Some(floor) = self.floor.get(&place[0]) else {
                found.push(format!("{} has no floor", place[0]));
                continue;
            };
            for target in building.targets(place) {
                found.extend(self.broken_by(place, *floor, &target));
            }
        }
        let standing = |module: &String| building.places().any(|place| place.first() == Some(module));
        let gone = self.floor.keys().filter(|module| !standing(module));
        found.extend(gone.map(|module| format!("{module} has a floor and does not exist")));
        found.extend(building.circles().iter().map(|circle| {
            let names: Vec<String> = circle.iter().map(told).collect();
            format!("{} import each other", names.join(", "))
        }));
        found.sort_unstable();
        found.dedup();
        found
    }

    fn broken_by(&self, place: &Place, floor: usize, target: &Target) -> Option<String> {
        let name = match target {
            Target::File(other) => other.first()?,
            Target::Crate(name) => name,
        };
        let is = |unknown: &&String| name == *unknown || name.starts_with(&format!("{unknown}::"));
        if let Some(unknown) = self.must_not_know[&place[0]].iter().find(is) {
            return Some(format!("{} must not know {unknown}", told(place)));
        }
        match target {
            Target::File(other) if self.floor.get(name).is_some_and(|above| *above < floor) => {
                Some(format!("{} imports {}, a floor above it", told(place), told(other)))
            }
            _ => None,
        }
    }
}

fn in_backticks(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}
