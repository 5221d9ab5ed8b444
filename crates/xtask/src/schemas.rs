//! The JSON Schemas of the files of `__data__`, from the types that read them.

use automl_pack_ensemble::Golden;
use automl_pack_plan::{PlanForm, SchemaForm, Statistics};
use schemars::Schema;

/// Each with its path.
pub(crate) fn generated() -> [(&'static str, String); 4] {
    [
        ("crates/bundle/schemas/schema.json", text(&schemars::schema_for!(SchemaForm))),
        ("crates/bundle/schemas/plan.json", text(&schemars::schema_for!(PlanForm))),
        ("crates/bundle/schemas/statistics.json", text(&schemars::schema_for!(Statistics))),
        ("crates/bundle/schemas/golden.json", text(&schemars::schema_for!(Golden))),
    ]
}

fn text(schema: &Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}
