//! Rows with known predictions: what proves that this machine computes what the maker's computed.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use automl_pack_bundle::{self as bundle, Archive};
use automl_pack_plan::{Action, Head, Outcome, Plan, Policy, Target, Task};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Blend, Error, Pattern, Scores, source::Source, stray};

/// Rows with the predictions of the blend and of each member.
///
/// - there is a row of expected outputs for each row
/// - a label counts unless the probabilities that were expected leave it open within the tolerance
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Golden {
    /// How far a probability may be off, and a value relative to its size where that is over 1.
    #[serde(default = "Golden::usual_tolerance")]
    tolerance: f64,
    /// Where the rows are from.
    #[serde(default = "Origin::maker")]
    rows_from: Origin,
    /// The columns of the rows, by name.
    columns: Vec<String>,
    /// The cells of each row: texts, numbers or null.
    rows: Vec<Vec<Value>>,
    /// What is expected.
    #[serde(default)]
    expected: Vec<Expectation>,
}

/// What the blend or a member is expected to predict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// A member's name, or `blend`.
    #[serde(default = "blend")]
    pub of: String,
    /// Where the numbers are from.
    #[serde(default = "Origin::maker")]
    pub from: Origin,
    /// The values of the classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Value>>,
    /// For each row, the probability of each class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probabilities: Option<Vec<Vec<f32>>>,
    /// The values of a regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<f32>>,
    /// Which of these were computed at packing, where the maker gave the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub computed: Vec<String>,
}

/// Where golden rows, or what is expected of them, are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The maker gave them: expected values come from where the models were trained.
    Maker,
    /// They were computed when the bundle was packed.
    Packing,
}

impl Origin {
    fn maker() -> Origin {
        Origin::Maker
    }
}

fn blend() -> String {
    Golden::BLEND.to_owned()
}

impl Golden {
    /// What expectations call the prediction of all members together.
    pub const BLEND: &str = "blend";
    const LARGEST_TOLERANCE: f64 = 0.01;
    const MOST_ROWS: usize = 10_000;

    /// What is right between machines: 0.00001.
    pub fn usual_tolerance() -> f64 {
        1e-5
    }

    /// Rows without expectations yet.
    pub(crate) fn of_rows(rows_from: Origin, columns: Vec<String>, rows: Vec<Vec<Value>>) -> Golden {
        Golden { tolerance: Golden::usual_tolerance(), rows_from, columns, rows, expected: Vec::new() }
    }

    /// Reads the entry of a bundle, where everything must be expected.
    pub(crate) fn read(archive: &Archive, entry: &str, source: &Source<'_>) -> Result<Golden, Error> {
        let golden: Golden = archive.json(entry)?;
        let names: Vec<&str> = source.members.list.iter().map(|member| member.name.as_str()).collect();
        golden.check(&source.target, &names)?;
        for name in [Golden::BLEND].into_iter().chain(names) {
            if golden.expected_of(name).is_none() {
                return Err(golden_form(format!("nothing is expected of {name}")));
            }
        }
        Ok(golden)
    }

    /// Reads rows as a maker gives them, in the form of `golden.json`: what is left out is computed at
    /// packing, or taken for the maker's. A field that is not known is refused.
    pub fn from_json(bytes: &[u8]) -> Result<Golden, Error> {
        let refuse = |error: bundle::Error| golden_form(with_cause(&error));
        let given: Value = bundle::read_json("golden.json", bytes).map_err(refuse)?;
        let golden: Golden = bundle::read_json("golden.json", bytes).map_err(refuse)?;
        match stray::find(&given, &serde_json::to_value(&golden).unwrap_or_default()) {
            Some(path) => Err(golden_form(format!("{path} is not known"))),
            None => Ok(golden),
        }
    }

