//! What is thrown at a server leaves it serving.

use std::{
    io::{Read, Write},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use arrow_array::{Int64Array, RecordBatch, StringArray};
use arrow_ipc::{
    CompressionType,
    writer::{FileWriter, IpcWriteOptions, StreamWriter},
};
use automl_pack_serve::{Limits, Options};

use crate::support::{ROW, quiet, receive, send, serve, serve_with, titanic};

#[test]
fn garbage_in_place_of_http_leaves_it_serving() {
    let served = serve();
    let mut noise = 0x2545_f491_4f6c_dd1d_u64;
    for length in [1, 7, 100, 5000, 100_000] {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                noise as u8
            })
            .collect();
        let mut stream = served.connect();
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
        served.check_alive();
    }
    for text in [
        "GET / HTTP/9.9\r\n\r\n",
        "GET\r\n\r\n",
        "\r\n\r\n\r\n",
        "POST /v1/models/titanic/predict HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        "POST /v1/models/titanic/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "POST /v1/models/titanic/predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "GET / HTTP/1.1\r\n: x\r\n\r\n",
    ] {
        let mut stream = served.connect();
        stream.write_all(text.as_bytes()).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"), "{text:?}: {answer}");
        served.check_alive();
    }
}

#[test]
fn huge_headers_are_refused() {
    let served = serve();
    let huge = "x".repeat(1 << 20);
    let many: Vec<(String, String)> =
        (0..500).map(|number| (format!("x-{number}"), "y".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for headers in [vec![("x-huge", huge.as_str())], many] {
        let mut stream = served.connect();
        send(&mut stream, "GET", "/livez", &headers, b"");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        served.check_alive();
    }
    assert!(served.get(&format!("/{}", "a".repeat(60_000))).status >= 400);
    served.check_alive();
}

#[test]
fn json_that_breaks_off_or_is_broken_at_any_byte_is_refused_or_scored() {
    let served = serve();
    let mut stream = served.connect();
    let row = ROW.as_bytes();
    let mut ask = |body: &[u8]| {
        send(
            &mut stream,
            "POST",
            "/v1/models/titanic/predict",
            &[("content-type", "application/json")],
            body,
        );
        receive(&mut stream)
    };
    for length in 0..row.len() {
        let answer = ask(&row[..length]);
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_body"), "{length}");
    }
    for place in 0..row.len() {
        for byte in [0, b'"', b'{', b'\\', 0xff] {
            let mut broken = row.to_vec();
            broken[place] = byte;
            let answer = ask(&broken);
            assert!(matches!(answer.status, 200 | 400 | 422), "{place} {byte}: {}", answer.text());
        }
    }
    assert_eq!(ask(row).status, 200);
}

#[test]
fn tables_that_are_cut_or_none_are_refused() {
    let served = serve();
    let csv =
        b"Pclass,Sex,Age,SibSp,Parch,Fare,Cabin,Embarked\n3,male,34.5,0,0,7.83,,Q\n\xff,\xff,1,1,1,1,1,1\n";
    for kind in [
        "text/csv",
        "application/x-ndjson",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.arrow.file",
        "application/vnd.apache.parquet",
    ] {
        for body in [
            &b""[..],
            b"PAR1",
            b"PAR1xxxxPAR1",
            b"ARROW1\0\0",
            b"\xff\xff\xff\xff\xff\xff\xff\x7f",
            csv,
            b"\0\0",
        ] {
            let answer = served.post("/v1/models/titanic/predict", kind, body);
            assert!(
                matches!(answer.status, 400 | 413 | 422),
                "{kind} {body:?}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    served.check_alive();
}

#[test]
fn json_that_is_deep_or_has_many_names_is_refused() {
    let served = serve();
    for body in [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        format!("[{}]", (0..20_000).map(|row| format!("{{\"c{row}\":1}}")).collect::<Vec<_>>().join(",")),
        format!("{{\"a\": \"{}\"}}", "\u{fffd}".repeat(100_000)),
    ] {
        let answer = served.predict(body);
        assert!(matches!(answer.status, 400 | 422), "{}", answer.text());
    }
    served.check_alive();
}

#[test]
fn connections_that_say_nothing_or_stop_in_the_middle_are_closed() {
    let limits = Limits {
        headers: Duration::from_millis(300),
        arrival: Duration::from_millis(300),
        ..Limits::default()
    };
    let served = serve_with(Options { limits, ..quiet() }, &[titanic()]);
    let silent: Vec<_> = (0..50).map(|_| served.connect()).collect();
    let mut half = served.connect();
    half.write_all(b"GET /livez HTTP/1.1\r\nhost:").unwrap();
    let mut body = served.connect();
    body.write_all(b"POST /v1/models/titanic/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        .unwrap();
    let began = Instant::now();
    served.check_alive();
    let answer = receive(&mut body);
    assert_eq!((answer.status, answer.code().as_str()), (408, "too_slow"));
    let mut rest = Vec::new();
    let _ = half.read_to_end(&mut rest);
    for mut stream in silent {
        let _ = stream.read_to_end(&mut rest);
    }
    assert!(began.elapsed() < Duration::from_secs(10), "they were closed");
    served.check_alive();
}

#[test]
fn a_sender_that_goes_byte_by_byte_is_served_and_holds_up_nobody() {
    let served = serve();
    let addr = served.addr;
    let slow = thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(addr).unwrap();
        let head =
            "POST /v1/models/titanic/predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
        let request = format!("{head}content-length: {}\r\n\r\n{ROW}", ROW.len());
        for byte in request.bytes() {
            stream.write_all(&[byte]).unwrap();
            thread::sleep(Duration::from_millis(2));
        }
        receive(&mut stream).status
    });
    for _ in 0..20 {
        served.check_alive();
    }
    assert_eq!(slow.join().unwrap(), 200);
}

#[test]
fn bodies_beyond_the_limit_are_refused_whether_they_say_so_or_not() {
    let limits = Limits { body: 1000, ..Limits::default() };
    let served = serve_with(Options { limits, ..quiet() }, &[titanic()]);
    let answer = served.predict("x".repeat(1001));
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    let mut stream = served.connect();
    let head = "POST /v1/models/titanic/predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..30 {
        let _ = stream.write_all(format!("64\r\n{}\r\n", "x".repeat(100)).as_bytes());
    }
    assert_eq!(receive(&mut stream).status, 413);
    served.check_alive();
}

#[test]
fn who_goes_away_before_the_answer_leaves_it_serving() {
    let served = serve();
    for _ in 0..50 {
        let mut stream = served.connect();
        send(
            &mut stream,
            "POST",
            "/v1/models/titanic/predict",
            &[("content-type", "application/json")],
            ROW.as_bytes(),
        );
    }
    served.check_alive();
}

#[test]
fn requests_one_after_another_on_a_connection_are_answered_in_order() {
    let served = serve();
    let mut stream = served.connect();
    for _ in 0..3 {
        send(&mut stream, "GET", "/livez", &[], b"");
        send(&mut stream, "GET", "/nowhere", &[], b"");
    }
    let statuses: Vec<u16> = (0..6).map(|_| receive(&mut stream).status).collect();
    assert_eq!(statuses, [200, 404, 200, 404, 200, 404]);
}

#[test]
fn rows_of_too_many_columns_are_refused_before_columns_are_made() {
    let served = serve();
    let many = |cell: &str| vec![cell; 150_000].join(",");
    let fields: Vec<String> = (0..150_000).map(|name| format!("\"{name}\":1")).collect();
    let lists: Vec<String> = (0..150_000).map(|name| format!("\"{name}\":[1]")).collect();
    for body in [
        format!("[[{}]]", many("1")),
        format!("{{{}}}", fields.join(",")),
        format!("{{{}}}", lists.join(",")),
    ] {
        let answer = served.predict(body);
        assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    }
    let head = r#"{"inputs":[{"name":"x","shape":[1,150000],"datatype":"UINT8","parameters":{"binary_data_size":150000}}]}"#;
    let body = [head.as_bytes(), &[1; 150_000]].concat();
    let length = head.len().to_string();
    let answer = served.ask(
        "POST",
        "/v2/models/titanic/infer",
        &[("inference-header-content-length", &length)],
        &body,
    );
    assert_eq!(answer.status, 413, "{}", answer.text());
    served.check_alive();
}

#[test]
fn what_packed_bytes_claim_to_hold_is_not_believed() {
    // A body may unpack to 16 times its limit.
    let limits = Limits { body: 1 << 20, ..Limits::default() };
    let served = serve_with(Options { limits, ..quiet() }, &[titanic()]);
    let rows = |count: i64| {
        let column = Arc::new(Int64Array::from_iter_values((0..count).map(|number| number % 7)));
        RecordBatch::try_from_iter([("Age", column as arrow_array::ArrayRef)]).unwrap()
    };
    let write = |rows: &RecordBatch, packing, is_file: bool| {
        let options = IpcWriteOptions::default().try_with_compression(Some(packing)).unwrap();
        let mut bytes = Vec::new();
        if is_file {
            let mut writer = FileWriter::try_new_with_options(&mut bytes, &rows.schema(), options).unwrap();
            writer.write(rows).unwrap();
            writer.finish().unwrap();
        } else {
            let mut writer = StreamWriter::try_new_with_options(&mut bytes, &rows.schema(), options).unwrap();
            writer.write(rows).unwrap();
            writer.finish().unwrap();
        }
        bytes
    };
    for packing in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        for (is_file, kind) in
            [(false, "application/vnd.apache.arrow.stream"), (true, "application/vnd.apache.arrow.file")]
        {
            let mut bytes = write(&rows(1003), packing, is_file);
            let path = "/v1/models/titanic/predict";
            let answer = served.post(path, kind, &bytes);
            assert_eq!((answer.status, answer.code().as_str()), (422, "missing_columns"), "it is read");
            let length = 8024_u64.to_le_bytes();
            let place = bytes.windows(8).position(|window| window == length).unwrap();
            for claim in [1_u64 << 62, 1 << 40, 1 << 33] {
                bytes[place..place + 8].copy_from_slice(&claim.to_le_bytes());
                let answer = served.post(path, kind, &bytes);
                assert_eq!((answer.status, answer.code().as_str()), (400, "bad_body"), "{}", answer.text());
                assert!(answer.text().contains("claims to hold"), "{}", answer.text());
            }
        }
        // Dictionaries are held together.
        let texts = |size: usize| {
            let values = Arc::new(StringArray::from_iter_values(["x".repeat(size)]));
            let keys = arrow_array::Int32Array::from(vec![0]);
            Arc::new(arrow_array::DictionaryArray::new(keys, values)) as arrow_array::ArrayRef
        };
        let many =
            |size| RecordBatch::try_from_iter((0..4).map(|at| (format!("d{at}"), texts(size)))).unwrap();
        let kind = "application/vnd.apache.arrow.stream";
        let few = served.post("/v1/models/titanic/predict", kind, write(&many(1000), packing, false));
        assert_eq!(few.code(), "missing_columns");
        let large = served.post("/v1/models/titanic/predict", kind, write(&many(5_000_000), packing, false));
        assert!(large.status == 400 && large.text().contains("together"), "{}", large.text());
        // More than a body may unpack to.
        let bomb = write(&rows(3_000_000), packing, false);
        let answer = served.post("/v1/models/titanic/predict", "application/vnd.apache.arrow.stream", bomb);
        assert!(matches!(answer.status, 400 | 413), "{}", answer.text());
    }
    served.check_alive();
}

#[test]
fn bodies_have_a_bound_together() {
    let limits = Limits { bodies: 1 << 20, ..Limits::default() };
    let served = serve_with(Options { limits, ..quiet() }, &[titanic()]);
    // Of one that stops in the middle, what came is held.
    let mut stuck = served.connect();
    let head = "POST /v1/models/titanic/predict HTTP/1.1\r\nhost: here\r\ncontent-length: 1000000\r\n\r\n";
    stuck.write_all(head.as_bytes()).unwrap();
    stuck.write_all(&vec![b' '; 900_000]).unwrap();
    let held = || {
        let text = served.get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix("automl_pack_bodies_held_bytes "));
        line.unwrap().parse::<f64>().unwrap()
    };
    // What comes while it is still read could be let in first, and it refused.
    let began = Instant::now();
    while held() < 900_000.0 {
        assert!(began.elapsed() < Duration::from_secs(20), "it is never held: {}", held());
    }
    let rows = format!("[{}]", vec![ROW; 3000].join(","));
    assert!(rows.len() > 200_000);
    let answer = served.predict(&rows);
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")), "{}", answer.text());
    served.check_alive();
    drop(stuck);
    let began = Instant::now();
    while held() > 0.0 {
        assert!(began.elapsed() < Duration::from_secs(20), "the room is never given back: {}", held());
    }
    assert_eq!(served.predict(&rows).status, 200);
}

#[test]
fn connections_that_ask_nothing_keep_nobody_out() {
    let limits = Limits { connections: 4, ..Limits::default() };
    let served = serve_with(Options { limits, ..quiet() }, &[titanic()]);
    // All places are for who asks.
    let mut asking: Vec<_> = (0..4).map(|_| served.connect()).collect();
    for _ in 0..3 {
        for stream in &mut asking {
            send(stream, "GET", "/livez", &[], b"");
            assert_eq!(receive(stream).status, 200);
        }
        thread::sleep(Duration::from_millis(2200));
    }
    drop(asking);
    let mut idle: Vec<_> = (0..8).map(|_| served.connect()).collect();
    idle[1].write_all(b"GET /livez HTTP/1.1\r\nx-half: ").unwrap();
    served.check_alive();
    // One that keeps asking keeps its place.
    let mut busy = served.connect();
    for _ in 0..20 {
        let _more = served.connect();
        send(&mut busy, "GET", "/livez", &[], b"");
        assert_eq!(receive(&mut busy).status, 200);
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn who_said_all_and_only_listens_is_answered() {
    let served = serve();
    let mut stream = served.connect();
    send(
        &mut stream,
        "POST",
        "/v1/models/titanic/predict",
        &[("content-type", "application/json")],
        ROW.as_bytes(),
    );
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(receive(&mut stream).status, 200);
}

#[test]
fn who_reads_slowly_is_not_cut_for_those_who_ask_nothing() {
    let limits = Limits { connections: 3, ..Limits::default() };
    let served = serve_with(Options { limits, ..quiet() }, &[titanic()]);
    let rows = format!("[{}]", vec![ROW; 60_000].join(","));
    let mut slow = served.connect();
    let path = "/v1/models/titanic/predict?members=true";
    send(&mut slow, "POST", path, &[("content-type", "application/json")], rows.as_bytes());
    let mut first = [0; 4096];
    slow.read_exact(&mut first).unwrap();
    // Others come and say nothing for longer than a moment, and some ask.
    let _idle: Vec<_> = (0..6).map(|_| served.connect()).collect();
    for _ in 0..30 {
        let mut some = [0; 65_536];
        slow.read_exact(&mut some).unwrap();
        thread::sleep(Duration::from_millis(100));
    }
    served.check_alive();
    let mut all = Vec::new();
    slow.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let length = {
        let head = String::from_utf8_lossy(&first);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let body = head.find("\r\n\r\n").unwrap() + 4;
        body + length.trim().parse::<usize>().unwrap()
    };
    let read = first.len() + 30 * 65_536;
    assert!(length > read + (4 << 20), "{length}: more than the system holds for who does not read");
    (&mut slow).take((length - read) as u64).read_to_end(&mut all).unwrap();
    assert_eq!(read + all.len(), length);
}
