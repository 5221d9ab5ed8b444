//! What the leaves of all trees become one in.

use std::ops::{Add, AddAssign, Neg};

use super::tops::{Room, Tops};
use crate::program::way::Way;

/// What leaves are added up in: single precision, or double where a model's weights are doubles.
pub(super) trait Sum:
    Copy
    + Default
    + PartialOrd
    + Add<Output = Self>
    + AddAssign
    + Neg<Output = Self>
    + Send
    + Sync
    + std::fmt::Debug
    + 'static
{
    /// Whether the nodes of a layout have room for a value.
    const FITS_NODES: bool;

    fn of(weight: f64) -> Self;
    fn to_f32(self) -> f32;
    fn to_f64(self) -> f64;
    fn over(self, count: usize) -> Self;
    /// The values that a layout has for its exits and nodes.
    fn values_of(tops: &mut Tops) -> &mut Vec<Self>;
    fn values(tops: &Tops) -> &[Self];
    /// What all trees give together for up to a block of rows.
    fn run_tops(tops: &Tops, way: Way, rows: &[f32], columns: usize, room: &mut Room, scores: &mut [Self]);
}

impl Sum for f32 {
    const FITS_NODES: bool = true;

    fn of(weight: f64) -> f32 {
        weight as f32
    }

    fn to_f32(self) -> f32 {
        self
    }

    fn to_f64(self) -> f64 {
        self.into()
    }

    fn over(self, count: usize) -> f32 {
        self / count as f32
    }

    fn values_of(tops: &mut Tops) -> &mut Vec<f32> {
        &mut tops.values
    }

    fn values(tops: &Tops) -> &[f32] {
        &tops.values
    }

    fn run_tops(tops: &Tops, way: Way, rows: &[f32], columns: usize, room: &mut Room, scores: &mut [f32]) {
        tops.run_singles(way, rows, columns, room, scores);
    }
}

impl Sum for f64 {
    const FITS_NODES: bool = false;

    fn of(weight: f64) -> f64 {
        weight
    }

    fn to_f32(self) -> f32 {
        self as f32
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn over(self, count: usize) -> f64 {
        self / count as f64
    }

    fn values_of(tops: &mut Tops) -> &mut Vec<f64> {
        &mut tops.doubles
    }

    fn values(tops: &Tops) -> &[f64] {
        &tops.doubles
    }

    fn run_tops(tops: &Tops, way: Way, rows: &[f32], columns: usize, room: &mut Room, scores: &mut [f64]) {
        tops.run_doubles(way, rows, columns, room, scores);
    }
}

/// How the leaves of all trees become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Average,
    Least,
    Largest,
}

impl Aggregate {
    /// What was there, and a leaf more.
    pub(super) fn add<S: Sum>(self, score: S, weight: S, has: bool) -> S {
        match self {
            Aggregate::Sum | Aggregate::Average => score + weight,
            Aggregate::Least if has && score < weight => score,
            Aggregate::Largest if has && score > weight => score,
            Aggregate::Least | Aggregate::Largest => weight,
        }
    }

    pub(super) fn adds(self) -> bool {
        matches!(self, Aggregate::Sum | Aggregate::Average)
    }
}