    /// Takes a table that has columns of the schema and, beside them, those that a prediction has:
    /// `prediction`, `probability_<class>`, `<member>_prediction`, `<member>_probability_<class>`. A column
    /// that is neither is refused: it may be one of these with a slip in its name.
    pub(crate) fn from_table(
        header: &[String],
        rows: &[Vec<Option<String>>],
        (plan, target): (&Plan, &Target),
        members: &[&str],
    ) -> Result<Golden, Error> {
        if let Some(twice) = header.iter().enumerate().find(|(place, name)| header[..*place].contains(name)) {
            return Err(golden_form(format!("the column \"{}\" is there twice", twice.1)));
        }
        let place = |name: &str| header.iter().position(|column| column == name);
        let classes: Vec<String> = match &target.task {
            Task::Classification(classes) => classes.names().map(|class| class.into_owned()).collect(),
            Task::Regression(_) => Vec::new(),
        };
        let (mut taken, mut expected) = (Vec::new(), Vec::new());
        for of in [Golden::BLEND].iter().chain(members) {
            let prefix = if *of == Golden::BLEND { String::new() } else { format!("{of}_") };
            let prediction = place(&format!("{prefix}prediction"));
            let of_class = |class: &String| place(&format!("{prefix}probability_{class}"));
            let probabilities: Vec<_> = classes.iter().map(of_class).collect();
            let some = probabilities.iter().flatten().count();
            if some > 0 && some < classes.len() {
                return Err(golden_form(format!(
                    "{prefix}probability_… is there for {some} of {} classes",
                    classes.len()
                )));
            }
            taken.extend(prediction.into_iter().chain(probabilities.iter().copied().flatten()));
            expected.extend(Expectation::from_table(of, rows, target, prediction, &probabilities)?);
        }
        let kept: Vec<usize> = (0..header.len()).filter(|place| !taken.contains(place)).collect();
        let cell = |cell: &Option<String>| cell.clone().map_or(Value::Null, Value::String);
        let cells = rows.iter().map(|row| kept.iter().map(|place| cell(&row[*place])).collect()).collect();
        let columns = kept.iter().map(|place| header[*place].clone()).collect();
        Golden { expected, ..Golden::of_rows(Origin::Maker, columns, cells) }.only(plan)
    }

    /// Keeps the columns that the models read. Others of the schema are left out, and those that it does
    /// not have are refused: nothing comes into a bundle that nobody asked for.
    pub(crate) fn only(mut self, plan: &Plan) -> Result<Golden, Error> {
        let columns = plan.schema().columns();
        let is_known = |name: &String| columns.iter().any(|column| column.name == *name);
        if let Some(other) = self.columns.iter().find(|name| !is_known(name)) {
            let what = format!(
                "the column \"{other}\" is none of the schema's, and no prediction of the blend or a member"
            );
            return Err(golden_form(what));
        }
        let is_read = |name: &str| columns.iter().any(|column| column.name == name && column.kind.is_some());
        let kept: Vec<bool> = self.columns.iter().map(|name| is_read(name)).collect();
        let keep = |row: &mut Vec<Value>| {
            let mut kept = kept.iter();
            row.retain(|_| kept.next().is_none_or(|kept| *kept));
        };
        self.rows.iter_mut().for_each(keep);
        self.columns.retain(|name| is_read(name));
        Ok(self)
    }

