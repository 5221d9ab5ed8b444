//! What was predicted.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use arrow_array::{ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use automl_pack_plan::{Block, Flaw, Note, Notes, Outcome, Plan, Target, Task};
use ndarray::Array2;

/// What was predicted for some rows, by the blend and by each member.
///
/// - everything has a row for each row that was given, in order
/// - rows that the policy refused have no label, no probabilities and no value
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// use automl_pack_ensemble::{Auto, Selection};
/// use ndarray::array;
///
/// let auto = Auto::unpack("tests/fixtures/carefree/iris/auto_pack.zip")?;
/// let scores = auto.pattern.predict(&array![[5.1_f32, 3.5, 1.4, 0.2]])?;
/// let probabilities = scores.probabilities().unwrap();
/// assert!(probabilities[(0, 0)] > 0.8);
/// assert_eq!(scores.members()[0].name, "fcnn/m_0000");
///
/// let batch = scores.to_record_batch(Selection { members: true, audit: true, ..Selection::default() });
/// assert_eq!(batch.schema().field(1).name(), "probability_0");
/// assert_eq!(batch.num_columns(), 4 + 10 * 4 + 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    target: Arc<Target>,
    plan: Arc<Plan>,
    blend: Outcome,
    members: Vec<MemberScores>,
    notes: Notes,
    ignored: usize,
}

/// What one member predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberScores {
    /// The member's name.
    pub name: String,
    /// Its labels and probabilities, or its values.
    pub outcome: Outcome,
}

/// Which columns a batch of scores has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Selection {
    /// The prediction, without the probabilities of a classification.
    pub labels_only: bool,
    /// The predictions of each member.
    pub members: bool,
    /// For each kind of flaw, the columns whose cells had it.
    pub audit: bool,
}

impl Scores {
    pub(crate) fn new<'n>(
        target: Arc<Target>,
        plan: Arc<Plan>,
        blend: Outcome,
        members: impl Iterator<Item = (&'n str, Outcome)>,
        notes: Notes,
        ignored: usize,
    ) -> Scores {
        let members = members.map(|(name, outcome)| MemberScores { name: name.to_owned(), outcome });
        Scores { target, plan, blend, members: members.collect(), notes, ignored }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.blend.len()
    }

    /// Some of the rows.
    ///
    /// ```
    /// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
    /// use automl_pack_ensemble::Auto;
    /// use ndarray::array;
    ///
    /// let auto = Auto::unpack("tests/fixtures/carefree/iris/auto_pack.zip")?;
    /// let both = auto.pattern.predict(&array![[5.1_f32, 3.5, 1.4, 0.2], [6.7, f32::NAN, 5.2, 2.3]])?;
    /// let second = both.slice(1, 1);
    /// assert_eq!((second.len(), second.label(0)), (1, both.label(1)));
    /// assert_eq!(second.notes().of_row(0).len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If there are not as many.
    #[must_use]
    pub fn slice(&self, first: usize, count: usize) -> Scores {
        let members = self.members.iter().map(|member| MemberScores {
            name: member.name.clone(),
            outcome: member.outcome.slice(first, count),
        });
        Scores {
            target: Arc::clone(&self.target),
            plan: Arc::clone(&self.plan),
            blend: self.blend.slice(first, count),
            members: members.collect(),
            notes: self.notes.slice(first, count),
            ignored: self.ignored,
        }
    }

