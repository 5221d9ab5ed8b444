//! Requests that are divided among versions, and versions that score along.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use automl_pack_serve::{Bundle, Options, Traffic};
use serde_json::{Value, json};

use crate::support::{Answer, Served, TOKEN, churn, put, quiet, serve_with, titanic};

/// A server of two versions.
fn two(options: Options) -> (Served, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let bundles = ["1.0.0", "2.0.0"].map(|version| {
        let path = folder.path().join(version);
        churn(&path, version);
        Bundle { path, name: None }
    });
    (serve_with(Options { put_token: Some(TOKEN.to_owned()), ..options }, &bundles), folder)
}

fn direct(served: &Served, traffic: &Value) -> Answer {
    let token = format!("Bearer {TOKEN}");
    let path = "/v1/models/churn/traffic";
    served.ask("PUT", path, &[("authorization", &token)], traffic.to_string().as_bytes())
}

/// How many of a hundred requests each version answers.
fn answered(served: &Served) -> BTreeMap<String, usize> {
    let example = served.get("/v1/models/churn").json()["example"].to_string();
    let mut counts = BTreeMap::new();
    for _ in 0..100 {
        let answer = served.post("/v1/models/churn/predict", "application/json", &example);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let version = answer.header("x-model-version").unwrap().to_owned();
        assert_eq!(answer.json()["version"], version.as_str());
        *counts.entry(version).or_default() += 1;
    }
    counts
}

#[test]
fn a_canary_gets_its_share_in_every_protocol_and_a_named_version_all_of_its_own() {
    let (served, _folder) = two(quiet());
    assert_eq!(answered(&served), BTreeMap::from([("2.0.0".to_owned(), 100)]), "the highest answers");
    let traffic = direct(&served, &json!({ "shares": { "1.0.0": 3, "2.0.0": 1 } })).json();
    assert_eq!(traffic["shares"]["1.0.0"], 3.0);
    let counts = answered(&served);
    assert!((24..=26).contains(&counts["2.0.0"]) && counts["1.0.0"] + counts["2.0.0"] == 100, "{counts:?}");

    let example = served.get("/v1/models/churn").json()["example"].clone();
    let versions = |path: &str, body: &Value, headers: &[(&str, &str)]| {
        let headers = [&[("content-type", "application/json")], headers].concat();
        let of = |_| {
            let answer = served.ask("POST", path, &headers, body.to_string().as_bytes());
            assert_eq!(answer.status, 200, "{path} {}", answer.text());
            answer.header("x-model-version").unwrap().to_owned()
        };
        (0..40).map(of).collect::<std::collections::BTreeSet<_>>()
    };
    let records = json!({ "instances": [example] });
    assert_eq!(versions("/v1/models/churn:predict", &records, &[]).len(), 2);
    assert_eq!(versions("/invocations", &json!({ "dataframe_records": [example] }), &[]).len(), 2);
    assert_eq!(versions("/v1/models/churn/versions/2.0.0/predict", &example, &[]).len(), 1);
    assert_eq!(versions("/v1/models/churn/predict", &example, &[("x-route-by", "customer-7")]).len(), 1);
    assert_eq!(served.get("/v1/models/churn").json()["version"], "2.0.0");
}

#[test]
fn a_bundle_is_put_beside_the_others_for_a_percentage() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = ["1.0.0", "2.0.0", "3.0.0"].map(|version| churn(&folder.path().join(version), version));
    let served = serve_with(Options { put_token: Some(TOKEN.to_owned()), ..quiet() }, &[titanic()]);
    assert_eq!(put(&served, "churn?share=10", &bytes[0]).status, 200, "the first is alone");
    assert_eq!(answered(&served)["1.0.0"], 100);
    assert_eq!(put(&served, "churn?share=0", &bytes[1]).status, 200);
    assert_eq!(answered(&served)["1.0.0"], 100, "it is there, and answers nothing");
    assert_eq!(put(&served, "churn?share=20", &bytes[2]).status, 200);
    let counts = answered(&served);
    assert!((19..=21).contains(&counts["3.0.0"]) && !counts.contains_key("2.0.0"), "{counts:?}");
    let plain = put(&served, "churn", &bytes[1]).json();
    assert_eq!(plain["share"], 0.0, "beside others that have shares, one without is told so");
    for query in ["share=101", "share=x", "sahre=5"] {
        assert_eq!(put(&served, &format!("churn?{query}"), &bytes[2]).status, 400, "{query}");
    }
    let token = format!("Bearer {TOKEN}");
    served.ask("DELETE", "/v1/models/churn/versions/1.0.0", &[("authorization", &token)], b"");
    assert_eq!(answered(&served), BTreeMap::from([("3.0.0".to_owned(), 100)]), "those that are left");
}

