//! Values to values by a table.

use std::{collections::HashMap, hash::Hash};

use super::super::super::tensor::Element;
use super::super::{
    super::{
        budget,
        node::{Kernel, Node, input},
        read::tensor_of,
        tensor::{Data, Fault, Tensor},
    },
    cast::cast,
    shape::bounded,
};
use crate::Error;

/// A value that can be a key: floats by their bits, all NaN the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Integer(i64),
    Float(u64),
    Text(String),
}

fn float_key(x: f64) -> Key {
    Key::Float(if x.is_nan() { f64::NAN.to_bits() } else { (x + 0.0).to_bits() })
}

fn keys_of(data: &Data) -> Result<Vec<Key>, Fault> {
    Ok(match data {
        Data::I64(values) => values.iter().map(|x| Key::Integer(*x)).collect(),
        Data::I32(values) => values.iter().map(|x| Key::Integer((*x).into())).collect(),
        Data::F32(values) => values.iter().map(|x| float_key((*x).into())).collect(),
        Data::F64(values) => values.iter().map(|x| float_key(*x)).collect(),
        Data::Text(values) => values.iter().map(|x| Key::Text(x.clone())).collect(),
        Data::Bool(_) => return Err("truth values are no keys".into()),
    })
}

/// The first place of each key.
fn places<K: Hash + Eq>(keys: Vec<K>) -> HashMap<K, usize> {
    let mut places = HashMap::with_capacity(keys.len());
    for (place, key) in keys.into_iter().enumerate() {
        places.entry(key).or_insert(place);
    }
    places
}

/// A list in one of three attributes, or in a tensor.
fn listed(node: Node<'_>, what: &str) -> Result<Option<Data>, Error> {
    if let Some(tensor) = node.tensor(&format!("{what}_tensor")) {
        return Ok(Some(tensor_of(tensor)?.into_data()));
    }
    let (texts, floats) = (node.texts(&format!("{what}_strings")), node.floats(&format!("{what}_floats")));
    Ok(match node.ints(&format!("{what}_int64s")) {
        Some(integers) => Some(Data::I64(integers.to_vec())),
        None if !texts.is_empty() => Some(Data::Text(texts)),
        None if !floats.is_empty() => Some(Data::F32(floats.to_vec())),
        None => None,
    })
}

pub(super) fn encode_labels(node: Node<'_>) -> Result<Kernel, Error> {
    if node.has("classes_strings") {
        return by_place(node, node.texts("classes_strings"));
    }
    let keys = listed(node, "keys")?.ok_or_else(|| node.refuse("keys_strings", "expected keys"))?;
    let values = listed(node, "values")?.ok_or_else(|| node.refuse("values_strings", "expected values"))?;
    if keys.len() != values.len() {
        return Err(node.refuse("keys_strings", format!("{} keys for {} values", keys.len(), values.len())));
    }
    let key_type = Tensor::list(keys.clone()).element();
    let mut places = places(keys_of(&keys).map_err(|Fault(what)| node.refuse("keys_tensor", what))?);
    if node.ml < 4 {
        // Up to version 3, what is no number is no key, as in ONNX Runtime.
        places.remove(&float_key(f64::NAN));
    }
    let default = match node.tensor("default_tensor") {
        Some(tensor) => tensor_of(tensor)?.into_data(),
        None => match &values {
            Data::Text(_) => Data::Text(vec![node.text("default_string", "_Unused")]),
            Data::F32(_) => Data::F32(vec![node.float("default_float", -0.0)]),
            Data::F64(_) => Data::F64(vec![node.float("default_float", -0.0).into()]),
            _ => Data::I64(vec![node.int("default_int64", -1)]),
        },
    };
    let fits = Tensor::list(default.clone()).element() == Tensor::list(values.clone()).element()
        && default.len() == 1;
    if !fits {
        return Err(node.refuse("default_tensor", "expected one value of the values' type"));
    }
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        if x.element() != key_type {
            return Err(x.unexpected(key_type.word()));
        }
        let at: Vec<Option<usize>> = keys_of(x.data())?.iter().map(|key| places.get(key).copied()).collect();
        macro_rules! decode {
            ($variant:ident) => {{
                let (Data::$variant(values), Data::$variant(default)) = (&values, &default) else {
                    return Err("the default is of another type than the values".into());
                };
                Data::$variant(at.iter().map(|at| at.map_or(&default[0], |at| &values[at]).clone()).collect())
            }};
        }
        if let (Data::Text(values), Data::Text(default)) = (&values, &default) {
            budget::fits_texts(at.len(), values)?;
            budget::fits_texts(at.len(), default)?;
        }
        let data = match &values {
            Data::Text(_) => decode!(Text),
            Data::F32(_) => decode!(F32),
            Data::F64(_) => decode!(F64),
            Data::I32(_) => decode!(I32),
            _ => decode!(I64),
        };
        Ok(vec![Tensor::of(x.shape().to_vec(), data)])
    }))
}

