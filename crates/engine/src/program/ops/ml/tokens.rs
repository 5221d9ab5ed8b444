//! Texts into tokens, by patterns: the operator that exporters put before `TfIdfVectorizer`.

use super::super::{
    super::{
        node::{Kernel, Node, input},
        tensor::{Data, Fault, Tensor},
    },
    shape::bounded_like,
};
use super::pattern::Pattern;
use crate::Error;

/// How a text is taken apart.
enum Cut {
    /// What a pattern matches is a token.
    Tokens(Pattern),
    /// What patterns match stands between tokens: the first of them cuts first.
    Separators(Vec<Pattern>),
    /// Every character is one.
    Characters,
}

impl Cut {
    fn of(node: Node<'_>) -> Result<Cut, Error> {
        let read = |attribute: &str, text: &str| {
            Pattern::read(text).map_err(|what| node.refuse(attribute, format!("{text:?}: {what}")))
        };
        let separators = node.texts("separators");
        match node.text("tokenexp", "").as_str() {
            "" if separators.iter().all(String::is_empty) => Ok(Cut::Characters),
            "" => separators
                .iter()
                .map(|text| read("separators", text))
                .collect::<Result<_, _>>()
                .map(Cut::Separators),
            text => read("tokenexp", text).map(Cut::Tokens),
        }
    }

    fn run(&self, text: &str) -> Result<Vec<String>, Fault> {
        match self {
            Cut::Characters => Ok(text.chars().map(String::from).collect()),
            Cut::Tokens(pattern) => {
                let text: Vec<char> = text.chars().collect();
                Ok(pattern.matches(&text)?.into_iter().map(|range| text[range].iter().collect()).collect())
            }
            Cut::Separators(patterns) => {
                let mut parts = vec![text.chars().collect::<Vec<char>>()];
                for pattern in patterns {
                    let cut = parts.iter().map(|part| between(part, pattern));
                    parts = cut.collect::<Result<Vec<_>, _>>()?.concat();
                }
                Ok(parts.into_iter().map(String::from_iter).collect())
            }
        }
    }
}

/// What stands between the matches.
fn between(text: &[char], pattern: &Pattern) -> Result<Vec<Vec<char>>, Fault> {
    let mut parts = Vec::new();
    let mut begin = 0;
    for range in pattern.matches(text)? {
        parts.push(text[begin..range.start].to_vec());
        begin = range.end;
    }
    parts.push(text[begin..].to_vec());
    Ok(parts)
}

pub(super) fn build(node: Node<'_>) -> Result<Kernel, Error> {
    let (cut, marks) = (Cut::of(node)?, node.flag("mark"));
    let (pad, shortest) = (node.text("pad_value", ""), node.int("mincharnum", 1).max(1));
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let of = |text: &String| -> Result<Vec<String>, Fault> {
            let mut tokens = cut.run(text)?;
            tokens.retain(|token| token.chars().count() as i64 >= shortest);
            if marks {
                tokens.insert(0, "\u{2}".to_owned());
                tokens.push("\u{3}".to_owned());
            }
            Ok(tokens)
        };
        let rows: Vec<Vec<String>> = x.texts()?.iter().map(of).collect::<Result<_, _>>()?;
        padded(x.shape(), rows, &pad)
    }))
}

/// Lists of tokens, each filled up to the longest.
fn padded(shape: &[usize], rows: Vec<Vec<String>>, pad: &str) -> Result<Vec<Tensor>, Fault> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let shape = [shape, &[width]].concat();
    let filled = Tensor::scalar(Data::Text(vec![pad.to_owned()]));
    let mut all = Vec::with_capacity(bounded_like(&filled, &shape)?);
    for mut row in rows {
        row.resize(width, pad.to_owned());
        all.extend(row);
    }
    Ok(vec![Tensor::of(shape, Data::Text(all))])
}
