//! What someone wrote by hand and nothing reads: a field with a slip in its name would pass unseen.

use serde_json::Value;

/// The path to the first field of `given` that is not in `read`, which is what was made of it.
pub(crate) fn find(given: &Value, read: &Value) -> Option<String> {
    match (given, read) {
        (Value::Object(given), Value::Object(read)) => {
            given.iter().find_map(|(key, value)| match read.get(key) {
                None => (!value.is_null()).then(|| key.clone()),
                Some(read) => find(value, read).map(|path| join(key, &path)),
            })
        }
        (Value::Array(given), Value::Array(read)) => {
            let mut pairs = given.iter().zip(read).enumerate();
            pairs.find_map(|(place, (given, read))| {
                find(given, read).map(|path| join(&format!("[{place}]"), &path))
            })
        }
        _ => None,
    }
}

fn join(key: &str, path: &str) -> String {
    if path.starts_with('[') { format!("{key}{path}") } else { format!("{key}.{path}") }
}