#[test]
fn a_shadow_scores_along_and_is_compared_and_nobody_hears_of_it() {
    let shadows = ["1.0.0".to_owned()].into();
    let traffic = BTreeMap::from([("churn".to_owned(), Traffic { shadows, ..Traffic::default() })]);
    let (served, _folder) = two(Options { traffic, ..quiet() });
    assert_eq!(answered(&served)["2.0.0"], 100);
    let began = Instant::now();
    let compared = loop {
        let told = served.get("/v1/models/churn/traffic").json();
        let compared = told["compared"]["1.0.0"].clone();
        assert!(compared.is_object(), "{told}");
        let seen = compared["rows"].as_u64().unwrap() + compared["left_out"].as_u64().unwrap();
        if seen == 100 {
            break compared;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{compared}");
        thread::sleep(Duration::from_millis(20));
    };
    assert!(compared["rows"].as_u64().unwrap() > 50, "one after the other, few are left out: {compared}");

    // Other weights of the same members: what they differ by is known.
    let example = served.get("/v1/models/churn").json()["example"].to_string();
    let share = |version: &str| {
        let path = format!("/v1/models/churn/versions/{version}/predict");
        let answer = served.post(&path, "application/json", &example).json();
        let cells = answer["predictions"][0].as_object().unwrap().clone();
        let share = cells.iter().find(|(name, _)| name.starts_with("probability_")).unwrap().1;
        share.as_f64().unwrap()
    };
    let apart = (share("1.0.0") - share("2.0.0")).abs();
    let (largest, all) =
        (compared["largest_difference"].as_f64().unwrap(), compared["difference"].as_f64().unwrap());
    assert!((largest - apart).abs() < 1e-6, "{largest} {apart}");
    assert!((all / compared["rows"].as_f64().unwrap() - apart).abs() < 1e-6, "{all}");

    let text = served.get("/metrics").text();
    assert!(text.contains("automl_pack_shadow_rows_total{model=\"churn\",version=\"1.0.0\"}"), "{text}");
    assert!(!text.contains("automl_pack_rows_total{model=\"churn\",version=\"1.0.0\"} 100"), "{text}");
}

#[test]
fn traffic_that_cannot_be_is_refused_and_what_was_stays() {
    let (served, _folder) = two(quiet());
    direct(&served, &json!({ "shares": { "1.0.0": 1 } }));
    for (traffic, status) in [
        (json!({ "shares": { "9.0.0": 1 } }), 400),
        (json!({ "shares": { "1.0.0": 0 } }), 400),
        (json!({ "shares": { "1.0.0": -1 } }), 400),
        (json!({ "shadows": ["9.0.0"] }), 400),
        (json!({ "sahres": {} }), 400),
        (json!([]), 400),
        (json!({ "shares": null }), 400),
    ] {
        let answer = direct(&served, &traffic);
        assert_eq!(answer.status, status, "{traffic} {}", answer.text());
    }
    assert_eq!(answered(&served)["1.0.0"], 100);
    let path = "/v1/models/churn/traffic";
    assert_eq!(served.ask("PUT", path, &[], b"{}").status, 401);
    assert_eq!(served.get("/v1/models/none/traffic").status, 404);
    assert_eq!(direct(&served, &json!({})).json()["main"], "2.0.0");
    assert_eq!(answered(&served)["2.0.0"], 100, "nothing said: the main version answers all");
}
