//! Health, metrics, tokens, overload, stopping.

use std::{
    thread,
    time::{Duration, Instant},
};

use automl_pack_serve::{Limits, Options};

use crate::support::{ROW, quiet, receive, send, serve, serve_with, titanic};

const JSON: (&str, &str) = ("content-type", "application/json");
const PATH: &str = "/v1/models/titanic/predict";

#[test]
fn it_lives_at_once_and_is_ready_when_bundles_are_open() {
    let served = serve_with(quiet(), &[]);
    assert_eq!(served.get("/livez").status, 200);
    for path in ["/readyz", "/v1/models", "/v1/models/titanic"] {
        let answer = served.get(path);
        assert_eq!((answer.status, answer.code().as_str()), (503, "not_ready"), "{path}");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!(served.get("/v2/health/ready").status, 503);
    served.opener.open(&[titanic()]).unwrap();
    assert_eq!(served.get("/readyz").status, 200);
    served.check_alive();
}

#[test]
fn two_bundles_of_one_name_and_version_are_refused() {
    let served = serve_with(quiet(), &[]);
    let refused = served.opener.open(&[titanic(), titanic()]).unwrap_err().to_string();
    assert!(refused.contains("is there twice"), "{refused}");
    assert_eq!(served.get("/readyz").status, 503);
}

#[test]
fn requests_carry_ids_and_traces() {
    let served = serve();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = served.ask("GET", "/livez", &[("x-request-id", "mine"), ("traceparent", trace)], b"");
    assert_eq!(answer.header("x-request-id"), Some("mine"));
    let given = answer.header("traceparent").unwrap();
    assert!(given.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && given != trace, "{given}");
    let (first, second) = (served.get("/livez"), served.get("/livez"));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert_eq!(first.header("traceparent"), None);
}

#[test]
fn metrics_count_requests_rows_cells_and_drift() {
    let served = serve();
    for _ in 0..3 {
        served.check_alive();
    }
    assert_eq!(served.predict(ROW.replace("34.5", "\"old\"")).status, 422);
    assert_eq!(served.get("/nowhere/at/all").status, 404);
    let text = served.get("/metrics").text();
    let has = |line: &str| assert!(text.lines().any(|found| found.starts_with(line)), "{line} in {text}");
    let version = served.get("/v1/models/titanic").json()["version"].as_str().unwrap().to_owned();
    let of = format!("model=\"titanic\",version=\"{version}\"");
    let route = "route=\"/v1/models/{name}/predict\"";
    has(&format!("automl_pack_requests_total{{{route},{of},status=\"200\"}} 3"));
    has(&format!("automl_pack_requests_total{{{route},{of},status=\"422\"}} 1"));
    has("automl_pack_requests_total{route=\"elsewhere\",status=\"404\"} 1");
    has(&format!("automl_pack_request_seconds_bucket{{{route},{of},le=\"+Inf\"}} 4"));
    has(&format!("automl_pack_rows_total{{{of}}} 4"));
    has(&format!("automl_pack_rows_refused_total{{{of}}} 1"));
    has(&format!("automl_pack_cells_flawed_total{{{of},flaw=\"missing\"}} 3"));
    has("automl_pack_ready 1");
    has("process_resident_memory_bytes ");
    has("automl_pack_drift_rows");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn a_token_is_asked_of_everyone_but_of_who_looks_whether_it_lives() {
    let served = serve_with(Options { token: Some("open-sesame".to_owned()), ..quiet() }, &[titanic()]);
    for path in ["/", "/livez", "/readyz", "/ping", "/v2/health/live"] {
        assert_eq!(served.get(path).status, 200, "{path}");
    }
    for path in ["/metrics", "/openapi.json", "/v1/models", "/v2/models/titanic", "/nowhere"] {
        let answer = served.get(path);
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    for wrong in ["Bearer open-sesam", "open-sesame", "Basic open-sesame", "Bearer ", "Bearer"] {
        assert_eq!(served.ask("GET", "/v1/models", &[("authorization", wrong)], b"").status, 401, "{wrong}");
    }
    let right = ("authorization", "Bearer open-sesame");
    assert_eq!(served.ask("GET", "/v1/models", &[right], b"").status, 200);
    assert_eq!(served.ask("POST", PATH, &[right, JSON], ROW.as_bytes()).status, 200);
}

#[test]
fn overload_is_refused_at_once_and_what_is_taken_is_answered() {
    let limits = Limits { waiting: 2, ..Limits::default() };
    let served = serve_with(Options { limits, threads: 1, ..quiet() }, &[titanic()]);
    let rows = format!("[{}]", vec![ROW; 2000].join(","));
    let statuses: Vec<(u16, Option<String>)> = thread::scope(|scope| {
        let ask = || {
            let answer = served.predict(&rows);
            (answer.status, answer.header("retry-after").map(str::to_owned))
        };
        let threads: Vec<_> = (0..24).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |status| statuses.iter().filter(|(found, _)| *found == status).count();
    assert_eq!(count(200) + count(429), 24, "{statuses:?}");
    // Two may wait, whether or not the first was taken up before the others came.
    assert!(count(200) >= 2 && count(429) > 0, "{statuses:?}");
    assert!(statuses.iter().all(|(status, retry)| (*status == 429) == retry.is_some()));
    served.check_alive();
}

#[test]
fn an_answer_that_takes_too_long_is_given_up() {
    let limits = Limits { answer: Duration::from_millis(1), ..Limits::default() };
    let served = serve_with(Options { limits, threads: 1, ..quiet() }, &[titanic()]);
    let answer = served.predict(format!("[{}]", vec![ROW; 20_000].join(",")));
    assert_eq!((answer.status, answer.code().as_str()), (503, "took_too_long"));
}

#[test]
fn a_server_that_stops_finishes_what_it_began_and_refuses_the_rest() {
    let served = serve_with(Options { threads: 1, ..quiet() }, &[titanic()]);
    let rows = format!("[{}]", vec![ROW; 20_000].join(","));
    let (mut busy, mut idle) = (served.connect(), served.connect());
    send(&mut idle, "GET", "/livez", &[], b"");
    assert_eq!(receive(&mut idle).status, 200);
    send(&mut busy, "POST", PATH, &[JSON], rows.as_bytes());
    // It is in flight when the server says so.
    let began = Instant::now();
    while !served.get("/metrics").text().contains("automl_pack_requests_in_flight 2") {
        assert!(began.elapsed() < Duration::from_secs(10), "never in flight");
    }
    served.begin_stop();
    thread::sleep(Duration::from_millis(120));
    send(&mut idle, "POST", PATH, &[JSON], ROW.as_bytes());
    let refused = receive(&mut idle);
    assert_eq!((refused.status, refused.code().as_str()), (503, "stopping"));
    assert_eq!(refused.header("connection"), Some("close"));
    assert_eq!(served.get("/readyz").status, 503);
    let answer = receive(&mut busy);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["predictions"].as_array().unwrap().len(), 20_000);
    served.stop();
}

#[test]
fn requests_that_arrive_together_get_what_they_get_alone() {
    let served = serve_with(Options { threads: 1, ..quiet() }, &[titanic()]);
    let ages: Vec<String> =
        (0..24).map(|age| if age % 8 == 5 { "\"old\"".to_owned() } else { age.to_string() }).collect();
    let row = |age: &String| ROW.replace("34.5", age);
    let share = |age: &String| {
        let answer = served.predict(row(age));
        (answer.status, answer.json()["predictions"][0]["probability_1"].as_f64())
    };
    let alone: Vec<_> = ages.iter().map(share).collect();
    let together: Vec<_> = thread::scope(|scope| {
        // While this is scored, the others wait for it.
        let many = format!("[{}]", vec![ROW; 2000].join(","));
        let (served, share) = (&served, &share);
        let busy = scope.spawn(move || served.predict(many).status);
        let threads: Vec<_> = ages.iter().map(|age| scope.spawn(move || share(age))).collect();
        assert_eq!(busy.join().unwrap(), 200);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (age, (alone, together)) in ages.iter().zip(alone.iter().zip(&together)) {
        assert_eq!(alone.0, together.0, "{age}");
        assert_eq!(alone.0, if age == "\"old\"" { 422 } else { 200 });
        let distance = alone.1.unwrap_or_default() - together.1.unwrap_or_default();
        assert!(distance.abs() < 1e-6, "{age}: {alone:?} {together:?}");
    }
}
