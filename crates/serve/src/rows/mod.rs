//! Rows out of a request's body.
//!
//! - what comes in text is read as `predict` reads files; JSON keeps the types that it has
//! - NaN and infinities are no JSON and are refused; a missing cell is null, or is left out

mod columns;
mod flat;
mod json;
mod table;

use std::borrow::Cow;

use arrow_array::RecordBatch;
use automl_pack_plan::{self as plan, Rows, Schema, Table};

pub(crate) use columns::{array, check_width};
pub(crate) use json::Json;
pub(crate) use table::{Kind, read_table};

use crate::refusal::{Code, Refusal};

/// Rows that are to be scored.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub rows: RecordBatch,
    /// Whether columns are taken in the order of the training data, whatever they are called.
    pub by_position: bool,
    /// Whether the columns came as an object's fields, which have no order.
    pub by_name: bool,
}

impl Rows for Given {
    fn table(&self) -> Table<'_> {
        match self.by_position {
            true => Table::BatchByPosition(self.rows.clone()),
            false => Table::Batch(self.rows.clone()),
        }
    }
}

impl Given {
    /// Neither nothing, nor more rows than are taken, nor columns in an order that nobody said.
    pub(crate) fn checked(self, most: usize, schema: &Schema) -> Result<Given, Refusal> {
        if let (Some(wide), true) = (schema.as_wide(), self.by_name) {
            let columns = self.rows.schema();
            let names: Vec<&str> = columns.fields().iter().map(|field| field.name().as_str()).collect();
            if names.len() > 1 && wide.own_places(&names).is_none() {
                let message = format!(
                    "the model takes {} columns in order, and an object's fields have none",
                    wide.width
                );
                let input = &wide.input;
                return Err(Refusal::new(Code::BadRows, message)
                    .hint(format!("rows can come as lists, or under the names {input}_0, {input}_1, …")));
            }
        }
        match self.rows.num_rows() {
            0 => Err(Refusal::new(Code::BadRows, "there are no rows")),
            rows if rows > most => {
                Err(Refusal::new(Code::TooManyRows, format!("{rows} rows: at most {most} are taken at once")))
            }
            _ => Ok(self),
        }
    }
}

/// A body of JSON.
pub(crate) fn parse(body: &[u8]) -> Result<Json<'_>, Refusal> {
    Json::read(body).map_err(|error| {
        let refusal = Refusal::new(Code::BadBody, format!("the body is not JSON: {error}"));
        let bare = ["NaN", "Infinity", "-Infinity"];
        let is_bare =
            bare.iter().any(|word| body.windows(word.len()).any(|window| window == word.as_bytes()));
        match is_bare {
            true => refusal.hint("JSON has no NaN and no infinity: a missing number is null"),
            false => refusal,
        }
    })
}

/// A body as Python writes JSON: a bare NaN, which is no JSON, stands for a missing cell. Clients of MLflow and KServe
/// send it where a frame has one.
pub(crate) fn without_nan(body: &[u8]) -> Cow<'_, [u8]> {
    const NAN: &[u8] = b"NaN";
    if !body.windows(NAN.len()).any(|window| window == NAN) {
        return Cow::Borrowed(body);
    }
    let mut text = Vec::with_capacity(body.len() + 16);
    let (mut rest, mut is_text) = (body, false);
    while let Some((byte, after)) = rest.split_first() {
        match (byte, is_text) {
            (b'N', false) if rest.starts_with(NAN) => {
                text.extend_from_slice(b"null");
                rest = &rest[NAN.len()..];
                continue;
            }
            // What is escaped ends no text.
            (b'\\', true) if !after.is_empty() => {
                text.extend_from_slice(&rest[..2]);
                rest = &rest[2..];
                continue;
            }
            (b'"', _) => is_text = !is_text,
            _ => {}
        }
        text.push(*byte);
        rest = after;
    }
    Cow::Owned(text)
}

/// What our own protocol takes, as it comes.
pub(crate) fn of_body(body: &[u8], schema: &Schema) -> Result<Given, Refusal> {
    match flat::read(body) {
        Some(given) => Ok(given),
        None => of_json(parse(body)?, schema),
    }
}

