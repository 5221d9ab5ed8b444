//! Bundles that are exchanged while they are asked.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use automl_pack_serve::{Bundle, Options};

use crate::support::{Served, TOKEN, churn, put, quiet, serve_with, titanic};

fn version(served: &Served) -> String {
    served.get("/v1/models/churn").json()["version"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_bundle_is_put_with_a_token_and_versions_stand_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) =
        (churn(&folder.path().join("1.zip"), "1.0.0"), churn(&folder.path().join("2.zip"), "2.0.0"));
    let served = serve_with(Options { put_token: Some(TOKEN.to_owned()), ..quiet() }, &[titanic()]);
    assert_eq!(served.ask("PUT", "/v1/models/churn", &[], &one).status, 401);
    assert_eq!(put(&served, "churn", &two).json()["version"], "2.0.0");
    assert_eq!(put(&served, "churn", &one).json()["version"], "1.0.0");
    assert_eq!(version(&served), "1.0.0", "the last that was put answers");
    assert_eq!(served.get("/v1/models/churn/versions/2.0.0").status, 200);
    let example = served.get("/v1/models/churn").json()["example"].to_string();
    let share = |version: &str| {
        let path = format!("/v1/models/churn/versions/{version}/predict");
        served.post(&path, "application/json", &example).json()["predictions"][0].clone()
    };
    assert_ne!(share("1.0.0"), share("2.0.0"));

    let token = format!("Bearer {TOKEN}");
    let delete = |version: &str| {
        let path = format!("/v1/models/churn/versions/{version}");
        served.ask("DELETE", &path, &[("authorization", &token)], b"").status
    };
    assert_eq!((delete("1.0.0"), delete("1.0.0")), (200, 404));
    assert_eq!(version(&served), "2.0.0");
}

#[test]
fn a_bundle_that_is_refused_leaves_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = churn(&folder.path().join("1.zip"), "1.0.0");
    let served = serve_with(Options { put_token: Some(TOKEN.to_owned()), ..quiet() }, &[titanic()]);
    assert_eq!(put(&served, "churn", &bytes).status, 200);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let refused = put(&served, "churn", &bytes);
    assert_eq!((refused.status, refused.code().as_str()), (422, "bad_bundle"));
    assert_eq!(put(&served, "churn", b"").status, 422);
    assert_eq!(put(&served, "-churn", &bytes).status, 400);
    assert_eq!(version(&served), "1.0.0");
}

#[test]
fn without_a_token_nothing_can_be_put() {
    let served = serve_with(quiet(), &[titanic()]);
    let answer = served.ask("PUT", "/v1/models/x", &[("authorization", "Bearer ")], b"x");
    assert_eq!(answer.status, 401);
}

#[test]
fn a_file_that_changes_is_opened_again_and_no_request_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("served.pack.zip");
    churn(&path, "1.0.0");
    let bundle = Bundle { path: path.clone(), name: None };
    let served = serve_with(Options { watch: true, ..quiet() }, &[bundle]);
    let example = served.get("/v1/models/churn").json()["example"].to_string();
    let is_over = AtomicBool::new(false);
    let asked = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut asked = 0;
            while !is_over.load(Ordering::Acquire) {
                let answer = served.post("/v1/models/churn/predict", "application/json", &example);
                assert_eq!(answer.status, 200, "{}", answer.text());
                asked += 1;
            }
            asked
        });
        // The first look at the file is before it changes.
        thread::sleep(Duration::from_millis(1500));
        let next = folder.path().join("next.zip");
        churn(&next, "2.0.0");
        fs::rename(&next, &path).unwrap();
        let began = Instant::now();
        while version(&served) != "2.0.0" {
            assert!(began.elapsed() < Duration::from_secs(20), "it is never opened again");
            thread::sleep(Duration::from_millis(50));
        }
        fs::write(&path, b"no bundle").unwrap();
        thread::sleep(Duration::from_millis(3000));
        is_over.store(true, Ordering::Release);
        asking.join().unwrap()
    });
    assert!(asked > 50, "{asked}");
    assert_eq!(version(&served), "2.0.0", "one that is refused leaves the one before");
    assert_eq!(served.get("/v1/models/churn/versions/1.0.0").status, 404);
    let text = served.get("/metrics").text();
    assert!(text.contains("automl_pack_reloads_total{model=\"churn\",outcome=\"reloaded\"} 1"), "{text}");
    assert!(text.contains("outcome=\"refused\"} 1"), "{text}");
}

/// Waits until these versions, and no others, are served.
fn wait_for(served: &Served, wanted: &[&str]) {
    let began = Instant::now();
    loop {
        let told = served.get("/v1/models").json();
        let versions: Vec<&str> =
            told["served"].as_array().unwrap().iter().map(|one| one["version"].as_str().unwrap()).collect();
        if versions == wanted {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{versions:?}, expected {wanted:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn files_may_exchange_their_versions() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a.zip", "b.zip"].map(|name| folder.path().join(name));
    let all = ["1.0.0", "2.0.0", "3.0.0"].map(|version| churn(&folder.path().join(version), version));
    fs::write(&a, &all[0]).unwrap();
    fs::write(&b, &all[1]).unwrap();
    let bundles = [&a, &b].map(|path| Bundle { path: path.clone(), name: None });
    let served = serve_with(Options { watch: true, ..quiet() }, &bundles);
    // Also right after the start.
    fs::write(&a, &all[1]).unwrap();
    fs::write(&b, &all[2]).unwrap();
    wait_for(&served, &["2.0.0", "3.0.0"]);
    // One after the other: the first waits for the second.
    fs::write(&a, &all[2]).unwrap();
    thread::sleep(Duration::from_millis(2500));
    wait_for(&served, &["2.0.0", "3.0.0"]);
    assert!(served.get("/metrics").text().contains("outcome=\"refused\""));
    fs::write(&b, &all[0]).unwrap();
    wait_for(&served, &["1.0.0", "3.0.0"]);
    assert_eq!(version(&served), "1.0.0", "the file that was the main one's stays it");
    // Each other's, at once.
    let refused =
        |text: &str| text.lines().find(|line| line.contains("outcome=\"refused\"")).map(str::to_owned);
    let before = refused(&served.get("/metrics").text());
    fs::write(&a, &all[0]).unwrap();
    fs::write(&b, &all[2]).unwrap();
    let began = Instant::now();
    while version(&served) != "3.0.0" {
        assert!(began.elapsed() < Duration::from_secs(20), "they never exchange");
        thread::sleep(Duration::from_millis(50));
    }
    wait_for(&served, &["1.0.0", "3.0.0"]);
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(refused(&served.get("/metrics").text()), before);
}

#[test]
fn what_was_put_over_or_deleted_comes_from_its_file_again_when_that_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("churn.zip");
    let one = churn(&path, "1.0.0");
    let two = churn(&folder.path().join("2"), "2.0.0");
    let bundle = Bundle { path: path.clone(), name: None };
    let options = Options { watch: true, put_token: Some(TOKEN.to_owned()), ..quiet() };
    let served = serve_with(options, &[bundle]);
    assert_eq!(put(&served, "churn", &one).status, 200);
    let token = format!("Bearer {TOKEN}");
    let path_of_one = "/v1/models/churn/versions/1.0.0";
    assert_eq!(served.ask("DELETE", path_of_one, &[("authorization", &token)], b"").status, 200);
    assert_eq!(served.get("/readyz").status, 503, "nothing is served");
    fs::write(&path, &two).unwrap();
    wait_for(&served, &["2.0.0"]);
    assert_eq!(served.get("/readyz").status, 200);
}
