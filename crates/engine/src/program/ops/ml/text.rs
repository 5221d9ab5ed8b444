//! Operators on texts.

use std::collections::HashMap;

use super::super::super::{
    budget,
    node::{Kernel, Node, input},
    tensor::{Data, Tensor},
};
use super::super::{
    broadcast::{shape_of, zip},
    shape::bounded,
};
use crate::Error;

/// An operator of this kind, if it is one.
pub(in super::super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    match node.proto.op_type.as_str() {
        "StringNormalizer" => normalizer(node).map(Some),
        "StringConcat" => Ok(Some(join())),
        "TfIdfVectorizer" => vectorizer(node).map(Some),
        _ => Ok(None),
    }
}

fn join() -> Kernel {
    Box::new(|inputs| {
        let (a, b) = (input(inputs, 0)?, input(inputs, 1)?);
        let shape = shape_of(a.shape(), b.shape())?;
        let both = budget::heaviest(a).saturating_add(budget::heaviest(b));
        budget::fits(shape.iter().product::<usize>().saturating_mul(both))?;
        let texts = zip((a.texts()?, a.shape()), (b.texts()?, b.shape()), &shape, |a, b| format!("{a}{b}"));
        Ok(vec![Tensor::of(shape, Data::Text(texts))])
    })
}

fn normalizer(node: Node<'_>) -> Result<Kernel, Error> {
    let change: fn(&str) -> String = match node.text("case_change_action", "NONE").as_str() {
        "NONE" => str::to_owned,
        "LOWER" => |text| text.to_lowercase(),
        "UPPER" => |text| text.to_uppercase(),
        other => return Err(node.refuse("case_change_action", format!("{other} is not known"))),
    };
    let is_exact = node.flag("is_case_sensitive");
    let stops: Vec<String> = node.texts("stopwords");
    let stops: Vec<String> =
        if is_exact { stops } else { stops.iter().map(|word| word.to_lowercase()).collect() };
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let is_stop = |text: &&String| {
            if is_exact { stops.contains(text) } else { stops.contains(&text.to_lowercase()) }
        };
        let mut kept: Vec<String> =
            x.texts()?.iter().filter(|text| !is_stop(text)).map(|text| change(text)).collect();
        if x.rank() > 1 && x.shape()[0] != 1 {
            if !stops.is_empty() {
                return Err(x.unexpected("one row, where words are left out"));
            }
            return Ok(vec![Tensor::of(x.shape().to_vec(), Data::Text(kept))]);
        }
        if kept.is_empty() {
            kept.push(String::new());
        }
        let shape = if x.rank() > 1 { vec![1, kept.len()] } else { vec![kept.len()] };
        Ok(vec![Tensor::of(shape, Data::Text(kept))])
    }))
}

/// A sequence of tokens, as a key.
type Gram = Vec<String>;

fn vectorizer(node: Node<'_>) -> Result<Kernel, Error> {
    let count = |name: &str| usize::try_from(node.int(name, 0)).unwrap_or(0);
    let (shortest, longest, skips) =
        (count("min_gram_length"), count("max_gram_length"), count("max_skip_count"));
    let begins = node.ints("ngram_counts").unwrap_or_default();
    let columns = node.ints("ngram_indexes").unwrap_or_default();
    let weights = node.floats("weights").to_vec();
    let numbers = node.ints("pool_int64s").unwrap_or_default();
    let pool = match node.texts("pool_strings") {
        texts if texts.is_empty() => numbers.iter().map(i64::to_string).collect(),
        texts => texts,
    };
    let (uses_counts, uses_weights) = match node.text("mode", "").as_str() {
        "TF" => (true, false),
        "IDF" => (false, true),
        "TFIDF" => (true, true),
        other => return Err(node.refuse("mode", format!("{other} is not known"))),
    };
    if shortest == 0 || longest < shortest || longest > 64 || skips > 64 {
        return Err(node.refuse("max_gram_length", "expected 1 to 64, from min_gram_length on"));
    }
    let mut grams: HashMap<Gram, usize> = HashMap::new();
    let (mut taken, mut number) = (0, 0);
    for (length, begin) in (1..).zip(begins) {
        let begin = usize::try_from(*begin).ok().filter(|begin| *begin >= taken && *begin <= pool.len());
        let begin =
            begin.ok_or_else(|| node.refuse("ngram_counts", "expected places in the pool, ascending"))?;
        let end = begins.get(length).map_or(Some(pool.len()), |end| usize::try_from(*end).ok());
        let end = end.filter(|end| *end >= begin && *end <= pool.len());
        let end = end.ok_or_else(|| node.refuse("ngram_counts", "expected places in the pool, ascending"))?;
        for gram in pool[begin..end].chunks_exact(length) {
            grams.insert(gram.to_vec(), number);
            number += 1;
        }
        taken = end;
    }
    if number != columns.len() || uses_weights && !weights.is_empty() && weights.len() != number {
        return Err(node.refuse("ngram_indexes", format!("{} for {number} sequences", columns.len())));
    }
    const MOST: usize = 1 << 22;
    let width = columns.iter().copied().max().map_or(0, |last| last.saturating_add(1));
    let columns: Option<Vec<usize>> =
        columns.iter().map(|at| usize::try_from(*at).ok().filter(|at| *at < MOST)).collect();
    let columns = columns.ok_or_else(|| node.refuse("ngram_indexes", "expected places of columns"))?;
    let width = usize::try_from(width).unwrap_or(0);
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let tokens: Vec<String> = match x.data() {
            Data::Text(values) => values.clone(),
            Data::I64(values) => values.iter().map(i64::to_string).collect(),
            Data::I32(values) => values.iter().map(i32::to_string).collect(),
            _ => return Err(x.unexpected("texts or integers")),
        };
        let (rows, length) = x.as_rows();
        let mut all = vec![0.0_f32; bounded(&[rows, width])?];
        for row in 0..rows {
            let tokens = &tokens[row * length..(row + 1) * length];
            let out = &mut all[row * width..(row + 1) * width];
            for size in shortest..=longest {
                // A single token has no neighbours to skip.
                for skip in 1..=if size == 1 { 1 } else { skips + 1 } {
                    let span = (size - 1) * skip;
                    budget::spend(tokens.len().saturating_sub(span) * size)?;
                    for first in 0..tokens.len().saturating_sub(span) {
                        let gram: Gram = (0..size).map(|at| tokens[first + at * skip].clone()).collect();
                        if let Some(number) = grams.get(&gram) {
                            out[columns[*number]] += 1.0;
                        }
                    }
                }
            }
            for (number, column) in columns.iter().enumerate() {
                let counted = out[*column];
                let counted = if uses_counts { counted } else { f32::from(counted > 0.0) };
                let by = if uses_weights { weights.get(number).copied().unwrap_or(1.0) } else { 1.0 };
                out[*column] = counted * by;
            }
        }
        let shape = if x.rank() == 1 { vec![width] } else { vec![rows, width] };
        Ok(vec![Tensor::of(shape, Data::F32(all))])
    }))
}
