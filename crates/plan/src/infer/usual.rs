//! The plan that is usual for a schema, with holes for what is fitted.

use std::collections::BTreeMap;

use super::{Inferred, Sight};
use crate::{
    ColumnForm, DatePart, DateParts, FEW, Frequency, Hash, Ids, Impute, InputForm, InputType, KindForm,
    ManyHot, Normalise, OneHot, Ordinal, Place, PlanForm, RowNorm, Scale, Select, Split, Stand, Standardise,
    StepForm, TargetMean, Unknown, Window,
};

/// What the features are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Aim {
    /// Models that weigh features: networks, linear models. Numbers are scaled, categories have a column each.
    #[default]
    Networks,
    /// Models that cut features: trees, and forests and boosted ones. Numbers are as they are, and categories
    /// are numbered.
    Trees,
}

/// A category of more values has no column for each.
const MOST_COLUMNS: usize = 32;
/// A category is told by the mean of the target where it has so many rows for each value.
const ROWS_OF_VALUE: u64 = 20;

impl Inferred {
    /// The usual steps for every column that is read, but for columns with steps of their own, and one input that
    /// has all that comes of them.
    pub fn plan(&self, aim: Aim, own: &BTreeMap<String, Vec<StepForm>>) -> PlanForm {
        let (mut steps, mut columns) = (Vec::new(), Vec::new());
        for (column, sight) in self.columns().filter(|(column, _)| column.kind != KindForm::Unread) {
            let of_column = match own.get(&column.name) {
                Some(own) => own.clone(),
                None => self.usual(column, sight, aim),
            };
            columns.push(column.name.clone());
            for step in of_column {
                columns.extend(step.to.clone().filter(|name| !columns.contains(name)));
                steps.push(step);
            }
        }
        let input = InputForm { name: "input".to_owned(), element: InputType::Single, columns };
        PlanForm { steps, inputs: vec![input], target_scale: Scale::Identity }
    }

    fn usual(&self, column: &ColumnForm, sight: &Sight, aim: Aim) -> Vec<StepForm> {
        let name = column.name.as_str();
        let mut steps = Chain { name, steps: Vec::new() };
        let scale = aim == Aim::Networks;
        let gaps = sight.missing + sight.unreadable > 0;
        match column.kind {
            KindForm::Number | KindForm::Integer => {
                if gaps {
                    steps.flag();
                }
                steps.add(Impute::default());
                steps.add_if(scale, Standardise::default());
            }
            KindForm::Boolean => steps.add(Impute { with: Some(Stand::Mode), ..Impute::default() }),
            KindForm::Category => self.category(column, sight, aim, &mut steps),
            KindForm::Time => {
                steps.add(parts(column, sight.has_hours, aim));
                steps.add(Impute::default());
                steps.add_if(scale, Standardise::default());
            }
            KindForm::Text => {
                steps.add(Normalise::default());
                steps.add(Split::default());
                steps.add(Hash { width: 64, signed: true, norm: Some(RowNorm::L2) });
            }
            KindForm::Set | KindForm::Bag => {
                let count = column.kind == KindForm::Bag;
                let (at_least, unknown) = (Some(FEW), Unknown::Own);
                steps.add(ManyHot { count, at_least, at_most: Some(256), unknown, ..ManyHot::default() });
            }
            KindForm::Sequence => steps.add(Ids { most: Some(10_000), ..Ids::default() }),
            KindForm::Vector => {
                steps.add(Impute::default());
                steps.add_if(scale, Standardise::default());
            }
            KindForm::Series => {
                steps.add(Window::default());
                steps.add_if(scale, Standardise::default());
            }
            KindForm::Unread => {}
        }
        steps.steps
    }

    fn category(&self, column: &ColumnForm, sight: &Sight, aim: Aim, steps: &mut Chain<'_>) {
        let values = column.values.as_ref().map_or(column.levels.unwrap_or(0), Vec::len);
        let means =
            self.rows >= ROWS_OF_VALUE * values as u64 && self.classes().is_none_or(|count| count <= 10);
        if aim == Aim::Trees {
            steps.add(Ordinal { missing: Some(-1.0), unseen: Some(-1.0), ..Ordinal::default() });
        } else if values <= MOST_COLUMNS {
            let place = |is_there: bool| if is_there { Place::Own } else { Place::Nowhere };
            let (missing, unseen) = (place(sight.missing + sight.unreadable > 0), place(sight.rare > 0));
            steps.add(OneHot { missing, unseen, ..OneHot::default() });
        } else if means {
            steps.add(TargetMean::default());
            steps.add_if(self.classes().is_none(), Standardise::default());
        } else {
            steps.add(Frequency::default());
        }
    }
}

/// The steps of one column.
struct Chain<'c> {
    name: &'c str,
    steps: Vec<StepForm>,
}

impl Chain<'_> {
    fn add(&mut self, step: impl Into<crate::Step>) {
        self.steps.push(StepForm::on(self.name, step));
    }

    fn add_if(&mut self, is_asked: bool, step: impl Into<crate::Step>) {
        if is_asked {
            self.add(step);
        }
    }

    /// A column more that says whether a number is missing. It is told apart before anything stands in, so that
    /// all steps of the column can be fitted in one pass.
    fn flag(&mut self) {
        let flag = format!("{}?", self.name);
        let told = Impute { number: Some(0.0.into()), indicator: true, ..Impute::default() };
        let kept = Select { keep: Some(vec![format!("{flag}=missing")]), ..Select::default() };
        self.steps.push(StepForm { to: Some(flag.clone()), ..StepForm::on(self.name, told) });
        self.steps.push(StepForm::on(flag, kept));
    }
}

/// The parts of a time that models can make something of.
fn parts(column: &ColumnForm, has_hours: bool, aim: Aim) -> DateParts {
    use DatePart::{Day, DayOfYear, EpochDay, Hour, Minute, Month, Weekday, Year};
    // Times of day have no day.
    let has_days = column.formats.first().is_none_or(|format| format.contains("%d"));
    let mut parts = match aim {
        _ if !has_days => Vec::new(),
        Aim::Networks => vec![Year, Month, Day, Weekday],
        Aim::Trees => vec![Year, Month, Day, Weekday, DayOfYear, EpochDay],
    };
    if has_hours || !has_days {
        parts.extend([Hour, Minute]);
    }
    DateParts { parts, cyclic: aim == Aim::Networks }
}