/// What our own protocol takes: a record, a list of records or of lists, columns, or `rows` or `columns` under these
/// names.
pub(crate) fn of_json(json: Json<'_>, schema: &Schema) -> Result<Given, Refusal> {
    match json {
        Json::List(rows) => of_list(rows, None, "rows"),
        Json::Map(_) => of_object(json, schema),
        other => {
            let message =
                format!("the body is {}: expected a record, a list of records, or columns", other.word());
            Err(Refusal::new(Code::BadBody, message))
        }
    }
}

/// Rows that are records, or lists under names.
pub(crate) fn of_list(rows: Vec<Json<'_>>, names: Option<Json<'_>>, what: &str) -> Result<Given, Refusal> {
    match rows.first() {
        None => Err(Refusal::new(Code::BadRows, "there are no rows")),
        Some(Json::Map(_)) if names.is_some() => {
            Err(Refusal::new(Code::BadBody, format!("{what} are objects: their columns have names already")))
        }
        Some(Json::Map(_)) => columns::of_records(rows, what),
        Some(Json::List(_)) => columns::of_lists(rows, names.map(names_of).transpose()?, what),
        // A graph of one column takes bare cells too.
        Some(_) => {
            let rows = rows.into_iter().map(|cell| Json::List(vec![cell])).collect();
            columns::of_lists(rows, names.map(names_of).transpose()?, what)
        }
    }
}

/// Columns by name.
pub(crate) fn of_columns(json: Json<'_>, what: &str) -> Result<Given, Refusal> {
    match json {
        Json::Map(fields) => columns::of_columns(fields, what),
        other => Err(Refusal::new(
            Code::BadBody,
            format!("{what} is {}: expected lists of cells by name", other.word()),
        )),
    }
}

fn names_of(names: Json<'_>) -> Result<Vec<Cow<'_, str>>, Refusal> {
    let refuse = || Refusal::new(Code::BadBody, "columns: expected a list of names").field("columns");
    let Json::List(names) = names else { return Err(refuse()) };
    let name = |name| if let Json::Text(name) = name { Ok(name) } else { Err(refuse()) };
    names.into_iter().map(name).collect()
}

fn of_object<'a>(mut json: Json<'a>, schema: &Schema) -> Result<Given, Refusal> {
    let Json::Map(fields) = &json else { return of_json(json, schema) };
    let has = |name: &str| fields.iter().any(|(field, _)| field == name);
    let is_wrapped = fields.iter().all(|(name, _)| matches!(name.as_ref(), "rows" | "columns"))
        && !fields.is_empty()
        && schema.place("rows").is_none()
        && schema.place("columns").is_none();
    if is_wrapped && has("rows") {
        let names = json.take("columns");
        return match json.take("rows") {
            Some(Json::List(rows)) => of_list(rows, names, "rows"),
            _ => {
                Err(Refusal::new(Code::BadBody, "rows: expected a list of records, or of lists")
                    .field("rows"))
            }
        };
    }
    if is_wrapped {
        return of_columns(json.take("columns").unwrap_or(Json::Null), "columns");
    }
    // A record may have lists in it where its columns hold such; where one does not, they are columns.
    let is_column = |(name, value): &(Cow<'_, str>, Json<'_>)| {
        matches!(value, Json::List(_)) && !holds_lists(schema, name)
    };
    match fields.iter().all(|(_, value)| matches!(value, Json::List(_))) && fields.iter().any(is_column) {
        true => of_columns(json, "columns"),
        false => columns::of_records(vec![json], "rows"),
    }
}

fn holds_lists(schema: &Schema, name: &str) -> bool {
    use plan::Kind::{Bag, Sequence, Series, Set, Vector};
    let column = schema.place(name).map(|place| &schema.columns()[place]);
    let kind = column.and_then(|column| column.kind.as_ref());
    matches!(kind, Some(Set(_) | Bag(_) | Sequence(_) | Vector(..) | Series(_)))
}

#[cfg(test)]
mod tests;
