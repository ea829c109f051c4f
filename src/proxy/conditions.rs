//! What is done to the network: each fault for itself, and what all of them together come to.

use std::num::NonZeroU64;
use std::sync::Arc;

use tokio::sync::watch;

/// Where bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// Which way nothing passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Both,
    Only(Way),
}

#[derive(Debug, Clone, Copy)]
pub enum Fault {
    Partition(Cut),
    Delay { delay_ns: u64, jitter_ns: u64 },
    Throttle { bytes_per_s: NonZeroU64 },
}

/// What bytes meet on their way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions {
    to_server_cut: bool,
    to_client_cut: bool,
    /// Of several delays the sum.
    pub delay_ns: u64,
    pub jitter_ns: u64,
    /// Of several limits the lowest.
    pub bytes_per_s: Option<NonZeroU64>,
}

impl Conditions {
    pub fn is_cut(&self, way: Way) -> bool {
        match way {
            Way::ToServer => self.to_server_cut,
            Way::ToClient => self.to_client_cut,
        }
    }

    /// Whether a handshake gets no answer: it needs both ways.
    pub fn is_partitioned(&self) -> bool {
        self.to_server_cut || self.to_client_cut
    }

    pub fn delays(&self) -> bool {
        self.delay_ns > 0 || self.jitter_ns > 0
    }

    fn with(mut self, fault: Fault) -> Self {
        match fault {
            Fault::Partition(cut) => {
                self.to_server_cut |= cut != Cut::Only(Way::ToClient);
                self.to_client_cut |= cut != Cut::Only(Way::ToServer);
            }
            Fault::Delay { delay_ns, jitter_ns } => {
                self.delay_ns = self.delay_ns.saturating_add(delay_ns);
                self.jitter_ns = self.jitter_ns.saturating_add(jitter_ns);
            }
            Fault::Throttle { bytes_per_s } => {
                self.bytes_per_s = Some(self.bytes_per_s.map_or(bytes_per_s, |other| other.min(bytes_per_s)));
            }
        }
        self
    }
}

/// All that a connection is told while it is open.
#[derive(Debug, Default)]
pub struct Network {
    imposed: Vec<(u64, Fault)>,
    next_id: u64,
    pub conditions: Conditions,
    /// Grows with each reset; a connection that saw fewer when it was accepted ends.
    pub resets: u64,
    /// The proxy is given up.
    pub ended: bool,
}

impl Network {
    fn change(&mut self, change: impl FnOnce(&mut Vec<(u64, Fault)>)) {
        change(&mut self.imposed);
        let faults = self.imposed.iter();
        self.conditions = faults.fold(Conditions::default(), |sum, (_, fault)| sum.with(*fault));
    }
}

/// A fault that lasts until this is dropped.
#[must_use = "it ends the fault when it is dropped"]
#[derive(Debug)]
pub struct Imposed {
    network: Arc<watch::Sender<Network>>,
    id: u64,
}

impl Imposed {
    pub fn new(network: &Arc<watch::Sender<Network>>, fault: Fault) -> Self {
        let mut id = 0;
        network.send_modify(|network| {
            id = network.next_id;
            network.next_id += 1;
            network.change(|imposed| imposed.push((id, fault)));
        });
        Self { network: Arc::clone(network), id }
    }
}

impl Drop for Imposed {
    fn drop(&mut self) {
        self.network
            .send_modify(|network| network.change(|imposed| imposed.retain(|(id, _)| *id != self.id)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(bytes_per_s: u64) -> NonZeroU64 {
        NonZeroU64::new(bytes_per_s).unwrap()
    }

    #[test]
    fn faults_add_up_and_each_ends_for_itself() {
        let network = Arc::new(watch::Sender::new(Network::default()));
        let now = || network.borrow().conditions;
        let impose = |fault| Imposed::new(&network, fault);
        let both = impose(Fault::Partition(Cut::Both));
        let one = impose(Fault::Partition(Cut::Only(Way::ToServer)));
        drop(both);
        assert!(now().is_partitioned() && now().is_cut(Way::ToServer) && !now().is_cut(Way::ToClient));
        drop(one);
        assert!(!now().is_partitioned());

        let delays = [1, 2].map(|ns| impose(Fault::Delay { delay_ns: ns, jitter_ns: 10 * ns }));
        let limits = [rate(7), rate(5)].map(|bytes_per_s| impose(Fault::Throttle { bytes_per_s }));
        assert_eq!((now().delay_ns, now().jitter_ns, now().bytes_per_s), (3, 30, Some(rate(5))));
        drop((delays, limits));
        assert_eq!((now().delay_ns, now().jitter_ns, now().bytes_per_s), (0, 0, None));
    }
}
