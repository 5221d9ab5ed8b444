//! What the outputs of a graph are: told by where they come from and how wide they are.
//!
//! - labels that a classifier gives are the `prediction`
//! - scores with a column for each of its classes are `probability_<class>`
//! - one number is the `prediction` of a regression
//! - everything else comes under the graph's own names

use automl_pack_engine::{BareOutput, Data, Element, Labels};
use automl_pack_plan::{Classes, Head, Outputs, Scale, Target, Task};

/// What is predicted, and from which outputs.
pub(super) struct Recognised {
    pub target: Target,
    pub head: Head,
    /// The outputs that are read, in the order in which the head takes them.
    pub places: Vec<usize>,
}

pub(super) fn recognise(outputs: &[BareOutput]) -> Recognised {
    let of = |name: &str, task, places, kind| Recognised {
        target: Target { name: name.to_owned(), task },
        head: Head { outputs: kind, threshold: None },
        places,
    };
    let classifier = Classifier::find(outputs);
    match (outputs, &classifier) {
        ([_, _], Some(Classifier { label, scores: Some((scores, classes)) })) => {
            let task = Task::Classification(classes.clone());
            of(&outputs[*label].name, task, vec![*label, *scores], Outputs::Labelled)
        }
        ([only], None) if only.is_float() && only.columns == 1 && only.keys.is_none() => {
            of(&only.name, Task::Regression(Scale::Identity), vec![0], Outputs::Logits)
        }
        _ => {
            let names = outputs.iter().enumerate();
            let names = names.flat_map(|(place, output)| names_of(place, output, classifier.as_ref()));
            let task = Task::Outputs(distinct(names));
            let all: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
            of(&all.join(", "), task, (0..outputs.len()).collect(), Outputs::Named)
        }
    }
}

/// Names of which each is there once: one that is met again has a number after it.
fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for name in names {
        let numbered = (2..).map(|number| format!("{name}.{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !distinct.contains(name));
        distinct.extend(free);
    }
    distinct
}

/// The names of an output's columns.
fn names_of(place: usize, output: &BareOutput, classifier: Option<&Classifier>) -> Vec<String> {
    match classifier {
        Some(Classifier { label, .. }) if *label == place => return vec!["prediction".to_owned()],
        Some(Classifier { scores: Some((scores, classes)), .. }) if *scores == place => {
            return classes.names().map(|class| format!("probability_{class}")).collect();
        }
        _ => {}
    }
    match output.keys.as_ref().and_then(classes_of) {
        Some(keys) => keys.names().map(|key| format!("{}_{key}", output.name)).collect(),
        None if output.columns == 1 => vec![output.name.clone()],
        None => (0..output.columns).map(|column| format!("{}_{column}", output.name)).collect(),
    }
}

/// A graph's outputs that classify.
struct Classifier {
    /// The place of the labels.
    label: usize,
    /// The place of the scores that have a column for each class, and the classes in their order.
    scores: Option<(usize, Classes)>,
}

impl Classifier {
    fn find(outputs: &[BareOutput]) -> Option<Classifier> {
        let has_map = outputs.iter().any(|output| output.keys.is_some());
        let of_classifier = |output: &BareOutput| output.labels.is_some();
        // Maps from classes to scores stand beside labels, however those were made.
        let beside_map = |output: &BareOutput| has_map && output.columns == 1 && !output.is_float();
        let label = only(outputs, of_classifier).or_else(|| only(outputs, beside_map))?;
        let labels = outputs[label].labels.as_ref();
        let scores = only(outputs, |output| scores_of(output, labels).is_some())
            .or_else(|| only(outputs, |output| output.keys.is_some()))
            .or_else(|| {
                let is_called_so = |output: &BareOutput| output.name.to_lowercase().contains("prob");
                only(outputs, |output| scores_of(output, labels).is_some() && is_called_so(output))
            });
        let classes = scores.and_then(|scores| Some((scores, scores_of(&outputs[scores], labels)?)));
        let is_of_type = |(_, classes): &(usize, Classes)| {
            let is_text = outputs[label].element == Element::Text;
            !outputs[label].is_float() && matches!(classes, Classes::Text(_)) == is_text
        };
        Some(Classifier { label, scores: classes.filter(is_of_type) })
    }
}

/// The place of the only output of which that holds.
fn only(outputs: &[BareOutput], holds: impl Fn(&BareOutput) -> bool) -> Option<usize> {
    let mut places = (0..outputs.len()).filter(|place| holds(&outputs[*place]));
    places.next().filter(|_| places.next().is_none())
}

/// The classes that an output has a column for, if it has one for each of the labels.
fn scores_of(output: &BareOutput, labels: Option<&Labels>) -> Option<Classes> {
    if !output.is_float() {
        return None;
    }
    let classes = match (&output.keys, labels) {
        (Some(keys), _) => classes_of(keys)?,
        (None, Some(Labels::Listed(labels))) => classes_of(labels)?,
        (None, Some(Labels::Places)) if output.columns > 1 => {
            Classes::Integer((0..output.columns as i64).collect())
        }
        (None, _) => return None,
    };
    classes.checked().ok().filter(|classes| classes.len() == output.columns)
}

fn classes_of(labels: &Data) -> Option<Classes> {
    match labels {
        Data::I64(integers) => Some(Classes::Integer(integers.clone())),
        Data::Text(texts) => Some(Classes::Text(texts.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::distinct;

    #[test]
    fn columns_that_are_called_the_same_are_told_apart() {
        let names = ["Y_0", "Y_1", "Y_1", "Y_1.2", "Y_1"].map(str::to_owned);
        assert_eq!(distinct(names.into_iter()), ["Y_0", "Y_1", "Y_1.2", "Y_1.2.2", "Y_1.3"]);
    }
}
