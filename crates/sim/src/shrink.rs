//! The shortest list of steps that still breaks the same rule (Zeller and Hildebrandt, "Simplifying and
//! isolating failure-inducing input", 2002).

/// Leaves out of `steps` whatever `still_fails` does not need.
pub fn shrink(mut steps: Vec<u64>, mut still_fails: impl FnMut(&[u64]) -> bool) -> Vec<u64> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        let before = steps.len();
        while at < steps.len() {
            let end = (at + size).min(steps.len());
            let rest: Vec<u64> = steps[..at].iter().chain(&steps[end..]).copied().collect();
            if still_fails(&rest) {
                steps = rest;
            } else {
                at = end;
            }
        }
        // What came to be left out later may have been all that needed something before it.
        size = if size == 1 && steps.len() < before { 1 } else { size / 2 };
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_remains_and_nothing_else() {
        let needed = [3, 40, 41, 97];
        let fails = |steps: &[u64]| needed.iter().all(|it| steps.contains(it));
        assert_eq!(shrink((0..100).collect(), fails), needed);
        assert_eq!(shrink((0..100).collect(), |_| true), [0; 0]);
        // Either both or none.
        let fails = |steps: &[u64]| steps.contains(&5) == steps.contains(&6) && steps.contains(&9);
        assert_eq!(shrink((0..10).collect(), fails), [9]);
    }
}