/// The first version: texts to their places, and places to texts.
fn by_place(node: Node<'_>, classes: Vec<String>) -> Result<Kernel, Error> {
    let numbers: Vec<i64> = (0..classes.len() as i64).collect();
    two_ways(node, classes, numbers)
}

pub(super) fn map_categories(node: Node<'_>) -> Result<Kernel, Error> {
    let numbers = node.ints("cats_int64s").unwrap_or_default().to_vec();
    two_ways(node, node.texts("cats_strings"), numbers)
}

fn two_ways(node: Node<'_>, texts: Vec<String>, numbers: Vec<i64>) -> Result<Kernel, Error> {
    if texts.len() != numbers.len() || texts.is_empty() {
        return Err(
            node.refuse("cats_strings", format!("{} texts for {} integers", texts.len(), numbers.len()))
        );
    }
    let (number, text) = (node.int("default_int64", -1), node.text("default_string", "_Unused"));
    let (of_text, of_number) = (places(texts.clone()), places(numbers.clone()));
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let data = match x.data() {
            Data::Text(values) => {
                Data::I64(values.iter().map(|x| of_text.get(x).map_or(number, |at| numbers[*at])).collect())
            }
            Data::I64(values) => {
                budget::fits_texts(values.len(), &texts)?;
                budget::fits_texts(values.len(), std::slice::from_ref(&text))?;
                Data::Text(
                    values.iter().map(|x| of_number.get(x).map_or(&text, |at| &texts[*at]).clone()).collect(),
                )
            }
            _ => return Err(x.unexpected("texts or integers")),
        };
        Ok(vec![Tensor::of(x.shape().to_vec(), data)])
    }))
}

/// Maps come as a matrix, with a column for each key in the order of the vocabulary and 0 for a key that a
/// map has not: that is what this operator makes of them.
pub(super) fn columns_of_maps(node: Node<'_>) -> Result<Kernel, Error> {
    let keys =
        node.texts("string_vocabulary").len().max(node.ints("int64_vocabulary").unwrap_or_default().len());
    if keys == 0 {
        return Err(node.refuse("string_vocabulary", "expected keys there or in int64_vocabulary"));
    }
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        match x.shape() {
            [_, columns] if *columns == keys => Ok(vec![x.clone()]),
            _ => Err(x.unexpected(&format!("a column for each of {keys} keys"))),
        }
    }))
}

pub(super) fn one_hot(node: Node<'_>) -> Result<Kernel, Error> {
    let (texts, numbers) =
        (node.texts("cats_strings"), node.ints("cats_int64s").unwrap_or_default().to_vec());
    if texts.is_empty() == numbers.is_empty() {
        return Err(node.refuse("cats_strings", "expected categories there or in cats_int64s"));
    }
    let (count, lets_unknown) = (texts.len().max(numbers.len()), node.int("zeros", 1) != 0);
    let is_text = !texts.is_empty();
    let (of_text, of_number) = (places(texts), places(numbers));
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let at: Vec<Option<usize>> = match x.data() {
            Data::Text(values) if is_text => values.iter().map(|x| of_text.get(x).copied()).collect(),
            _ if is_text => return Err(x.unexpected("texts")),
            _ => cast(x, Element::I64)?.i64s()?.iter().map(|x| of_number.get(x).copied()).collect(),
        };
        if let Some(place) = at.iter().position(Option::is_none).filter(|_| !lets_unknown) {
            return Err(format!("value {place} is none of the categories").into());
        }
        let shape = [x.shape(), &[count]].concat();
        let mut hot = vec![0.0; bounded(&shape)?];
        for (row, at) in at.into_iter().enumerate() {
            if let Some(at) = at {
                hot[row * count + at] = 1.0;
            }
        }
        Ok(vec![Tensor::of(shape, Data::F32(hot))])
    }))
}