    /// The same with another tolerance.
    #[must_use]
    pub fn with_tolerance(self, tolerance: f64) -> Golden {
        Golden { tolerance, ..self }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How far off a prediction may be.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// Where the rows are from.
    pub fn rows_from(&self) -> Origin {
        self.rows_from
    }

    /// What is expected of the blend and of each member.
    pub fn expected(&self) -> &[Expectation] {
        &self.expected
    }

    /// The rows, as columns of text.
    pub fn rows(&self) -> RecordBatch {
        let column = |place: usize| -> ArrayRef {
            let cells = self.rows.iter().map(|row| shown(&row[place]));
            Arc::new(cells.collect::<StringArray>())
        };
        let columns = self.columns.iter().enumerate().map(|(place, name)| (name, column(place), true));
        RecordBatch::try_from_iter_with_nullable(columns).expect("every row has a cell for each column")
    }

    /// Scores the rows one at a time, as they would be scored alone, and compares.
    pub(crate) fn replay(&self, pattern: &Pattern) -> Result<(), Error> {
        let pattern = pattern.with_policy(Policy::default());
        let rows = self.rows();
        for row in 0..rows.num_rows() {
            self.compare(row, &pattern, &score(&pattern, &rows.slice(row, 1), row)?)?;
        }
        Ok(())
    }

    /// Scores the rows many times over in one batch, and compares all of it.
    pub(crate) fn replay_batch(&self, pattern: &Pattern) -> Result<(), Error> {
        const BATCH: usize = 600;
        let pattern = pattern.with_policy(Policy::default());
        let rows = self.rows();
        let copies = vec![&rows; BATCH.div_ceil(self.len().max(1))];
        let batch = concat(&copies);
        let scores = score(&pattern, &batch, 0)?;
        (0..copies.len()).try_for_each(|copy| self.compare(copy * self.len(), &pattern, &scores))
    }

    /// Compares scores with what is expected of all rows from `first` on, where that is the number of a
    /// row, or of that row alone, where there is one score.
    fn compare(&self, first: usize, pattern: &Pattern, scores: &Scores) -> Result<(), Error> {
        let rows: Vec<(usize, usize)> = match scores.len() {
            1 => vec![(first, 0)],
            _ => (0..self.len()).map(|row| (row, first + row)).collect(),
        };
        for (row, at) in rows {
            if scores.is_refused(at) {
                return Err(self.mismatch(
                    Golden::BLEND,
                    row,
                    "the score",
                    "one".to_owned(),
                    "none".to_owned(),
                ));
            }
            let mut open = 0.0;
            for (member, scored) in pattern.members().iter().zip(scores.members()) {
                let head = Some(member.head());
                if self.compare_one(member.name(), row, at, &scored.outcome, pattern.target(), head)? {
                    open += member.weight();
                }
            }
            let outcome = scores.outcome();
            if open > 0.0 && pattern.blend() == Blend::Vote && self.lead(row, pattern) <= 2.0 * open {
                self.compare_numbers(Golden::BLEND, row, at, outcome, pattern.target())?;
            } else {
                self.compare_one(Golden::BLEND, row, at, outcome, pattern.target(), None)?;
            }
        }
        Ok(())
    }

    /// By how much the winner of the expected vote leads.
    fn lead(&self, row: usize, pattern: &Pattern) -> f64 {
        let mut votes: BTreeMap<String, f64> = BTreeMap::new();
        for member in pattern.members() {
            let labels = self.expected_of(member.name()).and_then(|expected| expected.labels.as_ref());
            let label = labels.and_then(|labels| shown(&labels[row])).unwrap_or_default();
            *votes.entry(label).or_default() += member.weight();
        }
        let mut votes: Vec<f64> = votes.into_values().collect();
        votes.sort_by(|a, b| b.total_cmp(a));
        votes.first().copied().unwrap_or(0.0) - votes.get(1).copied().unwrap_or(0.0)
    }

    /// Whether the label was another, where the expected probabilities leave it open.
    fn compare_one(
        &self,
        of: &str,
        row: usize,
        at: usize,
        found: &Outcome,
        target: &Target,
        head: Option<&Head>,
    ) -> Result<bool, Error> {
        self.compare_numbers(of, row, at, found, target)?;
        let (Some(expected), Outcome::Classes { labels, .. }, Task::Classification(classes)) =
            (self.expected_of(of), found, &target.task)
        else {
            return Ok(false);
        };
        let Some(label) = expected.labels.as_ref().map(|labels| shown(&labels[row]).unwrap_or_default())
        else {
            return Ok(false);
        };
        let found = classes.name(labels[at] as usize);
        if label == found {
            return Ok(false);
        }
        match &expected.probabilities {
            Some(probabilities) if self.is_open(&probabilities[row], head) => Ok(true),
            _ => Err(self.mismatch(of, row, "the label", format!("{label:?}"), format!("{found:?}"))),
        }
    }

    fn compare_numbers(
        &self,
        of: &str,
        row: usize,
        at: usize,
        found: &Outcome,
        target: &Target,
    ) -> Result<(), Error> {
        let Some(expected) = self.expected_of(of) else { return Ok(()) };
        match (found, &target.task) {
            (Outcome::Classes { probabilities, .. }, Task::Classification(classes)) => {
                let Some(expected) = &expected.probabilities else { return Ok(()) };
                for (class, (found, expected)) in probabilities.row(at).iter().zip(&expected[row]).enumerate()
                {
                    if !self.is_near(*found, *expected) {
                        let what = format!("the probability of {}", classes.name(class));
                        return Err(self.mismatch(of, row, &what, expected.to_string(), found.to_string()));
                    }
                }
            }
            (Outcome::Values(values), _) => {
                let Some(expected) = &expected.values else { return Ok(()) };
                if !self.is_near(values[at], expected[row]) {
                    let (expected, found) = (expected[row].to_string(), values[at].to_string());
                    return Err(self.mismatch(of, row, "the value", expected, found));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_near(&self, found: f32, expected: f32) -> bool {
        let [found, expected] = [found, expected].map(f64::from);
        (found - expected).abs() <= self.tolerance * expected.abs().max(1.0)
    }

    /// Whether numbers within the tolerance of these can have another label.
    fn is_open(&self, probabilities: &[f32], head: Option<&Head>) -> bool {
        if let (Some(threshold), [_, second]) = (head.and_then(|head| head.threshold), probabilities) {
            return (f64::from(*second) - threshold).abs() <= 2.0 * self.tolerance;
        }
        let mut descending: Vec<f64> = probabilities.iter().copied().map(f64::from).collect();
        descending.sort_by(|a, b| b.total_cmp(a));
        descending.len() > 1 && descending[0] - descending[1] <= 2.0 * self.tolerance
    }

    fn mismatch(&self, of: &str, row: usize, what: &str, expected: String, found: String) -> Error {
        let (of, what, tolerance) = (of.to_owned(), what.to_owned(), self.tolerance);
        Error::Golden(Box::new(crate::error::Mismatch { of, row, what, expected, found, tolerance }))
    }

    fn expected_of(&self, of: &str) -> Option<&Expectation> {
        self.expected.iter().find(|expected| expected.of == of)
    }

    /// Everything has the right width, and speaks of members that are there.
    pub(crate) fn check(&self, target: &Target, members: &[&str]) -> Result<(), Error> {
        let refuse = |what: String| Err(golden_form(what));
        if !(0.0..=Golden::LARGEST_TOLERANCE).contains(&self.tolerance) {
            let largest = Golden::LARGEST_TOLERANCE;
            return refuse(format!("the tolerance is {}: expected 0 to {largest}", self.tolerance));
        }
        if self.rows.is_empty() {
            return refuse("there are no rows".to_owned());
        }
        if self.rows.len() > Golden::MOST_ROWS {
            return refuse(format!("{} rows: expected 1 to {}", self.rows.len(), Golden::MOST_ROWS));
        }
        if self.columns.is_empty() {
            return refuse("no columns: expected those that the models read".to_owned());
        }
        for (row, cells) in self.rows.iter().enumerate() {
            if cells.len() != self.columns.len() {
                let (found, expected) = (cells.len(), self.columns.len());
                return refuse(format!("rows[{row}] has {found} cells for {expected} columns"));
            }
            if let Some(cell) = cells.iter().find(|cell| cell.is_array() || cell.is_object()) {
                return refuse(format!("rows[{row}] holds {cell}: expected a text, a number or null"));
            }
        }
        for (place, expected) in self.expected.iter().enumerate() {
            let of = expected.of.as_str();
            if of != Golden::BLEND && !members.contains(&of) {
                return refuse(format!(
                    "expected[{place}].of is {of:?}: the members are {}",
                    members.join(", ")
                ));
            }
            if self.expected[..place].iter().any(|earlier| earlier.of == of) {
                return refuse(format!("expected[{place}].of is {of:?}, as another's"));
            }
            expected
                .check(self.rows.len(), target)
                .or_else(|what| refuse(format!("expected[{place}] {what}")))?;
        }
        Ok(())
    }

    /// Adds what is expected of the blend and of members where nothing is yet, as they are computed now.
    /// Rows that get no score are dropped, where they were made up.
    pub(crate) fn complete(&mut self, pattern: &Pattern) -> Result<(), Error> {
        let pattern = pattern.with_policy(Policy::default());
        if self.rows_from == Origin::Packing && self.expected.is_empty() {
            let lenient = pattern.with_policy(Policy { unreadable: Action::Null, ..Policy::default() });
            let scores = score(&lenient, &self.rows(), 0)?;
            let mut row = 0..;
            self.rows.retain(|_| row.next().is_some_and(|row| !scores.is_refused(row)));
            if self.rows.is_empty() {
                return Err(golden_form("no row that was made up gets a score: give some".to_owned()));
            }
        }
        let rows = self.rows();
        let mut parts = Vec::new();
        for row in 0..rows.num_rows() {
            let scores = score(&pattern, &rows.slice(row, 1), row)?;
            if scores.is_refused(0) {
                return Err(self.mismatch(
                    Golden::BLEND,
                    row,
                    "the score",
                    "one".to_owned(),
                    "none".to_owned(),
                ));
            }
            parts.push(scores);
        }
        let names = pattern.members().iter().map(|member| member.name());
        for (place, of) in names.map(Some).chain([None]).enumerate() {
            let name = of.unwrap_or(Golden::BLEND);
            let outcomes = parts.iter().map(|scores| match of {
                Some(_) => &scores.members()[place].outcome,
                None => scores.outcome(),
            });
            let computed = Expectation::of(name, outcomes, &pattern.target().task);
            match self.expected.iter_mut().find(|expected| expected.of == name) {
                Some(given) => given.fill_in(computed),
                None => self.expected.push(computed),
            }
        }
        let order = |of: &str| pattern.members().iter().position(|member| member.name() == of);
        self.expected.sort_by_key(|expected| order(&expected.of));
        Ok(())
    }

    /// Forgets what is expected of the blend or of members, by their names.
    pub(crate) fn forget(&mut self, is_forgotten: impl Fn(&str) -> bool) {
        self.expected.retain(|expected| !is_forgotten(&expected.of));
    }
}

impl Expectation {
    fn of<'o>(name: &str, outcomes: impl Iterator<Item = &'o Outcome>, task: &Task) -> Expectation {
        let (mut labels, mut probabilities, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome {
                Outcome::Classes { labels: of, probabilities: p } => {
                    labels.extend(of.iter().map(|label| label_value(task, *label as usize)));
                    probabilities
                        .extend(p.rows().into_iter().map(|row| row.iter().copied().map(rounded).collect()));
                }
                Outcome::Values(of) => values.extend(of.iter().copied().map(rounded)),
            }
        }
        let is_classes = matches!(task, Task::Classification(_));
        Expectation {
            of: name.to_owned(),
            from: Origin::Packing,
            labels: is_classes.then_some(labels),
            probabilities: is_classes.then_some(probabilities),
            values: (!is_classes).then_some(values),
            computed: Vec::new(),
        }
    }

    /// Adds what the maker left out, and marks it.
    fn fill_in(&mut self, computed: Expectation) {
        if self.labels.is_none() && computed.labels.is_some() {
            self.labels = computed.labels;
            self.computed.push("labels".to_owned());
        }
        if self.probabilities.is_none() && computed.probabilities.is_some() {
            self.probabilities = computed.probabilities;
            self.computed.push("probabilities".to_owned());
        }
    }

    fn from_table(
        of: &str,
        rows: &[Vec<Option<String>>],
        target: &Target,
        prediction: Option<usize>,
        probabilities: &[Option<usize>],
    ) -> Result<Option<Expectation>, Error> {
        let number = |place: usize, row: usize| -> Result<f32, Error> {
            let cell = rows[row][place].as_deref().unwrap_or_default();
            let wrong =
                || golden_form(format!("row {}: {cell:?} is no number that {of} can predict", row + 1));
            cell.trim().parse::<f32>().ok().filter(|number| number.is_finite()).ok_or_else(wrong)
        };
        let all = |place: usize| (0..rows.len()).map(|row| number(place, row)).collect::<Result<Vec<_>, _>>();
        let mut expectation = Expectation {
            of: of.to_owned(),
            from: Origin::Maker,
            labels: None,
            probabilities: None,
            values: None,
            computed: Vec::new(),
        };
        let label =
            |place: usize, row: &Vec<Option<String>>| row[place].clone().map_or(Value::Null, Value::String);
        match &target.task {
            Task::Regression(_) => expectation.values = prediction.map(all).transpose()?,
            Task::Classification(_) => {
                expectation.labels =
                    prediction.map(|place| rows.iter().map(|row| label(place, row)).collect());
                if let Some(places) = probabilities.iter().copied().collect::<Option<Vec<_>>>() {
                    let of_row = |row: usize| places.iter().map(|place| number(*place, row)).collect();
                    expectation.probabilities = Some((0..rows.len()).map(of_row).collect::<Result<_, _>>()?);
                }
            }
        }
        let says_nothing = expectation.labels.is_none()
            && expectation.probabilities.is_none()
            && expectation.values.is_none();
        Ok((!says_nothing).then_some(expectation))
    }

    fn check(&self, rows: usize, target: &Target) -> Result<(), String> {
        let lengths = [
            ("labels", self.labels.as_ref().map(Vec::len)),
            ("probabilities", self.probabilities.as_ref().map(Vec::len)),
            ("values", self.values.as_ref().map(Vec::len)),
        ];
        for (what, length) in lengths {
            if length.is_some_and(|length| length != rows) {
                return Err(format!("has {} {what} for {rows} rows", length.unwrap_or_default()));
            }
        }
        match &target.task {
            Task::Regression(_) if self.values.is_none() => Err("has no values".to_owned()),
            Task::Regression(_) => Ok(()),
            Task::Classification(_) if self.labels.is_none() && self.probabilities.is_none() => {
                Err("has neither labels nor probabilities".to_owned())
            }
            Task::Classification(classes) => {
                let width = |row: &&Vec<f32>| row.len() != classes.len();
                if let Some(row) = self.probabilities.iter().flatten().find(width) {
                    return Err(format!("has {} probabilities for {} classes", row.len(), classes.len()));
                }
                let names: std::collections::HashSet<_> = classes.names().collect();
                let is_class =
                    |label: &&Value| !shown(label).is_some_and(|label| names.contains(label.as_str()));
                match self.labels.iter().flatten().find(is_class) {
                    Some(label) => Err(format!("has the label {label}, which is no class")),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Six digits: within any tolerance of what was computed, and mostly the same on every machine.
fn rounded(x: f32) -> f32 {
    format!("{x:.5e}").parse().unwrap_or(x)
}

fn with_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or(error.to_string(), |cause| format!("{error}: {cause}"))
}

fn label_value(task: &Task, label: usize) -> Value {
    use automl_pack_plan::Classes::{Integer, Number, Text};
    match task {
        Task::Classification(Text(values)) => values[label].as_str().into(),
        Task::Classification(Integer(values)) => values[label].into(),
        Task::Classification(Number(values)) => values[label].into(),
        Task::Regression(_) => Value::Null,
    }
}

/// A cell or a label as text.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Some(integer.to_string()),
            None => number.as_f64().map(|number| number.to_string()),
        },
        other => Some(other.to_string()),
    }
}

fn score(pattern: &Pattern, rows: &RecordBatch, first: usize) -> Result<Scores, Error> {
    let scores = pattern.predict(rows);
    scores.map_err(|error| Error::GoldenRows { source: Box::new(error.after_rows(first)) })
}

fn concat(batches: &[&RecordBatch]) -> RecordBatch {
    let first = batches[0];
    let column = |place: usize| -> (String, ArrayRef, bool) {
        let cells = batches.iter().flat_map(|batch| {
            let column = batch.column(place).as_any().downcast_ref::<StringArray>();
            column.into_iter().flatten()
        });
        (first.schema().field(place).name().clone(), Arc::new(cells.collect::<StringArray>()), true)
    };
    RecordBatch::try_from_iter_with_nullable((0..first.num_columns()).map(column))
        .expect("every column has as many cells as another")
}

fn golden_form(what: String) -> Error {
    Error::GoldenForm { what }
}
