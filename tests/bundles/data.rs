//! Schema, plan, and what the manifest says of them.

use super::*;

#[test]
fn the_manifest_describes_the_ensemble() {
    type Change = fn(&mut serde_json::Map<String, Value>);
    let changes: [(&str, Change); 6] = [
        ("task", |about| about["task"] = "regression".into()),
        ("target", |about| about["target"] = "other".into()),
        ("classes", |about| about["classes"]["values"][0] = "none".into()),
        ("classes", |about| drop(about.remove("classes"))),
        ("blend", |about| about["blend"] = "median".into()),
        ("members", |about| about["members"] = json!(["logistic/m_0000"])),
    ];
    for (expected, change) in changes {
        let error = Changed::small().about(change).refused();
        assert!(matches!(error, Error::Described { field, .. } if field == expected), "{expected}: {error}");
    }
    let error = Changed::of(convert("diabetes/auto_pack.zip")).about(|about| about["blend"] = "vote".into());
    assert!(matches!(error.refused(), Error::Described { field: "blend", .. }));
}

#[test]
fn columns_and_classes_are_told_apart() {
    let schema = |change: fn(&mut Value)| Changed::small().json("__data__/schema.json", change).refused();
    let error = schema(|schema| schema["columns"][2]["name"] = "age".into());
    assert!(matches!(error, Error::Rows(plan::Error::RepeatedInSchema { column }) if column == "age"));
    let error = schema(|schema| schema["target"]["name"] = "age".into());
    assert!(matches!(error, Error::Rows(plan::Error::Target { target, .. }) if target == "age"));
    let error = schema(|schema| schema["target"]["classes"] = json!(["no", "no"]));
    assert!(matches!(error, Error::Rows(plan::Error::Classes { .. })));
    let error = schema(|schema| schema["columns"][0]["type"] = "float".into());
    assert!(
        error
            .to_string()
            .starts_with("__data__/schema.json is not the JSON that was expected, at columns[0].type"),
        "{error}"
    );
}

#[test]
fn a_plan_says_nothing_unknown() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 4] = [
        ("", |plan| plan["extra"] = 1.into()),
        ("steps[0]", |plan| plan["steps"][0]["clip"] = json!([0, 1])),
        ("inputs[0]", |plan| plan["inputs"][0]["shift"] = 1.into()),
        ("target_scale", |plan| plan["target_scale"] = json!({"by": "identity", "x": 1})),
    ];
    for (path, change) in changes {
        let error = Changed::small().json("__data__/plan.json", change).refused();
        let Error::Bundle(bundle::Error::Json { entry, path: found, .. }) = &error else { panic!("{error}") };
        assert!(entry == "__data__/plan.json" && found.starts_with(path), "{error}");
    }
}

fn refusal_of_data(error: Error) -> String {
    match error {
        Error::Rows(error) => error.to_string(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_plan_fits_its_schema() {
    let with = |change: fn(&mut Value)| {
        refusal_of_data(Changed::small().json("__data__/plan.json", change).refused())
    };
    let error = with(|plan| plan["steps"][0]["column"] = "plam".into());
    assert_eq!(
        error,
        "plan.json: steps[0].column: no column or earlier step is called \"plam\", did you mean \"plan\"?"
    );
    let error = with(|plan| plan["inputs"][0]["columns"][0] = "agee".into());
    assert_eq!(
        error,
        "plan.json: inputs[0].columns[0]: no column or earlier step is called \"agee\", did you mean \"age\"?"
    );
    let error = with(|plan| plan["steps"][0]["column"] = "age".into());
    assert_eq!(error, "plan.json: steps[0].column: reads numbers: expected categories");
    let error = with(|plan| plan["steps"] = json!([]));
    assert_eq!(
        error,
        "plan.json: inputs[0].columns: \"plan\" is categories: expected numbers, as a step makes of them"
    );
    let error = with(|plan| drop(plan["inputs"][0]["columns"].as_array_mut().unwrap().pop()));
    assert_eq!(error, "plan.json: steps: reads column \"visits\" (column 3 of the schema) nowhere");
    let error = with(|plan| plan["steps"][0]["codes"] = json!([0]));
    assert_eq!(error, "plan.json: steps[0].codes: has 1 codes for 2 values");
    let error = with(|plan| plan["steps"][0]["codes"] = json!([0, 16777217]));
    assert_eq!(error, "plan.json: steps[0].codes: has 16777217: expected at most 16777216");
    let error = with(|plan| plan["inputs"] = json!([]));
    assert_eq!(error, "plan.json: inputs: is empty: members eat nothing");
    let error = with(|plan| plan["target_scale"] = json!({"by": "standard", "mean": 1, "deviation": 2}));
    assert_eq!(error, "schema: target \"churn\": expected no target_scale in the plan of a classification");
}

#[test]
fn a_plan_has_no_holes() {
    let hole = |plan: &mut Value| {
        let step = json!({"step": "standardise", "column": "age", "mean": 38.0});
        plan["steps"].as_array_mut().unwrap().push(step);
    };
    let error = refusal_of_data(Changed::small().json("__data__/plan.json", hole).refused());
    assert_eq!(error, "plan.json: steps[1].deviation: is not there: the step is not fitted");
}

#[test]
fn a_column_says_what_its_type_has() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("columns[1].values: the value \"pro\" is there twice", |schema| {
            schema["columns"][1]["values"] = json!(["pro", "pro"]);
        }),
        ("columns[1].values: is not there: expected the values of the category", |schema| {
            drop(schema["columns"][1].as_object_mut().unwrap().remove("values"));
        }),
        ("columns[0].zone: is not for a column of type number", |schema| {
            schema["columns"][0]["zone"] = "UTC".into();
        }),
        ("columns[0].width: is not there: expected how many numbers there are", |schema| {
            schema["columns"][0]["type"] = "vector".into();
        }),
        (
            "columns[0].formats: \"day\" is no format: expected letters of strptime, such as %d.%m.%Y",
            |schema| {
                schema["columns"][0]["type"] = "time".into();
                schema["columns"][0]["formats"] = json!(["day"]);
            },
        ),
        ("columns[0].yes: is not there beside \"no\"", |schema| {
            schema["columns"][0]["type"] = "boolean".into();
            schema["columns"][0]["no"] = json!(["nein"]);
        }),
    ];
    for (expected, change) in changes {
        let error = refusal_of_data(Changed::small().json("__data__/schema.json", change).refused());
        assert_eq!(error, format!("schema.json: {expected}"));
    }
}

#[test]
fn forms_of_real_packs_come_back_as_they_were() {
    for pack in ENSEMBLES {
        let pattern = Auto::unpack(fixture(&format!("{pack}/auto_pack.zip"))).unwrap().pattern;
        let opened = open(&convert(&format!("{pack}/auto_pack.zip")).build("x").unwrap()).unwrap().pattern;
        assert_eq!((opened.plan(), opened.target()), (pattern.plan(), pattern.target()), "{pack}");
    }
}

#[test]
fn every_step_is_described() {
    let page = fs::read_to_string("crates/bundle/STEPS.md").unwrap();
    for word in plan::Step::WORDS {
        let is_described = page.contains(&format!("| `{word}` |")) || page.contains(&format!("**`{word}`**"));
        assert!(is_described, "{word}");
    }
}
