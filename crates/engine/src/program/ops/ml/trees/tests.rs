//! Every layout and every way gives what a walk from branch to branch gives.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use tract_onnx::pb::NodeProto;

use super::*;
use crate::program::tensor::Data;

struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }

    /// Few numbers, so that rows meet thresholds, and those that are none.
    fn number(&mut self) -> f32 {
        match self.below(12) {
            0 => f32::NAN,
            1 => f32::INFINITY,
            2 => f32::NEG_INFINITY,
            3 => -0.0,
            4 => f32::MIN_POSITIVE / 4.0,
            _ => self.below(9) as f32 - 4.0,
        }
    }
}

/// Trees of any shape whose questions are of order, each tree adding to one or two of three targets.
fn random(chance: &mut Chance, columns: u32, size: u32) -> Trees {
    const TESTS: [Test; 4] = [Test::AtMost, Test::Below, Test::AtLeast, Test::Above];
    let (mut branches, mut roots, mut of_leaf) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..1 + chance.below(20) {
        let targets = if chance.below(2) == 0 { vec![chance.below(3)] } else { vec![2, chance.below(2)] };
        let mut next = Vec::new();
        for _ in 0..1 + chance.below(size) {
            let mut child = |chance: &mut Chance| {
                if next.is_empty() || chance.below(2) == 0 {
                    let weight = |target: &u32| match chance.below(40) {
                        0 => (*target, f32::INFINITY),
                        at => (*target, (chance.below(1000) as f32 - 500.0) / (6.0 + at as f32)),
                    };
                    of_leaf.push(targets.iter().map(weight).collect());
                    return Next::Leaf(of_leaf.len() as u32 - 1);
                }
                next.swap_remove(chance.below(next.len() as u32) as usize)
            };
            let (yes, no) = (child(chance), child(chance));
            let test = TESTS[chance.below(4) as usize];
            let threshold = loop {
                let threshold = chance.number();
                if !threshold.is_nan() && threshold != f32::NEG_INFINITY {
                    break threshold;
                }
            };
            let (column, missing_is_yes) = (chance.below(columns), chance.below(2) == 0);
            branches.push(Branch { column, threshold, test, missing_is_yes, yes, no });
            next.push(Next::Branch(branches.len() as u32 - 1));
        }
        roots.extend(next.pop());
    }
    let node =
        Node { proto: &NodeProto::default(), opset: 20, ml: 5, constants: &[], captured: &[], depth: 0 };
    Trees::new(node, branches, roots, of_leaf, Vec::new(), 3).unwrap()
}

/// The scores of all rows as bits, and which targets have one.
fn scores(trees: &Trees, way: Way, x: &Tensor, aggregate: Aggregate) -> (Vec<u32>, Vec<bool>) {
    let (mut all, mut all_has) = (Vec::new(), Vec::new());
    let each = |scores: &mut [f32], has: &[bool]| {
        all.extend(scores.iter().map(|score| score.to_bits()));
        all_has.extend_from_slice(has);
    };
    trees.each_block(way, x, aggregate, each).unwrap();
    (all, all_has)
}

fn check(seed: u64, rounds: u32, size: u32, most_rows: u32) {
    let mut chance = Chance(seed);
    for round in 0..rounds {
        let asked = 1 + chance.below(if round % 5 == 0 { 40 } else { 5 });
        let mut trees = random(&mut chance, asked, size);
        // Rows may have more columns than are asked about.
        let columns = asked + chance.below(20) * (round % 3);
        let rows = chance.below(most_rows) as usize;
        // Every second time no number is missing.
        let mut number = || loop {
            let number = chance.number();
            if round % 2 == 0 || !number.is_nan() {
                break number;
            }
        };
        let values = (0..rows * columns as usize).map(|_| number()).collect();
        let x = Tensor::of(vec![rows, columns as usize], Data::F32(values));
        let aggregate = [Aggregate::Sum, Aggregate::Average][round as usize % 2];
        let layouts = std::mem::take(&mut trees.layouts);
        let expected = scores(&trees, Way::Portable, &x, aggregate);
        trees.layouts.forest = layouts.forest;
        assert!(trees.layouts.forest.is_some());
        assert_eq!(scores(&trees, Way::Portable, &x, aggregate), expected, "walked");
        trees.layouts.tops = layouts.tops;
        assert!(trees.layouts.tops.is_some());
        for way in Way::all() {
            assert_eq!(scores(&trees, way, &x, aggregate), expected, "{way:?}, {rows} rows");
        }
    }
}

#[test]
fn every_way_gives_the_same_bits_on_trees_that_are_all_top() {
    check(7, 300, 20, 90);
}

#[test]
fn every_way_gives_the_same_bits_on_trees_of_two_words_of_exits() {
    check(13, 200, 90, 300);
}

#[test]
fn every_way_gives_the_same_bits_on_trees_that_go_on_below() {
    check(11, 100, 300, 150);
}
