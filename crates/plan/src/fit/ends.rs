//! What a plan's inputs are made of, before anything is fitted: what no input can take is refused before the data is
//! read.

use std::collections::HashMap;

use crate::{Error, InputType, PlanForm, Schema, Step, schema::closest, values::Shape};

/// Every value of an input is there, and of a kind that it can take.
pub(super) fn check(schema: &Schema, form: &PlanForm) -> Result<(), Error> {
    let raw =
        schema.read().map(|(_, column, kind)| (column.name.as_str(), Shape::of(&column.name, kind).word()));
    let mut kinds: HashMap<&str, &str> = raw.collect();
    for step in &form.steps {
        let read = step.reads.names().first().and_then(|name| kinds.get(name.as_str())).copied();
        let given = match &step.step {
            Step::Impute(_) => read.unwrap_or("numbers"),
            Step::Normalise(_) => "texts",
            Step::Split(_) => "words",
            _ => "numbers",
        };
        kinds.extend(step.name().map(|name| (name, given)));
    }
    for (place, input) in form.inputs.iter().enumerate() {
        for (number, name) in input.columns.iter().enumerate() {
            let refuse = |what| Error::Plan { path: format!("inputs[{place}].columns[{number}]"), what };
            let Some(kind) = kinds.get(name.as_str()) else {
                let close = closest(name, kinds.keys().copied());
                let close = close.map_or(String::new(), |close| format!(", did you mean \"{close}\"?"));
                return Err(refuse(format!("no column or step is called \"{name}\"{close}")));
            };
            let expected = match (input.element, *kind) {
                (InputType::Text, "texts" | "categories") => continue,
                (InputType::Text, _) => "texts or categories",
                (_, "numbers") => continue,
                _ => "numbers, as a step makes of them",
            };
            return Err(refuse(format!("\"{name}\" is {kind}: expected {expected}")));
        }
    }
    Ok(())
}