    /// Without probabilities, and without what members predicted.
    pub(crate) fn labels_only(self) -> Scores {
        let blend = match self.blend {
            Outcome::Classes { labels, .. } => {
                let probabilities = Array2::zeros((labels.len(), 0));
                Outcome::Classes { labels, probabilities }
            }
            other => return Scores { blend: other, ..self },
        };
        Scores { blend, members: Vec::new(), ..self }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The label of a row, as text: the value that its class had in the training data. None for a row
    /// that was refused, and for a regression. Where outputs come by name and labels are one of them, its.
    pub fn label(&self, row: usize) -> Option<Cow<'_, str>> {
        match (&self.blend, &self.target.task) {
            (Outcome::Classes { labels, .. }, Task::Classification(classes)) if !self.is_refused(row) => {
                Some(classes.name(*labels.get(row)? as usize))
            }
            (Outcome::Outputs(blocks), _) if !self.is_refused(row) => match self.prediction_of(blocks)? {
                Block::Integer(labels) => Some(labels.get((row, 0))?.to_string().into()),
                Block::Text(labels) => Some(labels.get((row, 0))?.as_str().into()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The labels or the values as an Arrow array of the type that the training data had; of outputs that
    /// come by name, the labels where they are one of them, and the first column otherwise. Rows that were refused are null.
    pub fn predictions(&self) -> ArrayRef {
        self.predictions_of(&self.blend)
    }

    /// The places of the labels in the list of classes, refused rows included; none for a regression.
    pub fn label_places(&self) -> Option<&[u32]> {
        match &self.blend {
            Outcome::Classes { labels, .. } => Some(labels),
            Outcome::Values(_) | Outcome::Outputs(_) => None,
        }
    }

    /// The probabilities, a column for each class, refused rows included; none for a regression, where labels alone
    /// were asked for, and where outputs come by name.
    pub fn probabilities(&self) -> Option<&Array2<f32>> {
        match &self.blend {
            Outcome::Classes { probabilities, .. } => Some(probabilities).filter(|all| all.ncols() > 0),
            Outcome::Values(_) | Outcome::Outputs(_) => None,
        }
    }

    /// The values of a regression, refused rows included; none for a classification.
    pub fn values(&self) -> Option<&[f32]> {
        match &self.blend {
            Outcome::Values(values) => Some(values),
            Outcome::Classes { .. } | Outcome::Outputs(_) => None,
        }
    }

    /// What was predicted by all members together: places of labels and probabilities, or values.
    pub fn outcome(&self) -> &Outcome {
        &self.blend
    }

    /// The labels or the values of one member, as [`Scores::predictions`] gives the blend's.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn member_predictions(&self, member: usize) -> ArrayRef {
        self.predictions_of(&self.members[member].outcome)
    }

    /// What each member predicted, in order; nothing where labels alone were asked for.
    pub fn members(&self) -> &[MemberScores] {
        &self.members
    }

    /// What was predicted: names, classes, scale.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What was noticed about the cells of the rows.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// How many cells of each column had each flaw.
    pub fn flaws(&self) -> BTreeMap<(&str, Flaw), usize> {
        let mut totals = BTreeMap::new();
        for note in self.notes.iter() {
            *totals.entry((self.column_name(note.column), note.flaw)).or_insert(0) += 1;
        }
        totals
    }

    /// How many columns of the data no member reads.
    pub fn ignored(&self) -> usize {
        self.ignored
    }

    /// Whether the policy refused the row.
    pub fn is_refused(&self, row: usize) -> bool {
        self.notes.refused().binary_search(&row).is_ok()
    }

    /// The scores as a batch: `prediction`, `probability_<class>` for each class, then what is selected. A
    /// bare graph of which it is not known what it predicts has a column for each column of its outputs.
    /// Members add `<member>_prediction` and `<member>_probability_<class>`; the audit adds
    /// `audit_missing`, `audit_unseen`, `audit_unreadable` and `audit_out_of_range`, each the names of the
    /// columns, joined by `;`, and `audit_done`, what was done about each of these cells: `age=imputed;job=refused`,
    /// in the words of [`Plan::done`].
    pub fn to_record_batch(&self, selection: Selection) -> RecordBatch {
        let mut columns = self.columns_of("", &self.blend);
        if selection.labels_only && columns.iter().any(|(name, _)| name == "prediction") {
            columns.retain(|(name, _)| name == "prediction");
        }
        if selection.members {
            for member in &self.members {
                columns.extend(self.columns_of(&format!("{}_", member.name), &member.outcome));
            }
        }
        if selection.audit {
            let name = |flaw: Flaw| format!("audit_{}", flaw.word().replace('-', "_"));
            columns.extend(Flaw::ALL.map(|flaw| (name(flaw), self.columns_with(flaw))));
            columns.push(("audit_done".to_owned(), self.done()));
        }
        let fields: Vec<Field> =
            columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
            .expect("every column has a row for each row")
    }

    fn columns_of(&self, prefix: &str, outcome: &Outcome) -> Vec<(String, ArrayRef)> {
        let arrays: Vec<ArrayRef> = match outcome {
            Outcome::Outputs(blocks) => blocks.iter().flat_map(|block| self.arrays_of(block)).collect(),
            Outcome::Classes { probabilities, .. } => {
                let of_classes = probabilities.columns().into_iter();
                let of_classes = of_classes.map(|column| self.floats(column.iter().copied()));
                [self.predictions_of(outcome)].into_iter().chain(of_classes).collect()
            }
            Outcome::Values(_) => vec![self.predictions_of(outcome)],
        };
        let names = self.target.task.columns().into_iter().map(|name| format!("{prefix}{name}"));
        names.zip(arrays).collect()
    }

    fn predictions_of(&self, outcome: &Outcome) -> ArrayRef {
        match (outcome, &self.target.task) {
            (Outcome::Classes { labels, .. }, Task::Classification(classes)) => {
                let scored = |(row, label): (usize, &u32)| (!self.is_refused(row)).then_some(*label);
                classes.decode(labels.iter().enumerate().map(scored))
            }
            (Outcome::Values(values), _) => self.floats(values.iter().copied()),
            (Outcome::Outputs(blocks), _) => {
                let block = self.prediction_of(blocks).or(blocks.first());
                let first = block.and_then(|block| self.arrays_of(block).into_iter().next());
                first.unwrap_or_else(|| self.floats(std::iter::empty()))
            }
            (Outcome::Classes { labels, .. }, _) => self.floats(labels.iter().map(|label| *label as f32)),
        }
    }

    /// The block of outputs that come by name which is called the prediction: what a classifier gives.
    fn prediction_of<'b>(&self, blocks: &'b [Block]) -> Option<&'b Block> {
        let Task::Outputs(names) = &self.target.task else { return None };
        let place = names.iter().position(|name| name == "prediction")?;
        let mut first = 0;
        for block in blocks {
            if first == place && block.columns() == 1 {
                return Some(block);
            }
            first += block.columns();
        }
        None
    }

    /// The columns of a block, null where a row was refused.
    fn arrays_of(&self, block: &Block) -> Vec<ArrayRef> {
        macro_rules! arrays {
            ($matrix:expr, $array:ty, $value:expr) => {{
                let cell = |row, column| (!self.is_refused(row)).then(|| $value(&$matrix[(row, column)]));
                let array = |column| (0..$matrix.nrows()).map(|row| cell(row, column)).collect::<$array>();
                (0..$matrix.ncols()).map(|column| Arc::new(array(column)) as ArrayRef).collect()
            }};
        }
        match block {
            Block::Single(matrix) => arrays!(matrix, Float32Array, |value: &f32| *value),
            Block::Double(matrix) => arrays!(matrix, Float64Array, |value: &f64| *value),
            Block::Integer(matrix) => arrays!(matrix, Int64Array, |value: &i64| *value),
            Block::Truth(matrix) => arrays!(matrix, BooleanArray, |value: &bool| *value),
            Block::Text(matrix) => arrays!(matrix, StringArray, String::as_str),
        }
    }

    fn floats(&self, values: impl Iterator<Item = f32>) -> ArrayRef {
        if self.notes.refused().is_empty() {
            return Arc::new(Float32Array::from_iter_values(values));
        }
        let scored = |(row, value)| (!self.is_refused(row)).then_some(value);
        Arc::new(values.enumerate().map(scored).collect::<Float32Array>())
    }

    /// For each row, the names of the columns whose cells have the flaw.
    fn columns_with(&self, flaw: Flaw) -> ArrayRef {
        let of_row = |row: usize| {
            let notes = self.notes.of_row(row).iter().filter(|note| note.flaw == flaw);
            notes.map(|note| self.column_name(note.column)).collect::<Vec<_>>().join(";")
        };
        Arc::new(StringArray::from_iter_values((0..self.len()).map(of_row)))
    }

    /// For each row, what was done about its cells that had a flaw.
    fn done(&self) -> ArrayRef {
        let of_note = |note: &Note| format!("{}={}", self.column_name(note.column), self.plan.done(note));
        let of_row = |row: usize| self.notes.of_row(row).iter().map(of_note).collect::<Vec<_>>().join(";");
        Arc::new(StringArray::from_iter_values((0..self.len()).map(of_row)))
    }

    /// What a column of a [`Note`] is called.
    pub fn column_name(&self, column: usize) -> &str {
        // A bare graph's one wide input takes columns whose names only the data knows.
        self.notes.column_name(column).unwrap_or_else(|| &self.plan.schema().columns()[column].name)
    }
}
