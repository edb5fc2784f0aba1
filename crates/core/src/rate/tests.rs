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

#[test]
fn a_flood_is_ten_times_the_rate_for_three_seconds() {
    let rate = Rate::per_second(5, 20);
    let mut meter = FloodMeter::default();
    let mut second =
        |second: u64, count: u32| (0..count).any(|_| meter.is_flood(rate, at(second * 1_000)));
    assert!(!second(0, 1_000), "one second is no flood");
    assert!(!second(1, 51));
    assert!(!second(2, 50), "exactly ten times is allowed");
    assert!(!second(3, 1_000), "and it counts from anew");
    assert!(!second(4, 51));
    assert!(second(5, 51));
}

#[test]
fn a_silent_second_ends_a_flood() {
    let rate = Rate::per_second(1, 1);
    let mut meter = FloodMeter::default();
    let mut second = |second: u64| (0..11).any(|_| meter.is_flood(rate, at(second * 1_000)));
    assert!(!second(1) && !second(2));
    assert!(!second(4) && !second(5));
    assert!(second(6));
}
