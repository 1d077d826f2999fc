//! Survival curves beside those of lifelines, over the same random requests: with censoring, delayed
//! entry and weights.

use std::{
    hash::{BuildHasher as _, Hasher as _},
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use takaza::domain::survival::{Curve, Stretch};

use crate::support::servers;

const SETS: usize = 200;
const HORIZON: f64 = 50.0;

#[derive(Deserialize)]
struct Theirs {
    points: Vec<(f64, f64, f64, f64, f64)>,
    mean: f64,
}

/// Requests on half hours, so that many things happen at once.
fn random_set(rng: &mut StdRng) -> Vec<Stretch> {
    let late = [0.0, 0.5, 0.9][rng.random_range(0..3)];
    let weighed = rng.random_bool(0.5);
    let half = |hours: f64| (hours * 2.0).round() / 2.0;
    let one = |rng: &mut StdRng| {
        let from = if rng.random_bool(late) { half(rng.random_range(0.0..30.0)) } else { 0.0 };
        let lasts: f64 = -25.0 * (1.0 - rng.random::<f64>()).ln();
        Stretch {
            from,
            until: from + half(lasts).max(0.5),
            acted: rng.random_bool(0.7),
            weight: if weighed { rng.random_range(1..100_000_000) } else { 1 },
        }
    };
    (0..rng.random_range(20..400)).map(|_| one(rng)).collect()
}

fn by_lifelines(python: &str, sets: &[Vec<Stretch>]) -> Vec<Option<Theirs>> {
    let column = |set: &[Stretch], of: fn(&Stretch) -> Json| set.iter().map(of).collect::<Json>();
    let set = |set: &Vec<Stretch>| {
        json!({
            "from": column(set, |one| json!(one.from)), "until": column(set, |one| json!(one.until)),
            "acted": column(set, |one| json!(one.acted)),
            "weight": column(set, |one| json!(one.weight)),
        })
    };
    let all = serde_json::to_vec(&sets.iter().map(set).collect::<Vec<_>>()).expect("JSON");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/lifelines.py");
    let mut child = Command::new(python)
        // Otherwise the script's own name would stand for the package.
        .args(["-P".as_ref(), script.as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    child.stdin.take().expect("it is piped").write_all(&all).expect("Python reads");
    let output = child.wait_with_output().expect("Python ends");
    assert!(output.status.success(), "Python failed");
    serde_json::from_slice(&output.stdout).expect("curves")
}

fn near(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() < 1e-9
}

#[test]
fn curves_are_those_of_lifelines() {
    let Some(python) = servers::lifelines() else { return };
    let seed = match std::env::var("TAKAZA_TEST_SEED") {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => std::collections::hash_map::RandomState::new().build_hasher().finish(),
    };
    println!("TAKAZA_TEST_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let sets: Vec<_> = (0..SETS).map(|_| random_set(&mut rng)).collect();
    let (mut compared, mut intervals) = (0, 0);
    for (set, theirs) in sets.iter().zip(by_lifelines(&python, &sets)) {
        let Some(theirs) = theirs else { continue };
        let ours = Curve::of(set);
        assert_eq!(ours.points.len(), theirs.points.len(), "seed {seed}");
        for (point, (at, at_risk, share, low, high)) in ours.points.iter().zip(&theirs.points) {
            let told = format!("seed {seed}: {point:?} beside {at} {at_risk} {share} {low} {high}");
            assert!(near(point.at, *at) && near(point.share, *share), "{told}");
            assert!(near(point.at_risk as f64, *at_risk), "{told}");
            if let Some(interval) = point.interval {
                assert!(near(interval.0, *low) && near(interval.1, *high), "{told}");
                intervals += 1;
            }
        }
        assert!(near(ours.mean_within(HORIZON), theirs.mean), "seed {seed}");
        compared += 1;
    }
    // lifelines refuses sets that run out of requests early; most do not.
    assert!(compared > SETS / 2 && intervals > 5_000, "{compared} sets, {intervals} intervals");
}
