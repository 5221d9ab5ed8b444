//! From packs of carefree-learn's, and what is not taken over.

use super::*;
use automl_pack::Selection;

#[test]
fn a_converted_pack_predicts_the_same() {
    for pack in ENSEMBLES {
        for file in ["auto_pack.zip", "pack.zip"].iter().filter(|file| fixture(pack).join(file).exists()) {
            let path = format!("{pack}/{file}");
            let before = Auto::unpack(fixture(&path)).unwrap();
            let after = open(&convert(&path).build("x").unwrap()).unwrap();
            let rows = rows(&format!("{pack}/input.csv"));
            let select = Selection { members: true, audit: true, ..Default::default() };
            let [before, after] =
                [before, after].map(|auto| auto.pattern.predict(&rows).unwrap().to_record_batch(select));
            assert_eq!(before, after, "{path}");
        }
    }
}

/// Every training value that is neither a category nor an aggregate, as text and as the bytes of
/// numbers, is looked for in every byte of the bundle.
#[test]
fn no_training_row_is_kept() {
    let csv = fs::read_to_string(fixture("titanic/train.csv")).unwrap();
    let archive = convert("titanic/auto_pack.zip").build("x").unwrap();
    let all: Vec<u8> =
        archive.entries().flat_map(|(_, content)| content.iter().copied().chain([0])).collect();
    let statistics: Value = archive.json("__data__/statistics.json").unwrap();
    let aggregates: Vec<f64> = ["Age", "Fare"]
        .iter()
        .flat_map(|column| statistics["columns"][column].as_object().unwrap().values())
        .map(|number| number.as_f64().unwrap())
        .collect();
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (mut searched, mut names) = (0, 0);
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert!(!contains(&all, cells[place("Name")].as_bytes()), "{line}");
        names += 1;
        // Fares have four digits: none is in a bundle by chance.
        let fare = cells[place("Fare")];
        let Ok(number) = fare.parse::<f64>() else { continue };
        let is_aggregate = aggregates.iter().any(|aggregate| (aggregate - number).abs() < 1e-4);
        if fare.len() < 6 || is_aggregate {
            continue;
        }
        assert!(!contains(&all, fare.as_bytes()), "{fare}");
        assert!(!contains(&all, &number.to_le_bytes()), "{fare}");
        searched += 1;
    }
    assert!(names > 700 && searched > 500, "{names} names, {searched} fares");
    // The search finds what is there: the pack itself has every name.
    let pack = Archive::open(fixture("titanic/auto_pack.zip")).unwrap();
    assert!(contains(pack.entry("__data__/data_structures").unwrap(), b"Person0001"));
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

#[test]
fn no_pickle_is_kept() {
    for pack in ENSEMBLES {
        let archive = convert(&format!("{pack}/auto_pack.zip")).build("x").unwrap();
        let known =
            |name: &str| [".json", ".onnx", "output_probabilities.txt"].iter().any(|end| name.ends_with(end));
        assert!(archive.entries().all(|(name, _)| known(name)), "{pack}");
    }
}

/// What is told of the data is told by column, by value and by golden row, and by nothing else: from
/// packs of 110, 800 and 8,000 rows alike.
#[test]
fn nothing_is_kept_for_each_row() {
    for pack in ENSEMBLES {
        let archive = convert(&format!("{pack}/auto_pack.zip")).build("x").unwrap();
        let auto = open(&archive).unwrap();
        let (plan, golden) = (auto.pattern.plan(), auto.golden().unwrap());
        let vocabulary = |column: &plan::Column| column.kind.as_ref()?.vocabulary().cloned();
        let listed = |column: &plan::Column| vocabulary(column).filter(|values| !values.is_levels());
        let values: usize =
            plan.schema().columns().iter().filter_map(listed).map(|values| values.len()).sum();
        let columns = plan.schema().columns().len();
        let outputs = auto.pattern.target().task.width();
        let members = auto.pattern.members().len() + 1;
        let most = [
            ("schema", 4 * columns + values + 6 + outputs),
            ("plan", 12 * columns + values + 4),
            ("statistics", 5 * (columns + 1)),
            ("golden", 2 + golden.len() * (columns + members * (outputs + 1)) + columns + 3 * members),
        ];
        for (file, most) in most {
            let value: Value = archive.json(&format!("__data__/{file}.json")).unwrap();
            let held = scalars(&value);
            assert!(held <= most, "{pack}, {file}: {held} values, expected at most {most}");
        }
    }
}

fn scalars(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(scalars).sum(),
        Value::Object(fields) => fields.values().map(scalars).sum(),
        _ => 1,
    }
}

#[test]
fn what_is_left_behind_is_told() {
    let archive = Archive::open(fixture("titanic/auto_pack.zip")).unwrap();
    let dropped = Builder::convert(&archive, Reweighing::Kept).unwrap().dropped;
    let names: Vec<_> = dropped.entries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["__data__/__core__.pkl", "__data__/data_structures", "data_protocol.txt"]);
    let held = dropped.training.iter().map(|column| column.values + column.target_values);
    assert_eq!(held.sum::<usize>(), 16_000);
}

