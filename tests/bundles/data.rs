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
        ("features[0]", |plan| plan["features"][0]["clip"] = json!([0, 1])),
        ("features[0].read", |plan| plan["features"][0]["read"]["shift"] = 1.into()),
        ("features[0].scale", |plan| plan["features"][0]["scale"] = json!({"by": "identity", "x": 1})),
    ];
    for (path, change) in changes {
        let error = Changed::small().json("__data__/plan.json", change).refused();
        let Error::Bundle(bundle::Error::Json { entry, path: found, .. }) = &error else { panic!("{error}") };
        assert!(entry == "__data__/plan.json" && found.starts_with(path), "{error}");
    }
}

#[test]
fn a_plan_fits_its_schema() {
    let with = |change: fn(&mut Value)| match Changed::small().json("__data__/plan.json", change).refused() {
        Error::Rows(error) => error.to_string(),
        other => panic!("{other}"),
    };
    let error = with(|plan| plan["features"][0]["column"] = "agee".into());
    assert_eq!(
        error,
        "plan: feature 0 reads \"agee\", which the schema does not have (did you mean \"age\"?)"
    );
    let error = with(|plan| plan["features"][1] = json!({"column": "plan", "read": {"as": "number"}}));
    assert_eq!(error, "plan: feature 1 reads \"plan\" as number: the schema says text");
    let error = with(|plan| drop(plan["features"].as_array_mut().unwrap().pop()));
    assert_eq!(error, "plan: feature 2 that reads \"visits\" (column 3) is missing");
    let error = with(|plan| plan["features"][1]["read"]["codes"] = json!([0]));
    assert_eq!(error, "plan: column \"plan\": it has 1 codes for 2 values");
    let error = with(|plan| plan["features"][1]["read"]["codes"] = json!([0, 16777217]));
    assert_eq!(error, "plan: column \"plan\": the code 16777217 is over 16777216");
    let error = with(|plan| plan["features"][1]["read"]["values"] = json!(["a", "a"]));
    assert_eq!(error, "plan: column \"plan\": the value \"a\" is there twice");
    let error = with(|plan| plan["target_scale"] = json!({"by": "standard", "mean": 1, "deviation": 2}));
    assert_eq!(error, "schema: target \"churn\": expected no target_scale in the plan of a classification");
}

#[test]
fn forms_of_real_packs_come_back_as_they_were() {
    for pack in ENSEMBLES {
        let pattern = Auto::unpack(fixture(&format!("{pack}/auto_pack.zip"))).unwrap().pattern;
        let opened = open(&convert(&format!("{pack}/auto_pack.zip")).build("x").unwrap()).unwrap().pattern;
        assert_eq!((opened.plan(), opened.target()), (pattern.plan(), pattern.target()), "{pack}");
    }
}
