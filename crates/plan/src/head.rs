//! From a member's raw output to labels and probabilities, or to values.

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::{Block, Classes, Error, Scale, Task};

/// What is done to a member's raw output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Head {
    /// What the output is.
    pub outputs: Outputs,
    /// For two classes: the probability of the second from which on it is the label. Without it, and
    /// for more classes, the label is the class of the largest output.
    pub threshold: Option<f64>,
}

/// What a member's raw output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outputs {
    /// Numbers whose softmax are the probabilities; for a regression, the scaled value.
    Logits,
    /// The probabilities themselves.
    Probabilities,
    /// The labels of a graph that gives its own, and the probabilities that belong to them.
    Labelled,
    /// What a bare graph calls them.
    Named,
}

/// What was predicted for some rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A class for each row.
    Classes {
        /// Its place in the list of classes.
        labels: Vec<u32>,
        /// A row for each row, a column for each class; without columns where labels alone were asked for.
        probabilities: Array2<f32>,
    },
    /// A value for each row.
    Values(Vec<f32>),
    /// What each output of a bare graph gave.
    Outputs(Vec<Block>),
}

impl Head {
    /// Labels and probabilities, or values, of raw outputs.
    ///
    /// ```
    /// use automl_pack_plan::{Classes, Head, Outcome, Outputs, Task};
    /// use ndarray::array;
    ///
    /// let head = Head { outputs: Outputs::Logits, threshold: Some(0.4) };
    /// let task = Task::Classification(Classes::Integer(vec![0, 1]));
    /// let outcome = head.finish(&[array![[0.2_f32, 0.0]].into()], &task)?;
    /// // 0.45 for the second class: below one half, and above the threshold
    /// assert!(matches!(outcome, Outcome::Classes { labels, .. } if labels == [1]));
    /// # Ok::<(), automl_pack_plan::Error>(())
    /// ```
    pub fn finish(&self, raw: &[Block], task: &Task) -> Result<Outcome, Error> {
        match (self.outputs, task, raw) {
            (Outputs::Named, Task::Outputs(_), raw) => {
                check_width(raw.iter().map(Block::columns).sum(), task)?;
                Ok(Outcome::Outputs(raw.to_vec()))
            }
            (Outputs::Labelled, Task::Classification(classes), [labels, Block::Single(probabilities)]) => {
                check_width(probabilities.ncols(), task)?;
                labelled(classes, labels, probabilities)
            }
            (Outputs::Logits | Outputs::Probabilities, Task::Classification(_), [Block::Single(raw)]) => {
                check_width(raw.ncols(), task)?;
                Ok(self.classify(raw.view()))
            }
            (Outputs::Logits | Outputs::Probabilities, Task::Regression(scale), [Block::Single(raw)]) => {
                check_width(raw.ncols(), task)?;
                Ok(recover(raw.view(), scale))
            }
            (outputs, ..) => Err(unfit(outputs, raw)),
        }
    }

    /// The rows of an outcome of this head that have no finite probability or value, ascending. Where a
    /// graph gives the labels itself, they stand, and its scores may be infinite: a probit of 1 is.
    pub fn rows_without_number(&self, outcome: &Outcome) -> Vec<usize> {
        match (self.outputs, outcome) {
            (Outputs::Labelled, Outcome::Classes { probabilities, .. }) => {
                let rows = probabilities.rows().into_iter().enumerate();
                rows.filter(|(_, row)| row.iter().any(|p| p.is_nan())).map(|(row, _)| row).collect()
            }
            _ => outcome.rows_without_number(),
        }
    }

    fn classify(&self, raw: ArrayView2<'_, f32>) -> Outcome {
        let mut probabilities = raw.to_owned();
        if self.outputs == Outputs::Logits {
            for mut row in probabilities.rows_mut() {
                let largest = row.fold(f32::NEG_INFINITY, |a, b| a.max(*b));
                row.mapv_inplace(|logit| (logit - largest).exp());
                let sum = row.sum();
                row.mapv_inplace(|power| power / sum);
            }
        }
        let labels = match self.threshold {
            Some(threshold) if raw.ncols() == 2 => {
                let above = |probability: &f32| u32::from(*probability >= threshold as f32);
                probabilities.column(1).iter().map(above).collect()
            }
            _ => raw.rows().into_iter().map(largest).collect(),
        };
        Outcome::Classes { labels, probabilities }
    }
}

fn check_width(found: usize, task: &Task) -> Result<(), Error> {
    let expected = task.width();
    if found == expected { Ok(()) } else { Err(Error::OutputWidth { expected, found }) }
}

fn labelled(classes: &Classes, labels: &Block, probabilities: &Array2<f32>) -> Result<Outcome, Error> {
    Ok(Outcome::Classes { labels: classes.places(labels)?, probabilities: probabilities.clone() })
}

fn unfit(outputs: Outputs, raw: &[Block]) -> Error {
    let expected = match outputs {
        Outputs::Logits | Outputs::Probabilities => "one block of single precision",
        Outputs::Labelled => "labels, and probabilities of single precision",
        Outputs::Named => "those of a graph whose outputs come by name",
    };
    Error::OutputBlocks { expected, found: format!("{} blocks", raw.len()) }
}

fn recover(raw: ArrayView2<'_, f32>, scale: &Scale) -> Outcome {
    Outcome::Values(raw.column(0).iter().map(|value| scale.recover(*value)).collect())
}

/// The place of the largest, the first of several.
fn largest(row: ArrayView1<'_, f32>) -> u32 {
    let mut best = 0;
    for (place, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = place;
        }
    }
    best as u32
}

impl Outcome {
    /// The rows that have no finite probability or value, ascending.
    pub fn rows_without_number(&self) -> Vec<usize> {
        match self {
            Outcome::Classes { probabilities, .. } => {
                let rows = probabilities.rows().into_iter().enumerate();
                rows.filter(|(_, row)| !row.iter().all(|p| p.is_finite())).map(|(row, _)| row).collect()
            }
            Outcome::Values(values) => {
                let rows = values.iter().enumerate();
                rows.filter(|(_, value)| !value.is_finite()).map(|(row, _)| row).collect()
            }
            // What it means is not known: it may be meant so.
            Outcome::Outputs(_) => Vec::new(),
        }
    }

    /// Some of the rows.
    ///
    /// # Panics
    /// If there are not as many.
    #[must_use]
    pub fn slice(&self, first: usize, count: usize) -> Outcome {
        match self {
            Outcome::Classes { labels, probabilities } => Outcome::Classes {
                labels: labels[first..first + count].to_vec(),
                probabilities: probabilities
                    .slice_axis(ndarray::Axis(0), ndarray::Slice::from(first..first + count))
                    .to_owned(),
            },
            Outcome::Values(values) => Outcome::Values(values[first..first + count].to_vec()),
            Outcome::Outputs(blocks) => {
                Outcome::Outputs(blocks.iter().map(|block| block.slice(first, count)).collect())
            }
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Outcome::Classes { labels, .. } => labels.len(),
            Outcome::Values(values) => values.len(),
            Outcome::Outputs(blocks) => blocks.first().map_or(0, Block::rows),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
