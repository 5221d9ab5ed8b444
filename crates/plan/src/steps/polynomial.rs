//! Products of columns.

use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Misfit, Work,
    by_column::count,
    several::{all_columns, all_labels, all_numbers},
};
use crate::values::{Numbers, Shape, Values};

/// Products of up to so many of the columns that it reads: first each column, then each product of two, and so
/// on. Where one is missing, so is the product.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Polynomial {
    /// Products of how many, at most. Default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degree: Option<usize>,
    /// Whether no column is in a product twice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interactions_only: bool,
    /// Whether there is a column of 1 before all others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bias: bool,
}

/// At most so many columns are given.
const MOST: usize = 100_000;

/// A product: of one before it, if there is one, and a column.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Product {
    before: Option<usize>,
    column: usize,
}

#[derive(Debug)]
struct Multiply {
    bias: bool,
    products: Vec<Product>,
}

impl Work for Polynomial {
    fn bind(&self, reads: &[&Shape], _: &str) -> Result<Bound, Misfit> {
        let labels = all_labels(reads)?;
        let degree = count("degree", self.degree.unwrap_or(2), 1, 100)?;
        if self.width(labels.len(), degree) > MOST {
            let what = format!("gives more than {MOST} columns of the {} that it reads", labels.len());
            return Err(Misfit::field("degree", what));
        }
        let products = self.products(labels.len(), degree);
        let mut names: Vec<String> = self.bias.then(|| "1".to_owned()).into_iter().collect();
        names.extend((0..products.len()).map(|place| name(&products, place, &labels)));
        Ok(Bound { shape: Shape::labelled(names), apply: Box::new(Multiply { bias: self.bias, products }) })
    }
}

impl Polynomial {
    /// How many columns there will be, or more than the most.
    fn width(&self, columns: usize, degree: usize) -> usize {
        let (mut width, mut of_degree) = (usize::from(self.bias), 1_u128);
        for factor in 1..=degree {
            let choices = if self.interactions_only {
                columns.saturating_sub(factor - 1)
            } else {
                columns.saturating_add(factor - 1)
            };
            of_degree = of_degree * choices as u128 / factor as u128;
            width = width.saturating_add(usize::try_from(of_degree).unwrap_or(usize::MAX));
            if of_degree == 0 || width > MOST {
                break;
            }
        }
        width
    }

    /// All products: those of one more factor are those before, with each column from their last one on.
    fn products(&self, columns: usize, degree: usize) -> Vec<Product> {
        let mut products: Vec<Product> =
            (0..columns).map(|column| Product { before: None, column }).collect();
        let mut first = 0;
        for _ in 1..degree {
            let shorter = first..products.len();
            first = products.len();
            for before in shorter {
                let from = products[before].column + usize::from(self.interactions_only);
                products.extend((from..columns).map(|column| Product { before: Some(before), column }));
            }
        }
        products
    }
}

/// What a product is called: `a*b`, or `a^2` where a column is in it twice.
fn name(products: &[Product], place: usize, labels: &[String]) -> String {
    let mut factors = Vec::new();
    let mut next = Some(place);
    while let Some(place) = next {
        factors.push(products[place].column);
        next = products[place].before;
    }
    factors.reverse();
    let power = |run: &[usize]| match run {
        [one] => labels[*one].clone(),
        _ => format!("{}^{}", labels[run[0]], run.len()),
    };
    factors.chunk_by(|a, b| a == b).map(power).collect::<Vec<_>>().join("*")
}

impl Apply for Multiply {
    fn apply(&self, reads: &[&Values]) -> Values {
        let numbers = all_numbers(reads);
        let columns = all_columns(&numbers);
        let rows = reads[0].rows();
        let first = usize::from(self.bias);
        let mut given: Vec<Vec<f64>> = Vec::with_capacity(first + self.products.len());
        given.extend(self.bias.then(|| vec![1.0; rows]));
        for product in &self.products {
            let column = columns[product.column];
            given.push(match product.before {
                None => column.to_vec(),
                Some(before) => given[first + before].iter().zip(column).map(|(a, b)| a * b).collect(),
            });
        }
        Values::Numbers(Numbers::new(rows, given))
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::*;
    use super::*;

    fn columns(names: &[&str], columns: &[&[f64]]) -> (Shape, Values) {
        let shape = Shape::labelled(names.iter().map(|name| (*name).to_owned()).collect());
        let columns: Vec<Vec<f64>> = columns.iter().map(|column| column.to_vec()).collect();
        (shape, Values::Numbers(Numbers::new(columns[0].len(), columns)))
    }

    #[test]
    fn products_come_by_degree_and_are_called_by_their_factors() {
        let step = Polynomial { degree: Some(3), bias: true, ..Polynomial::default() };
        let (names, rows) = table(&step.into(), &columns(&["a", "b"], &[&[2.0], &[3.0]]));
        assert_eq!(names, ["1", "a", "b", "a^2", "a*b", "b^2", "a^3", "a^2*b", "a*b^2", "b^3"]);
        assert_eq!(rows, [[1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 8.0, 12.0, 18.0, 27.0]]);
    }

    #[test]
    fn interactions_are_of_different_columns() {
        let step = Polynomial { degree: Some(3), interactions_only: true, ..Polynomial::default() };
        let (names, _) = table(&step.into(), &columns(&["a", "b", "c"], &[&[2.0], &[3.0], &[5.0]]));
        assert_eq!(names, ["a", "b", "c", "a*b", "a*c", "b*c", "a*b*c"]);
    }

    #[test]
    fn several_columns_are_read_side_by_side() {
        let (one, other) = (columns(&["a"], &[&[2.0, f64::NAN]]), columns(&["b"], &[&[3.0, 1.0]]));
        let bound = Polynomial::default().bind(&[&one.0, &other.0], "p").unwrap();
        let applied = bound.apply.apply(&[&one.1, &other.1]);
        let numbers = applied.numbers();
        assert_eq!(numbers.columns().len(), 5);
        assert_eq!(numbers.columns()[3][0], 6.0);
        assert!(numbers.columns()[3][1].is_nan());
        assert_eq!(numbers.columns()[4], [9.0, 1.0]);
    }

    #[test]
    fn too_many_columns_are_refused_before_they_are_made() {
        let shape = Shape::labelled((0..1000).map(|place| place.to_string()).collect());
        assert_eq!(
            refusal(Polynomial::default(), &shape),
            "degree: gives more than 100000 columns of the 1000 that it reads"
        );
        let step = Polynomial { degree: Some(0), ..Polynomial::default() };
        assert_eq!(refusal(step, &Shape::number("x")), "degree: is 0: expected from 1 to 100");
        assert_eq!(refusal(Polynomial::default(), &Shape::Texts), "column: reads texts: expected numbers");
    }

    #[test]
    fn as_many_columns_are_counted_as_there_are() {
        for (columns, degree, interactions_only) in [(5, 3, false), (5, 3, true), (4, 7, true), (1, 9, false)]
        {
            let step = Polynomial { interactions_only, ..Polynomial::default() };
            assert_eq!(step.width(columns, degree), step.products(columns, degree).len());
        }
    }
}
