//! Whether deliveries come in the order of their requests.

/// Notices first deliveries that reach a worker after a later request of the same publishing connection. Stands
/// beside the ledger, which knows what was sent: a number that somebody made up must not put all after it behind.
pub(super) struct Order {
    connections: u32,
    /// Highest number of a request by worker and connection; those not seen yet may be missing at the end.
    newest: Vec<u64>,
}

impl Order {
    /// Of the requests of a generator with this many publishing connections, which take them in turn; 0: which take them
    /// as it happens, so that there is no order to be kept.
    pub fn over(connections: u32) -> Self {
        Self { connections, newest: Vec::new() }
    }

    /// Takes note of a delivery to a worker; `number` is that of a request that was sent.
    #[inline]
    pub fn is_behind(&mut self, worker: u32, number: u64) -> bool {
        let connections = self.connections as usize;
        let connection = match connections {
            1 => 0,
            0 => return false,
            several => number as usize % several,
        };
        let place = worker as usize * connections + connection;
        if place >= self.newest.len() {
            self.newest.resize(place + 1, 0);
        }
        let newest = &mut self.newest[place];
        let behind = number < *newest;
        *newest = number.max(*newest);
        behind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_judged_connection_by_connection() {
        let mut order = Order::over(2);
        let behind: Vec<bool> = [0, 1, 2, 5, 4, 3, 6].map(|number| order.is_behind(0, number)).into();
        assert_eq!(behind, [false, false, false, false, false, true, false]);
    }

    #[test]
    fn nothing_is_behind_where_connections_take_requests_as_it_happens() {
        let mut order = Order::over(0);
        assert!(![7, 3, 5, 1].map(|number| order.is_behind(0, number)).contains(&true));
    }

    #[test]
    fn order_is_judged_worker_by_worker() {
        let mut order = Order::over(1);
        let behind: Vec<bool> = [(0, 7), (1, 3), (1, 5), (0, 6), (1, 4)]
            .map(|(worker, number)| order.is_behind(worker, number))
            .into();
        assert_eq!(behind, [false, false, false, true, true]);
    }
}