#[test]
fn inverted_weights_are_kept_and_said_or_derived_again() {
    let archive = Archive::open(fixture("diabetes/auto_pack.zip")).unwrap();
    let weights = |reweighing| {
        let conversion = Builder::convert(&archive, reweighing).unwrap();
        let inverted = conversion.dropped.may_be_inverted;
        let auto = open(&conversion.builder.build("x").unwrap()).unwrap();
        let members = auto.pattern.members().iter();
        let weights: BTreeMap<_, _> =
            members.map(|member| (member.model().to_owned(), member.weight())).collect();
        (weights, inverted, auto.manifest().unwrap().metadata["carefree_learn_weights"].clone())
    };
    let (kept, may_be_inverted, said) = weights(Reweighing::Kept);
    assert!(may_be_inverted && said == "kept");
    let (fixed, may_be_inverted, said) = weights(Reweighing::Fixed);
    assert!(!may_be_inverted && said == "fixed");
    // The error of a model was its share: what was heavier by some factor is lighter by it now.
    for (a, b) in kept.keys().zip(kept.keys().skip(1)) {
        let (before, after) = (kept[a] / kept[b], fixed[a] / fixed[b]);
        assert!((before * after - 1.0).abs() < 1e-9, "{a} and {b}: {before}, {after}");
    }
    let titanic = Archive::open(fixture("titanic/auto_pack.zip")).unwrap();
    assert!(matches!(Builder::convert(&titanic, Reweighing::Fixed), Err(Error::NotInverted)));
}

/// The measured columns of every pack, as its own pickles hold them row by row, in either precision.
#[test]
fn no_measured_value_is_kept_in_any_pack() {
    for pack in ENSEMBLES {
        let archive = Archive::open(fixture(&format!("{pack}/auto_pack.zip"))).unwrap();
        let bundle = convert(&format!("{pack}/auto_pack.zip")).build("x").unwrap();
        let all: Vec<u8> = bundle
            .entries()
            .filter(|(name, _)| !name.ends_with(".onnx"))
            .flat_map(|(_, content)| content.iter().copied().chain([0]))
            .collect();
        let opened = open(&bundle).unwrap();
        let statistics = opened.statistics().clone();
        let mut searched = 0;
        let outer = carefree::Pickle::read(archive.entry("__data__/data_structures").unwrap()).unwrap();
        for (_, converter) in outer.root().field("converters").unwrap().pairs().unwrap() {
            let Some(bytes) = converter.field("__recognizer__").and_then(|value| value.as_bytes()) else {
                continue;
            };
            let inner = carefree::Pickle::read(bytes).unwrap();
            let Some(array) = inner.root().field("info").and_then(|info| info.field("flat_arr")?.as_array())
            else {
                continue;
            };
            let of = |of: &plan::Distribution| [of.mean, of.deviation, of.median, of.min, of.max];
            let known = statistics.columns.values().chain(&statistics.target).flat_map(of).flatten();
            let schema = opened.pattern.plan().schema();
            let vocabularies = schema.read().filter_map(|(_, _, kind)| kind.vocabulary());
            let categories = vocabularies
                .filter(|vocabulary| !vocabulary.is_levels())
                .flat_map(|vocabulary| vocabulary.values().filter_map(|value| value.number()));
            let known: Vec<f64> = known.chain(categories).collect();
            for number in numbers(array) {
                // Only numbers with digits enough not to stand there by chance.
                let digits = (number as f32).to_string().chars().filter(char::is_ascii_digit).count();
                if digits < 6 || known.iter().any(|known| (known - number).abs() <= 1e-6 * number.abs()) {
                    continue;
                }
                let single = number as f32;
                for part in [
                    number.to_string().into_bytes(),
                    single.to_string().into_bytes(),
                    number.to_le_bytes().to_vec(),
                    single.to_le_bytes().to_vec(),
                ] {
                    assert!(!contains(&all, &part), "{pack}: {number}");
                }
                searched += 1;
            }
        }
        // The petals of iris have two digits: there is nothing to tell them by.
        assert!(searched > 50 || pack.starts_with("iris"), "{pack}: {searched}");
    }
}

/// The numbers of an array of floats.
fn numbers(array: carefree::Array<'_, '_>) -> Vec<f64> {
    array.numbers().unwrap_or_default().into_iter().take(150).collect()
}

#[test]
fn only_a_pack_is_converted() {
    let bundle = small().build("x").unwrap();
    assert!(matches!(Builder::convert(&bundle, Reweighing::Kept), Err(Error::IsABundle)));
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("pack");
    Archive::open(fixture("iris/auto_pack.zip")).unwrap().unpack_to(&folder).unwrap();
    assert!(matches!(Builder::from_folder(&folder), Err(Error::NeedsConverting)));
}
