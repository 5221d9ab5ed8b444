//! What is wrong with JSON, in the words of the format: serde has those of Rust.

use crate::schema::closest;

/// What is wrong, without a type of Rust in it.
///
/// ```
/// use automl_pack_plan::{PlanForm, in_words};
///
/// let read = |text| serde_json::from_str::<PlanForm>(text).unwrap_err();
/// assert_eq!(in_words(&read("3")), "found the number 3, expected an object, at line 1 column 1");
/// assert!(in_words(&read(r#"{"step": []}"#)).starts_with("\"step\" is not known, did you mean \"steps\"?"));
/// ```
pub fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (what, place) = match text.rsplit_once(" at line ") {
        Some((what, place)) => (what, format!(", at line {place}")),
        None => (text.as_str(), String::new()),
    };
    translated(what).unwrap_or_else(|| what.to_owned()) + &place
}

fn translated(what: &str) -> Option<String> {
    if let Some(rest) = what.strip_prefix("unknown field ").or(what.strip_prefix("unknown variant ")) {
        let mut names = rest.split('`').skip(1).step_by(2);
        let name = names.next()?;
        return Some(unknown(name, &names.collect::<Vec<_>>()));
    }
    if let Some(field) = what.strip_prefix("missing field ") {
        return Some(format!("\"{}\" is not there", field.trim_matches('`')));
    }
    if let Some(field) = what.strip_prefix("duplicate field ") {
        return Some(format!("\"{}\" is there twice", field.trim_matches('`')));
    }
    if what.starts_with("data did not match any variant") {
        return Some("is of no form that it may have".to_owned());
    }
    let rest = what.strip_prefix("invalid type: ").or(what.strip_prefix("invalid value: "));
    if let Some((found, expected)) = rest.and_then(|rest| rest.rsplit_once(", expected ")) {
        return Some(format!("found {}, expected {}", found_in(found), expected_in(expected)));
    }
    let (found, expected) = what.strip_prefix("invalid length ")?.split_once(", expected ")?;
    Some(format!("found {found} values, expected {}", expected_in(expected)))
}

/// A name that is none of those that are known, with the one that may be meant.
pub(crate) fn unknown(name: &str, known: &[&str]) -> String {
    let close = closest(name, known.iter().copied());
    let close = close.map_or(String::new(), |close| format!(", did you mean \"{close}\"?"));
    format!("\"{name}\" is not known{close} (known are {})", known.join(", "))
}

fn found_in(found: &str) -> String {
    match found.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer", number)) => format!("the number {}", number.trim_matches('`')),
        Some(("floating", number)) => {
            format!("the number {}", number.trim_start_matches("point ").trim_matches('`'))
        }
        Some(("boolean", truth)) => truth.trim_matches('`').to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "map" => "an object".to_owned(),
        _ => found.to_owned(),
    }
}

fn expected_in(expected: &str) -> String {
    let words = match expected {
        "usize" | "u64" | "u32" | "u16" | "u8" => "a whole number from 0 up",
        "i64" | "i32" => "a whole number",
        "f64" | "f32" => "a number",
        "a string" | "string or map" | "variant identifier" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        _ if expected.starts_with("struct ") || expected.contains("tagged enum ") => "an object",
        _ if expected.starts_with("enum ") => "a text",
        _ => return expected.replace("an array of length", "a list of length"),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColumnForm, SchemaForm, StepForm, TargetForm};
    use serde::de::DeserializeOwned;

    fn wrong<T: DeserializeOwned>(text: &str) -> String {
        match serde_json::from_str::<T>(text) {
            Ok(_) => panic!("{text} was read"),
            Err(error) => in_words(&error).split(", at line").next().unwrap_or_default().to_owned(),
        }
    }

    #[test]
    fn no_type_of_rust_is_told() {
        let column =
            |field: &str| wrong::<ColumnForm>(&format!(r#"{{"name": "a", "type": "vector", {field}}}"#));
        assert_eq!(column(r#""width": "x""#), "found the text \"x\", expected a whole number from 0 up");
        assert_eq!(column(r#""width": -1"#), "found the number -1, expected a whole number from 0 up");
        assert_eq!(column(r#""formats": 1.5"#), "found the number 1.5, expected a list");
        assert_eq!(column(r#""optional": null"#), "found null, expected true or false");
        assert_eq!(column(r#""range": [1]"#), "found 1 values, expected a list of length 2");
        assert_eq!(column(r#""values": [[]]"#), "expected a text, a number, true or false");
        assert_eq!(column(r#""policy": true"#), "found true, expected an object");
        assert_eq!(wrong::<SchemaForm>(r#"{"columns": {}}"#), "found an object, expected a list");
        assert_eq!(wrong::<SchemaForm>("[]"), "found 0 values, expected an object");
        assert_eq!(wrong::<TargetForm>(r#"{"name": "a"}"#), "\"task\" is not there");
        assert_eq!(
            wrong::<TargetForm>(r#"{"name": "a", "task": "regresion"}"#),
            "\"regresion\" is not known, did you mean \"regression\"? (known are classification, regression)"
        );
    }

    #[test]
    fn what_a_step_says_is_told_so_too() {
        let step =
            |fields: &str| wrong::<StepForm>(&format!(r#"{{"step": "bins", "column": "a", {fields}}}"#));
        assert!(step(r#""cuont": 3"#).starts_with("cuont: \"cuont\" is not known, did you mean \"count\"?"));
        assert_eq!(step(r#""count": "3""#), "count: found the text \"3\", expected a whole number from 0 up");
    }
}
