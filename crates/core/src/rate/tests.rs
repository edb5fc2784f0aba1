use super::*;

fn at(millis: u64) -> Moment {
    Moment::from_millis(millis)
}

#[test]
fn a_burst_passes_and_then_the_rate_holds() {
    let rate = Rate::per_second(5, 3);
    let mut bucket = TokenBucket::default();
    for _ in 0..3 {
        assert_eq!(bucket.take(rate, at(1_000)), Ok(()));
    }
    assert_eq!(bucket.take(rate, at(1_000)), Err(Duration::from_millis(200)));
    assert_eq!(bucket.take(rate, at(1_199)), Err(Duration::from_millis(1)));
    assert_eq!(bucket.take(rate, at(1_200)), Ok(()));
    assert!(!bucket.is_full(at(1_799)));
    assert!(bucket.is_full(at(1_800)));
}

#[test]
fn a_count_of_zero_is_no_limit() {
    let rate = Rate::per_minute(0, 0);
    let (mut bucket, mut meter) = (TokenBucket::default(), FloodMeter::default());
    for _ in 0..10_000 {
        assert_eq!(bucket.take(rate, at(0)), Ok(()));
        assert!(!meter.is_flood(rate, at(0)));
    }
}

/// Whether so many, spread over the second that begins at `millis`, were ever a flood.
fn second(meter: &mut FloodMeter, rate: Rate, millis: u64, count: u64) -> bool {
    let floods = (0..count).filter(|n| meter.is_flood(rate, at(millis + n * 1_000 / count)));
    floods.count() > 0
}

#[test]
fn a_flood_is_ten_times_the_rate_for_three_seconds() {
    let rate = Rate::per_second(5, 20);
    let mut meter = FloodMeter::default();
    let mut second = |n: u64, count| second(&mut meter, rate, 10_400 + n * 1_000, count);
    assert!(!second(0, 1_000), "one second is no flood");
    assert!(!second(1, 51));
    assert!(!second(2, 50), "exactly ten times is allowed");
    assert!(!second(3, 1_000), "and it counts from anew");
    assert!(!second(4, 51));
    assert!(!second(5, 51), "three seconds have to pass");
    assert!(second(6, 1));
}

#[test]
fn a_silent_second_ends_a_flood() {
    let rate = Rate::per_second(1, 1);
    let mut meter = FloodMeter::default();
    let mut second = |n: u64| second(&mut meter, rate, n * 1_000, 11);
    assert!(!second(1) && !second(2) && !second(3));
    assert!(!second(5) && !second(6) && !second(7));
    assert!(second(8));
}

#[test]
fn bursts_at_the_edges_of_a_second_are_no_flood() {
    let rate = Rate::per_second(5, 20);
    let mut meter = FloodMeter::default();
    for millis in [990, 1_500, 2_010] {
        for _ in 0..1_000 {
            assert!(!meter.is_flood(rate, at(millis)));
        }
    }
}
