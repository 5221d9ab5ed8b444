//! A server on a free port, and a client of a page.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use automl_pack_ensemble::Auto;
use automl_pack_serve::{Bundle, Error, Log, Opener, Options, Server};
use serde_json::Value;

pub fn root(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A classification with texts, numbers and missing cells.
pub fn titanic() -> Bundle {
    Bundle { path: root("examples/titanic.pack.zip"), name: Some("titanic".parse().unwrap()) }
}

/// A bare graph.
pub fn trees() -> Bundle {
    Bundle { path: root("tests/fixtures/bare/trees.onnx"), name: Some("trees".parse().unwrap()) }
}

pub const ROW: &str = r#"{"Pclass": 3, "Sex": "male", "Age": 34.5, "SibSp": 0, "Parch": 0, "Fare": 7.83,
    "Cabin": null, "Embarked": "Q"}"#;

pub const TOKEN: &str = "let-me-put";

/// The same members under other weights, as another version.
pub fn churn(out: &Path, version: &str) -> Vec<u8> {
    let schema =
        serde_json::from_slice(&fs::read(root("tests/fixtures/graphs/schema.json")).unwrap()).unwrap();
    let model = |name: &str| fs::read(root(&format!("tests/fixtures/graphs/{name}.onnx"))).unwrap();
    Auto::builder()
        .name("churn")
        .version(version)
        .schema(schema)
        .weighted_member("logistic", model("logistic"), if version == "1.0.0" { 0.75 } else { 0.25 })
        .weighted_member("network", model("network"), if version == "1.0.0" { 0.25 } else { 0.75 })
        .write(out)
        .unwrap();
    fs::read(out).unwrap()
}

pub fn put(served: &Served, name: &str, bytes: &[u8]) -> Answer {
    let token = format!("Bearer {TOKEN}");
    served.ask("PUT", &format!("/v1/models/{name}"), &[("authorization", &token)], bytes)
}

/// A server that runs until it is dropped.
pub struct Served {
    pub addr: SocketAddr,
    pub opener: Opener,
    stop: Arc<AtomicBool>,
    running: Option<JoinHandle<Result<(), Error>>>,
}

pub fn quiet() -> Options {
    Options { log: Log::Nothing, watch: false, ..Options::default() }
}

pub fn serve() -> Served {
    serve_with(quiet(), &[titanic()])
}

pub fn serve_with(options: Options, bundles: &[Bundle]) -> Served {
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), options).unwrap();
    let (addr, opener) = (server.addr(), server.opener());
    if !bundles.is_empty() {
        server.open(bundles).unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&stop);
    let running = thread::spawn(move || server.run_until(|| is_over.load(Ordering::Acquire)));
    Served { addr, opener, stop, running: Some(running) }
}

impl Served {
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, content_type: &str, body: impl AsRef<[u8]>) -> Answer {
        self.ask("POST", path, &[("content-type", content_type)], body.as_ref())
    }

    pub fn predict(&self, body: impl AsRef<[u8]>) -> Answer {
        self.post("/v1/models/titanic/predict", "application/json", body)
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        send(&mut stream, method, path, headers, body);
        receive(&mut stream)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// It answers as if nothing had happened.
    pub fn check_alive(&self) {
        let answer = self.predict(ROW);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    pub fn begin_stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    pub fn stop(mut self) {
        self.begin_stop();
        self.running.take().unwrap().join().unwrap().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.begin_stop();
        if let Some(running) = self.running.take() {
            let _ = running.join();
        }
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The code of a refusal in our own style.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_else(|| panic!("{}", self.text())).to_owned()
    }
}

pub fn send(stream: &mut TcpStream, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: here\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    // A server that refuses early may close before all was sent.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// One answer, of a known length.
pub fn receive(stream: &mut TcpStream) -> Answer {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&head)),
        }
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    Answer { status, headers, body }
}
