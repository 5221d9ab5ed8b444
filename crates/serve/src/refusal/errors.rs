//! What errors from below are to who asked.

use automl_pack_ensemble as ensemble;
use automl_pack_plan as plan;
use automl_pack_score as score;

use super::{Code, Refusal, chain};

/// Rows that a pattern does not score.
impl From<&ensemble::Error> for Refusal {
    fn from(error: &ensemble::Error) -> Refusal {
        let message = chain(error);
        match error {
            ensemble::Error::Rows(error) => Refusal::from(error),
            ensemble::Error::NotFinite { row, .. } | ensemble::Error::MemberRow { row, .. } => {
                Refusal { row: Some(*row), ..Refusal::new(Code::BadCell, message) }
            }
            _ => Refusal::new(Code::Internal, message),
        }
    }
}

impl From<&plan::Error> for Refusal {
    fn from(error: &plan::Error) -> Refusal {
        use plan::Error::{
            Cell, ColumnType, MissingColumns, NoStandIn, RepeatedColumn, TextInMatrix, Unfit, WideInput,
            Width,
        };
        let refusal = |code| Refusal { row: error.row(), ..Refusal::new(code, error.to_string()) };
        match error {
            MissingColumns { missing, .. } => {
                let refusal = refusal(Code::MissingColumns);
                missing.first().map(|column| column.name.clone()).into_iter().fold(refusal, Refusal::field)
            }
            Cell { column, .. } => refusal(Code::BadCell)
                .field(column)
                .hint("policy=null scores the other rows, policy=impute fills in what can be filled in"),
            NoStandIn { column, .. } => {
                refusal(Code::BadCell).field(column).hint("policy=null scores the other rows")
            }
            Unfit { column, .. } => refusal(Code::BadCell).field(column),
            ColumnType { column, .. } | TextInMatrix { column } | RepeatedColumn { column, .. } => {
                refusal(Code::BadRows).field(column)
            }
            Width { .. } | WideInput { .. } => {
                refusal(Code::BadRows).hint("records with the columns' names can come in any order")
            }
            _ => refusal(Code::BadRows),
        }
    }
}

/// Tables that cannot be read.
impl From<&score::Error> for Refusal {
    fn from(error: &score::Error) -> Refusal {
        use score::Error as E;
        let message = chain(error);
        match error {
            E::Columns(error) | E::Row { source: error, .. } => Refusal { message, ..Refusal::from(error) },
            E::Spool { .. } => Refusal::new(Code::Internal, message),
            E::NoRows { .. } | E::Empty => Refusal::new(Code::BadRows, message),
            E::LongRow { .. } | E::TooManyColumns { .. } => Refusal::new(Code::TooLarge, message),
            _ => Refusal::new(Code::BadBody, message),
        }
    }
}
