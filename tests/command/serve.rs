//! `serve`: a process that listens until it is told to stop.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
};

use serde_json::Value;

use super::*;

/// A server with what it told on stderr, line by line.
struct Serving {
    child: Child,
    told: BufReader<std::process::ChildStderr>,
    addr: String,
}

/// Starts one in a folder, and waits until its bundles are open.
fn serve(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Serving {
    let mut command = command(&["serve"]);
    command.args(arguments).current_dir(folder).envs(variables.iter().copied());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let (mut addr, mut opened) = (None, false);
    while addr.is_none() || !opened {
        let mut line = String::new();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended");
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        match line["event"].as_str() {
            Some("listening") => addr = Some(line["addr"].as_str().unwrap().to_owned()),
            Some("opened") => opened = true,
            _ => {}
        }
    }
    Serving { child, told, addr: addr.unwrap() }
}

impl Serving {
    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.addr).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: here\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// The rest of what it told, and how it ended.
    fn end(mut self) -> (i32, String) {
        let mut rest = String::new();
        self.told.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code().unwrap(), rest)
    }
}

#[test]
fn answers_tells_of_it_and_stops_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let serving = serve(folder.path(), &[&bundle(), "--addr", "127.0.0.1:0"], &[]);
    assert!(serving.ask("GET", "/readyz", "", "").starts_with("HTTP/1.1 200"));
    let answer = serving.ask("POST", "/v1/models/titanic/predict", "x-request-id: mine\r\n", "[]");
    assert!(answer.starts_with("HTTP/1.1 422") && answer.contains("there are no rows"), "{answer}");
    let answer = serving.ask("GET", "/", "", "");
    assert!(answer.contains("<!doctype html>"), "the page is in the binary");
    serving.signal("HUP");
    serving.signal("TERM");
    let (code, told) = serving.end();
    assert_eq!(code, 0, "{told}");
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused = lines.iter().find(|line| line["request"] == "mine").unwrap();
    assert_eq!((&refused["status"], &refused["code"]), (&Value::from(422), &Value::from("bad_rows")));
    assert!(lines.iter().any(|line| line["event"] == "stopped"), "{told}");
}

/// A connection that asks again and again, with an answer of a known length.
struct Asking(BufReader<TcpStream>);

impl Asking {
    fn ask(&mut self, head: &str, body: &str) -> u16 {
        let request =
            format!("{head} HTTP/1.1\r\nhost: here\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "it closed");
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.trim().parse().unwrap();
            } else if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        status
    }
}

#[test]
fn memory_stays_flat_over_many_requests_good_and_bad() {
    let folder = tempfile::tempdir().unwrap();
    let serving = serve(folder.path(), &[&bundle(), "--addr", "127.0.0.1:0", "--log", "events"], &[]);
    let row = r#"{"Pclass": 3, "Sex": "male", "Age": 34.5, "SibSp": 0, "Parch": 0, "Fare": 7.83, "Cabin": null, "Embarked": "Q"}"#;
    let many = format!("[{}]", vec![row; 500].join(","));
    let bad = row.replace("34.5", "\"old\"");
    let resident = || {
        let text = serving.ask("GET", "/metrics", "", "");
        let line = text.lines().find(|line| line.starts_with("process_resident_memory_bytes ")).unwrap();
        line.split(' ').nth(1).unwrap().parse::<f64>().unwrap() / 1e6
    };
    let soak = |rounds: usize| {
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut asking = Asking(BufReader::new(TcpStream::connect(&serving.addr).unwrap()));
                    for round in 0..rounds {
                        let path = "POST /v1/models/titanic/predict";
                        let (head, body, status) = match round % 100 {
                            0 => (path, &*many, 200),
                            // A name that was never asked for becomes no label of a metric.
                            1 => (&*format!("GET /v1/models/unknown-{round}"), "", 404),
                            2 => (path, &*bad, 422),
                            3 => (path, "{", 400),
                            _ => (path, row, 200),
                        };
                        assert_eq!(asking.ask(head, body), status);
                    }
                });
            }
        });
    };
    soak(1000);
    let before = resident();
    soak(5000);
    let after = resident();
    // A kilobyte and a half kept of each request would be more.
    assert!(after < before + 24.0, "{before} MB became {after} MB");
    serving.signal("TERM");
    assert_eq!(serving.end().0, 0);
}

