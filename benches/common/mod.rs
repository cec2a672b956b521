//! What the benches share: subjects side by side, in rounds that are interleaved, so that
//! whatever else the machine does falls on all alike.

/// What is measured, and what it is called.
pub(crate) type Subject = (&'static str, fn(u64) -> u64);

/// Measures all subjects in each of `rounds`, and prints the medians and their ratios to
/// that of the first. A round gives nanoseconds; what round 0 gives is not counted.
pub(crate) fn compare(
    subjects: &[Subject],
    rounds: u64,
    what: &str,
    round: impl Fn(fn(u64) -> u64, u64) -> f64,
) {
    let mut times = vec![Vec::new(); subjects.len()];
    for n in 0..=rounds {
        for ((_, call), times) in subjects.iter().zip(&mut times) {
            let time = round(*call, n);
            if n > 0 {
                times.push(time);
            }
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    for ((name, _), time) in subjects.iter().zip(&medians) {
        println!(
            "{name:30} {time:8.1} ns a {what}   {:6.2} × ours",
            time / medians[0]
        );
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Runs `work` in so many threads at once, the number of each handed in; gives the
/// longest time.
pub(crate) fn slowest(threads: u64, work: impl Fn(u64) -> f64 + Copy + Send) -> f64 {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        let mine = work(0);
        let others = others.into_iter().filter_map(|other| other.join().ok());
        others.fold(mine, f64::max)
    })
}
