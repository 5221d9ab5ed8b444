//! Fields that no form has. A bundle of a later minor version may have some in its schema, and is read all the same;
//! in what was written by hand they are slips, which would do nothing.

use serde::{
    Deserialize, Deserializer,
    de::{Visitor, value::Error as Asked},
};
use serde_json::Value;

use super::{ColumnForm, SchemaForm, TargetForm, words::unknown};
use crate::Error;

impl SchemaForm {
    /// Refuses fields that a schema does not have, nor a column or the target of one.
    ///
    /// ```
    /// use automl_pack_plan::SchemaForm;
    ///
    /// let schema = serde_json::json!({"columns": [{"name": "age", "type": "number", "uint": "years"}]});
    /// let refused = SchemaForm::check_fields(&schema).unwrap_err().to_string();
    /// assert!(refused.starts_with("schema.json: columns[0]: \"uint\" is not known, did you mean \"unit\"?"));
    /// ```
    pub fn check_fields(schema: &Value) -> Result<(), Error> {
        check("", schema, names_of::<SchemaForm>())?;
        check("target", &schema["target"], names_of::<TargetForm>())?;
        let columns = schema["columns"].as_array().into_iter().flatten().enumerate();
        columns
            .map(|(place, column)| (format!("columns[{place}]"), column))
            .try_for_each(|(path, column)| check(&path, column, names_of::<ColumnForm>()))
    }
}

fn check(path: &str, object: &Value, known: &[&str]) -> Result<(), Error> {
    let mut names = object.as_object().into_iter().flatten().map(|(name, _)| name);
    match names.find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Error::Schema { path: path.to_owned(), what: unknown(name, known) }),
        None => Ok(()),
    }
}

/// The names of a form's fields, as it tells them to whatever it is read from.
fn names_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // It fails where it would begin to read.
    let _ = T::deserialize(Ask(&mut names));
    names
}

struct Ask<'n>(&'n mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Ask<'_> {
    type Error = Asked;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        Err(serde::de::Error::custom("only structs have fields"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Asked> {
        *self.0 = names;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_that_no_form_has_is_refused_with_its_place() {
        let column = json!({"name": "age", "type": "number"});
        let refused = |schema: Value| SchemaForm::check_fields(&schema).map_err(|error| error.to_string());
        assert_eq!(
            refused(json!({"columns": [column], "target": {"name": "x", "task": "regression"}})),
            Ok(())
        );
        let found = refused(json!({"columns": [], "traget": {}})).unwrap_err();
        assert_eq!(
            found,
            "schema.json: \"traget\" is not known, did you mean \"target\"? (known are columns, target)"
        );
        let found = refused(json!({"columns": [column, {"nam": "b"}]})).unwrap_err();
        assert!(found.starts_with("schema.json: columns[1]: \"nam\" is not known, did you mean \"name\"?"));
        let found = refused(json!({"columns": [], "target": {"class": ["a"]}})).unwrap_err();
        assert!(found.starts_with("schema.json: target: \"class\" is not known, did you mean \"classes\"?"));
    }
}
