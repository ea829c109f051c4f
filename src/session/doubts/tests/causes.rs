//! What the machine and the broker did that no figure of the path shows.

use super::*;

#[test]
fn a_machine_that_stood_still_is_told_by_the_thread_that_only_sleeps() {
    let mut case = sound();
    case.wakes.prompt = latency(5000, 1_500_000);
    assert_eq!(case.kinds(), [DoubtKind::MachineHiccup]);
    case.wakes.prompt = latency(5000, 900_000);
    case.wakes.ordinary = latency(5000, 5_000_000);
    assert_eq!(case.kinds(), [], "an ordinary thread waits for its turn on a busy machine");
}

#[test]
fn swapped_memory_is_doubted() {
    let mut case = sound();
    case.cost.swapped_pages = Some(1.0);
    assert_eq!(case.kinds(), [DoubtKind::Swapping]);
    case.cost.swapped_pages = None;
    assert_eq!(case.kinds(), []);
}

#[test]
fn who_had_to_wait_for_a_resource_is_doubted_beyond_what_a_load_does() {
    let spoilt = |pressure| {
        let mut case = sound();
        case.cost.pressure = pressure;
        case.kinds()
    };
    let quiet = Pressure { cpu: Some(0.79), io: Some(0.29), memory: Some(0.01) };
    assert_eq!(spoilt(quiet), []);
    assert_eq!(spoilt(Pressure::default()), [], "a kernel that keeps no account");
    for pressure in [
        Pressure { cpu: Some(0.81), ..quiet },
        Pressure { io: Some(0.31), ..quiet },
        Pressure { memory: Some(0.02), ..quiet },
    ] {
        assert_eq!(spoilt(pressure), [DoubtKind::ResourcePressure], "{pressure:?}");
    }
}

#[test]
fn a_clock_that_is_not_the_processors_own_is_doubted() {
    let mut case = sound();
    case.clock_source = "hpet";
    assert_eq!(case.kinds(), [DoubtKind::ClockSource]);
    case.clock_source = "arch_sys_counter";
    assert_eq!(case.kinds(), []);
}

#[test]
fn a_tier_that_syncs_to_memory_is_doubted_and_one_that_stores_nothing_is_not() {
    let cases = [(true, false, 1_200), (false, false, 4_000), (true, true, 90_000)];
    for (in_memory, forgets_unsynced, fsync_ns_p50) in cases {
        let mut case = sound();
        case.brokers = vec![redis(Some(Storage { in_memory, forgets_unsynced, fsync_ns_p50 }))];
        case.point = point(&["brokers.durability=sync"]);
        assert_eq!(case.kinds(), [DoubtKind::WeakStorage]);
        case.point = point(&["brokers.durability=memory"]);
        assert_eq!(case.kinds(), []);
    }
    let mut case = sound();
    case.point = point(&["brokers.durability=sync"]);
    assert_eq!(case.kinds(), [], "a disk");
}

#[test]
fn a_redis_whose_one_thread_had_a_core_full_is_doubted() {
    let mut case = sound();
    case.cost.broker_cores = vec![Some(0.97)];
    assert_eq!(case.kinds(), [DoubtKind::BrokerCoreFull]);
    case.cost.broker_cores = vec![None];
    assert_eq!(case.kinds(), [], "somebody else's process");
}