#[test]
fn reads_options_from_the_command_line_the_environment_and_a_file_in_this_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!(
        "[serve]\nbundles = [\"churn={}\"]\naddr = \"127.0.0.1:0\"\nmax-rows = 1\nmax-body = \"1MB\"\ntoken = \"of-the-file\"\n\
         log = \"events\"\nno-watch = true\nshare = [\"churn@1.0.0=5\"]\n",
        bundle()
    );
    fs::write(folder.path().join("automl-pack.toml"), file).unwrap();
    let token = [("AUTOML_PACK_TOKEN", "of-the-environment"), ("AUTOML_PACK_MAX_ROWS", "2")];
    let serving = serve(folder.path(), &["--max-rows", "3"], &token);
    let ask = |token: &str, rows: usize| {
        let body = format!("[{}]", vec!["{}"; rows].join(","));
        serving.ask("POST", "/v1/models/churn/predict", &format!("authorization: Bearer {token}\r\n"), &body)
    };
    assert!(ask("of-the-file", 1).starts_with("HTTP/1.1 401"));
    assert!(ask("of-the-environment", 4).contains("4 rows: at most 3 are taken at once"));
    let traffic =
        serving.ask("GET", "/v1/models/churn/traffic", "authorization: Bearer of-the-environment\r\n", "");
    assert!(traffic.contains("\"shares\":{\"1.0.0\":5.0}"), "{traffic}");
    serving.signal("INT");
    assert_eq!(serving.end().0, 0);
}

#[test]
fn a_file_that_cannot_be_is_refused_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    let refused = |text: &str| {
        fs::write(&file, text).unwrap();
        let (code, out, err) = run(&["serve", &bundle(), "--config", path(&file)]);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains("settings.toml: "), "{err}");
        err
    };
    assert!(refused("[serve\n").contains("line 1"));
    assert!(refused("serve = 1").contains("expected [serve]"));
    assert!(refused("[server]").contains("\"server\" is not known"));
    assert!(
        refused("[serve]\nmax-bdy = 1").contains("[serve] max-bdy: it is not known: there are bundles, ")
    );
    assert!(refused("[serve]\nmax-body = \"1XB\"").contains("[serve] max-body: invalid value '1XB'"));
    assert!(refused("[serve]\npolicy = \"x\"").contains("possible values: impute, null, error"));
    assert!(refused("[serve]\ntoken = { a = 1 }").contains("it cannot be table"));
    assert!(refused("[serve]\nconfig = \"x\"").contains("it is not known"));
    assert!(refused("[serve]\nno-watch = \"maybe\"").contains("it is maybe: expected true or false"));
}

#[test]
fn what_cannot_be_served_is_told_and_nothing_listens_on() {
    let (code, _, err) = run(&["serve"]);
    assert_eq!(code, 2);
    assert!(err.contains("there is no bundle to serve"), "{err}");
    let (code, _, err) = run(&["serve", "nowhere.zip", "--addr", "127.0.0.1:0", "--log", "nothing"]);
    assert_eq!(code, 2);
    assert!(err.contains("nowhere.zip"), "{err}");
    let (code, _, err) = run(&["serve", &rows(), "--addr", "127.0.0.1:0", "--log", "nothing"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("titanic.csv"), "{err}");
    let share =
        ["serve", &bundle(), "--addr", "127.0.0.1:0", "--log", "nothing", "--share", "titanic@7.0.0=1"];
    let (code, _, err) = run(&share);
    assert_eq!(code, 2);
    assert!(err.contains("traffic of titanic: there is no version \"7.0.0\""), "{err}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, _, err) = run(&["serve", &bundle(), "--addr", &taken.local_addr().unwrap().to_string()]);
    assert_eq!(code, 2);
    assert!(err.contains("cannot be listened on"), "{err}");
}

#[test]
fn https_is_spoken_with_the_files_that_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    let (pem, key) = (tls.join("first.pem"), tls.join("first.key"));
    let arguments = [&bundle(), "--addr", "127.0.0.1:0", "--tls-cert", path(&pem), "--tls-key", path(&key)];
    let serving = serve(folder.path(), &arguments, &[]);
    let mut stream = TcpStream::connect(&serving.addr).unwrap();
    // What no TLS can begin with is answered by an alert, which is a record of type 21.
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut first = [0];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(first, [21]);
    serving.signal("TERM");
    assert_eq!(serving.end().0, 0);
    let (code, _, err) = run(&["serve", &bundle(), "--tls-cert", path(&pem)]);
    assert_eq!(code, 2);
    assert!(err.contains("--tls-key"), "{err}");
}

#[test]
fn a_log_that_nobody_reads_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = serve(folder.path(), &[&bundle(), "--addr", "127.0.0.1:0"], &[]);
    let mut asking = Asking(BufReader::new(TcpStream::connect(&serving.addr).unwrap()));
    for _ in 0..6000 {
        assert_eq!(asking.ask("GET /livez", ""), 200);
    }
    let metrics = serving.ask("GET", "/metrics", "", "");
    let left = metrics.lines().find_map(|line| line.strip_prefix("automl_pack_log_lines_left_out ")).unwrap();
    assert!(left.parse::<f64>().unwrap() > 0.0, "{left}");
    serving.signal("TERM");
    assert!(serving.child.wait().unwrap().success());
}
